"""What a machine is refused when it asks for something to be done is kept, and nothing else is."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from typing import Any

import pytest
import rfc8785
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connections
from django.test import override_settings
from rest_framework.test import APIClient

from billing.models import Answer, UsageFile
from ledger.log.models import Record
from ledger.models import RefusedAct, Request
from ledger.refusals.rules import WITHHELD
from tests.api.conftest import ANSWER, NOW, build_world, client_of
from tests.api.test_an_act_happens_once import answer, in_threads, send, usage
from vouchers.people.models import User

Client = Callable[[str], APIClient]
ANSWERING = "POST /api/v1/statements/{code}/answer"
SUBMITTING = "POST /api/v1/usage-files"


@pytest.fixture
def before(as_: Client) -> set[str]:
    """The ids of the refusals that were kept before the test."""
    return set(RefusedAct.objects.values_list("id", flat=True))


def newest(before: set[str]) -> RefusedAct:
    """Return the one refusal that was kept since."""
    (refused,) = RefusedAct.objects.exclude(id__in=before)
    assert Record.objects.filter(kind="act.refused", subject=refused.id).exists()
    return refused


def test_a_refused_act_is_kept_with_who_what_when_and_why(as_: Client, before: set[str]) -> None:
    told = answer(as_("north-ops"), {"kind": "disputed", "reason": " "}, "answer-1")

    refused = newest(before)
    assert (refused.actor, refused.act, refused.code) == ("north-ops", ANSWERING, "dispute_must_have_a_reason")
    assert refused.about == {"code": "QC26:2026-10:S1:north"}
    assert refused.fields == {"statement": "QC26:2026-10:S1:north"}
    assert refused.asked_at_ms == NOW
    assert told.json()["instance"] == f"urn:quanbu:request:{refused.id}"


def test_whoever_reads_it_finds_it_by_the_instance_of_the_answer(as_: Client, before: set[str]) -> None:
    told = answer(as_("auditor"), {"kind": "confirmed"}, "answer-1")
    refused = newest(before)

    shown = as_("ops").get(f"/api/v1/refusals/{told.json()['instance'].rpartition(':')[2]}").json()

    assert shown == {
        "id": refused.id,
        "actor": "auditor",
        "act": ANSWERING,
        "about": {"code": "QC26:2026-10:S1:north"},
        "code": "act_not_permitted",
        "fields": refused.fields,
        "inputs_digest": bytes(refused.inputs_digest).hex(),
        "asked_at": "2026-11-20T02:00:00.000Z",
    }
    content = {name: shown[name] for name in ("id", "actor", "act", "about", "code", "fields", "inputs_digest")}
    digest = Record.objects.get(kind="act.refused", subject=refused.id).digest
    assert bytes(digest) == hashlib.sha256(rfc8785.dumps(content | {"asked_at_ms": NOW})).digest()


def test_the_digest_is_that_of_the_same_request_when_it_is_answered(as_: Client, before: set[str]) -> None:
    sent = {"kind": "disputed", "reason": "O-hexi:2026-10 lacks a day"}
    answer(as_("auditor"), sent, "answer-1")
    answer(as_("north-ops"), sent, "answer-1")

    assert bytes(newest(before).inputs_digest) == bytes(Request.objects.get().inputs_digest)


def test_a_key_that_stands_for_something_else_is_kept(as_: Client, before: set[str]) -> None:
    send(as_("north-ops"), usage(), "file-1")
    send(as_("north-ops"), usage(90002), "file-1")

    refused = newest(before)
    assert (refused.code, refused.fields) == ("idempotency_key_has_other_inputs", {"entry": "file-1"})
    assert refused.about == {"centre": "north", "cluster": "n1"}
    assert bytes(refused.inputs_digest) != bytes(Request.objects.get().inputs_digest)


@pytest.mark.parametrize(
    ("login", "changed", "code"),
    [
        ("ops", {}, "act_not_permitted"),
        ("south-ops", {}, "not_found"),
        ("north-ops", {"format": "xlsx"}, "usage_format_is_unknown"),
        ("north-ops", {"file": SimpleUploadedFile("f", b"")}, "document_must_not_be_empty"),
    ],
)
def test_files_that_were_not_taken_are_kept_by_whose_cluster_they_were_of(
    as_: Client, before: set[str], login: str, changed: dict[str, Any], code: str
) -> None:
    send(as_(login), usage(**changed), "file-1")

    refused = newest(before)
    assert (refused.actor, refused.act, refused.code) == (login, SUBMITTING, code)
    assert refused.about == {"centre": "north", "cluster": "n1"}


def test_nothing_of_an_uploaded_file_is_kept(as_: Client, before: set[str]) -> None:
    told = send(as_("north-ops"), usage(file=SimpleUploadedFile("f", b"Li Si|13800000000\n1|2\n")), "file-1")

    refused = newest(before)
    assert "13800000000" in told.json()["title"], "whoever sent it is told"
    assert refused.fields == {"format": "slurm-sacct", "first_line": WITHHELD}


def test_an_address_that_does_not_exist_is_one_act_whatever_was_typed(as_: Client, before: set[str]) -> None:
    as_("north-ops").post("/api/v1/no/such/" + "thing/" * 200, {}, format="json")

    refused = newest(before)
    assert refused.act == "POST /api/v1/{address}"
    assert len(refused.about["address"].encode()) == 400


LEAVES_NOTHING: dict[str, Callable[[Client], Any]] = {
    "a page that is not there": lambda as_: as_("north-ops").get("/api/v1/vouchers/V-nobody"),
    "a page that is not theirs": lambda as_: as_("north-ops").get("/api/v1/refusals"),
    "a filter": lambda as_: as_("ops").get("/api/v1/refusals?code=nonsense"),
    "an address": lambda as_: as_("north-ops").get("/api/v1/no/such/thing"),
    "a head": lambda as_: as_("north-ops").head("/api/v1/vouchers/V-nobody"),
    "a body that is no answer": lambda as_: answer(as_("north-ops"), {"kind": "paid"}, "k"),
    "a method": lambda as_: as_("north-ops").delete("/api/v1/vouchers/V-hexi"),
    "a media type": lambda as_: as_("north-ops").post(ANSWER, "x", content_type="text/csv"),
    "nobody": lambda as_: answer(APIClient(), {"kind": "confirmed"}, "k"),
    "a dry run": lambda as_: send(as_("north-ops"), usage(format="xlsx", dry_run="true")),
    "a dry run of another's": lambda as_: send(as_("south-ops"), usage(dry_run="true")),
}


@pytest.mark.parametrize("name", LEAVES_NOTHING)
def test_what_asked_for_nothing_leaves_nothing(as_: Client, before: set[str], name: str) -> None:
    told = LEAVES_NOTHING[name](as_)

    assert told.status_code >= 400
    assert set(RefusedAct.objects.values_list("id", flat=True)) == before


def test_a_session_without_its_token_is_nobody_and_leaves_nothing(as_: Client, before: set[str]) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(User.objects.get(login="north-ops"))

    assert answer(client, {"kind": "confirmed"}, "k").status_code == 403
    assert set(RefusedAct.objects.values_list("id", flat=True)) == before


def test_strangers_do_not_fill_the_table(as_: Client, before: set[str]) -> None:
    with override_settings(API_UPLOAD_BYTES_MAX=100):
        for _ in range(5):
            assert send(APIClient(), usage(), "k").status_code == 413

    refused = newest(before)
    assert (refused.actor, refused.code) == ("", "request_is_too_large")


def test_a_database_that_cannot_keep_it_does_not_change_the_answer(
    as_: Client, before: set[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    expected = answer(as_("auditor"), {"kind": "confirmed"}, "k").json()

    def full(*_: Any) -> None:
        raise OperationalError("the disk is full\nDETAIL: of secrets")

    monkeypatch.setattr("ledger.refusals.services._write", full)
    with caplog.at_level(logging.ERROR, "ledger.refusals.services"):
        told = answer(as_("auditor"), {"kind": "confirmed"}, "k")

    assert told.status_code == 403
    assert told.json() | {"instance": ""} == expected | {"instance": ""}
    assert newest(before).code == "act_not_permitted"
    assert [record.getMessage() for record in caplog.records if record.name == "ledger.refusals.services"] == [
        f"A refusal could not be kept: act_not_permitted, {ANSWERING} by 'auditor': the disk is full"
    ]


def test_it_is_there_although_the_act_was_rolled_back(committed: str) -> None:
    build_world()
    files = UsageFile.objects.count()

    told = in_threads(
        lambda: answer(client_of("north-ops"), {"kind": "confirmed"}, "answer-1"),
        lambda: answer(client_of("north-ops"), {"kind": "disputed", "reason": "no"}, "answer-2"),
        lambda: send(client_of("north-ops"), usage(file=SimpleUploadedFile("f", b"a|b\n")), "file-1"),
    )

    assert sorted(one.status_code for one in told) == [200, 409, 422]
    assert (Answer.objects.count(), UsageFile.objects.count()) == (1, files)
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT code FROM ledger_refusal WHERE actor = 'north-ops' ORDER BY code")
        assert cursor.fetchall() == [("statement_is_answered",), ("usage_file_has_no_header",)]
