"""The Idempotency-Key: asked for, replayed, refused for other inputs, and safe when two come at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from rest_framework.test import APIClient

from billing.metering.models import UsageFile
from billing.settlement.models import Answer
from ledger.books.errors import IdempotencyConflict
from ledger.errors import Refusal
from ledger.log.models import Leaf
from ledger.models import Request
from ledger.requests.errors import IdempotencyKeyMissing
from ledger.requests.services import Told, once
from tests.api.conftest import DEMO, build_world, client_of
from vouchers.centres.models import Centre, EvidenceSource

Client = Callable[[str], APIClient]
ANSWER = "/api/v1/statements/QC26:2026-10:S1:north/answer"
FILES = "/api/v1/usage-files"


def usage(job: int = 90001, **changed: Any) -> dict[str, Any]:
    """Return a submission of one good row that nobody sent before."""
    header, row, *_ = (DEMO / "north-n1-2026-10.sacct").read_text().splitlines()
    content = f"{header}\n{row.replace(row.split('|', 2)[0], str(job))}\n".encode()
    file = SimpleUploadedFile("one.sacct", content)
    return {"file": file, "centre": "north", "cluster": "n1", "format": "slurm-sacct"} | changed


def send(client: APIClient, body: dict[str, Any], key: str | None = None) -> Any:
    headers = {} if key is None else {"HTTP_IDEMPOTENCY_KEY": key}
    return client.post(FILES, body, format="multipart", **headers)


def answer(client: APIClient, body: dict[str, Any], key: str | None = None) -> Any:
    headers = {} if key is None else {"HTTP_IDEMPOTENCY_KEY": key}
    return client.post(ANSWER, body, format="json", **headers)


@pytest.mark.parametrize("key", [None, "", " ", "two words", "x" * 201, "钥匙", "tab\tkey"])
def test_without_a_readable_key_nothing_is_done(as_: Client, key: str | None) -> None:
    before = UsageFile.objects.count()

    answers = [send(as_("north-ops"), usage(), key), answer(as_("north-ops"), {"kind": "confirmed"}, key)]

    for told in answers:
        assert told.status_code == 400
        assert told.json()["code"] == "idempotency_key_is_missing"
    assert UsageFile.objects.count() == before
    assert not Answer.objects.exists()
    assert not Request.objects.exists()


def test_a_dry_run_needs_no_key_and_writes_nothing(as_: Client) -> None:
    before = UsageFile.objects.count()

    told = send(as_("north-ops"), usage(dry_run="true"))

    assert told.status_code == 200
    assert told.json()["accepted"] == 1
    assert told.json()["receipt"] is None
    assert UsageFile.objects.count() == before
    assert not Request.objects.exists()


def test_the_same_key_gives_the_first_answer_again(as_: Client) -> None:
    client = as_("north-ops")

    first = send(client, usage(), "file-1")
    again = send(client, usage(), "file-1")

    assert (first.status_code, again.status_code) == (201, 201)
    assert "Idempotent-Replayed" not in first
    assert again["Idempotent-Replayed"] == "true"
    assert again.content == first.content
    assert first.json()["accepted"] == 1
    assert UsageFile.objects.filter(id=first.json()["receipt"]["id"]).count() == 1


def test_the_same_bytes_under_another_key_are_the_first_receipt_and_200(as_: Client) -> None:
    client = as_("north-ops")
    first = send(client, usage(), "file-1")

    again = send(client, usage(), "file-2")

    assert again.status_code == 200
    assert again.json()["receipt"] == first.json()["receipt"]
    assert (again.json()["accepted"], again.json()["duplicate"]) == (0, 1)


@pytest.mark.parametrize(
    "changed",
    [
        {"job": 90002},
        {"format": "usage-csv"},
        {"source": "own"},
        {"profile": SimpleUploadedFile("p.yaml", b"format: slurm-sacct\n")},
    ],
    ids=["bytes", "format", "source", "profile"],
)
def test_the_same_key_with_other_inputs_is_a_conflict(as_: Client, changed: dict[str, Any]) -> None:
    client = as_("north-ops")
    make_own_source()
    first = send(client, usage(), "file-1")
    assert first.status_code == 201
    stored = UsageFile.objects.count()

    told = send(client, usage(**changed), "file-1")

    assert told.status_code == 409
    assert told.json()["code"] == "idempotency_key_has_other_inputs"
    assert told["Content-Type"] == "application/problem+json"
    assert UsageFile.objects.count() == stored


def make_own_source() -> None:
    """Let the centre speak as a witness of its own too."""
    centre = Centre.objects.get(code="north")
    EvidenceSource.objects.create(
        centre=centre, code="own", organisation=centre.organisation, trust_domain=EvidenceSource.TrustDomain.CENTRE
    )


def test_a_key_stands_for_one_address(as_: Client) -> None:
    client = as_("north-ops")
    send(client, usage(), "one-key")

    told = answer(client, {"kind": "confirmed"}, "one-key")

    assert told.status_code == 409
    assert not Answer.objects.exists()


def test_keys_of_two_people_do_not_meet(as_: Client) -> None:
    ours = send(as_("north-ops"), usage(), "key")
    theirs = send(as_("ops"), usage(source="agent"), "key")

    assert (ours.status_code, theirs.status_code) == (201, 201)
    assert ours.json()["receipt"] != theirs.json()["receipt"]


def test_a_refused_act_leaves_its_key_free(as_: Client) -> None:
    client = as_("north-ops")

    refused = answer(client, {"kind": "disputed", "reason": " "}, "answer-1")
    given = answer(client, {"kind": "disputed", "reason": "O-hexi:2026-10 lacks a day"}, "answer-1")

    assert refused.status_code == 422
    assert refused.json()["code"] == "dispute_must_have_a_reason"
    assert given.status_code == 200
    assert given.json()["answer"] == {"kind": "disputed", "reason": "O-hexi:2026-10 lacks a day", "by": "north-ops"}


def test_an_answer_is_given_once_whatever_the_key(as_: Client) -> None:
    client = as_("north-ops")

    first = answer(client, {"kind": "confirmed"}, "answer-1")
    replayed = answer(client, {"kind": "confirmed", "reason": ""}, "answer-1")
    same = answer(client, {"kind": "confirmed"}, "answer-2")
    other = answer(client, {"kind": "disputed", "reason": "no"}, "answer-3")

    assert [told.status_code for told in (first, replayed, same, other)] == [200, 200, 200, 409]
    assert replayed["Idempotent-Replayed"] == "true"
    assert other.json()["code"] == "statement_is_answered"
    assert Answer.objects.count() == 1


def test_what_was_answered_is_never_changed(as_: Client) -> None:
    send(as_("north-ops"), usage(), "file-1")

    with pytest.raises(Exception, match="permission denied"), transaction.atomic():
        Request.objects.update(status=202)
    with pytest.raises(Exception, match="permission denied"), transaction.atomic():
        Request.objects.all().delete()


def test_the_database_itself_keeps_a_key_to_one_act(as_: Client) -> None:
    row = {"actor": "a", "key": "k", "inputs_digest": b"\0" * 32, "status": 200, "answer": "{}", "recorded_at_ms": 1}
    Request.objects.create(**row)

    for changed, constraint in (
        ({}, "request_key_must_be_used_once"),
        ({"key": "two words"}, "request_key_must_be_visible"),
        ({"key": "other", "status": 500}, "request_must_have_been_answered"),
    ):
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            Request.objects.create(**row | changed)


def in_threads(*calls: Callable[[], Any]) -> list[Any]:
    """Run the calls at the same moment, each on a connection of its own; return what each gave or raised."""
    together = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        together.wait()
        try:
            return call()
        except Refusal as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_of_two_at_once_one_acts_and_the_other_hears_the_same(committed: str) -> None:
    acts = []

    def slowly() -> Told:
        acts.append(threading.get_ident())
        time.sleep(0.2)
        return Told(201, {"number": len(acts)})

    def call() -> Told:
        return once(actor="a", key="k", inputs={"n": 1}, act=slowly)

    told = in_threads(*[call] * 6)

    assert len(acts) == 1
    assert {(one.status, one.document["number"]) for one in told} == {(201, 1)}
    assert sorted(one.replayed for one in told) == [False] + [True] * 5


def test_when_the_first_fails_the_one_that_waited_acts(committed: str) -> None:
    tries = []

    def first_fails() -> Told:
        tries.append(1)
        if len(tries) == 1:
            time.sleep(0.2)
            raise IdempotencyKeyMissing
        return Told(200, {"done": True})

    def call() -> Told:
        return once(actor="a", key="k", inputs={}, act=first_fails)

    failed, done = sorted(in_threads(call, call), key=lambda one: isinstance(one, Told))

    assert isinstance(failed, IdempotencyKeyMissing)
    assert done == Told(200, {"done": True})


def test_two_at_once_with_other_inputs_are_one_act_and_one_conflict(committed: str) -> None:
    def call(number: int) -> Callable[[], Told]:
        return lambda: once(actor="a", key="k", inputs={"n": number}, act=lambda: Told(200, {"n": number}))

    told = in_threads(call(1), call(2))

    assert sorted(type(one).__name__ for one in told) == [IdempotencyConflict.__name__, Told.__name__]
    assert Request.objects.count() == 1


def test_the_same_file_sent_four_times_at_once_is_stored_and_sealed_once(committed: str) -> None:
    build_world()
    before, sealed = UsageFile.objects.count(), Leaf.objects.count()

    told = in_threads(*[lambda: send(client_of("north-ops"), usage(), "file-1")] * 4)

    assert [one.status_code for one in told] == [201] * 4
    assert len({one.content for one in told}) == 1
    assert sum("Idempotent-Replayed" in one for one in told) == 3
    assert UsageFile.objects.count() == before + 1
    assert Leaf.objects.count() == sealed + 2  # the document, and that it was received


def test_a_statement_answered_twice_at_once_is_answered_once(committed: str) -> None:
    build_world()

    told = in_threads(
        lambda: answer(client_of("north-ops"), {"kind": "confirmed"}, "answer-1"),
        lambda: answer(client_of("north-ops"), {"kind": "disputed", "reason": "no"}, "answer-2"),
    )

    assert sorted(one.status_code for one in told) == [200, 409]
    assert Answer.objects.count() == 1
    assert Request.objects.count() == 1
