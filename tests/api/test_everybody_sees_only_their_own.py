"""Every endpoint, found in the URL table itself, against everybody who should not see what it shows."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient

from tests.api.conftest import DEMO
from vouchers.people.models import User

Client = Callable[[str], APIClient]


def endpoints() -> list[tuple[str, str]]:
    """Return every (address, method) below /api/v1/, as the URL table has them."""
    return sorted(_walk(get_resolver().url_patterns, ""))


def _walk(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        address = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, address)
        elif address.startswith("api/v1/"):
            for method in _methods(pattern.callback):
                yield address.removeprefix("api/v1/"), method.upper()


def _methods(view: Any) -> list[str]:
    if hasattr(view, "actions"):
        return [method for method in view.actions if method != "head"]
    return [name for name in view.cls.http_method_names if name not in {"head", "options"} and hasattr(view.cls, name)]


def usage_file(job: int = 90001) -> SimpleUploadedFile:
    """Return a file of one good row that nobody sent before."""
    header, row, *_ = (DEMO / "north-n1-2026-10.sacct").read_text().splitlines()
    own = row.split("|", 2)[0]
    return SimpleUploadedFile("one.sacct", f"{header}\n{row.replace(own, str(job))}\n".encode())


@dataclass
class Case:
    """How one endpoint is called, by whom rightfully, and what it answers to others.

    `theirs` is what a list shows to the rightful person and must not show to others; `unknown` is the same address
    with a code that nobody has, and `foreign` who may do the act, but for others only.
    """

    url: str
    rightful: str
    status: int = 200
    other: int = 404
    stranger: int = 404
    theirs: str = ""
    unknown: str = ""
    foreign: str = "stranger"
    body: Callable[[], dict[str, Any]] | None = None
    how: dict[str, Any] = field(default_factory=dict)
    public: bool = False


def listed(url: str, rightful: str, theirs: str) -> Case:
    return Case(url, rightful, other=200, stranger=200, theirs=theirs)


def of_books(url: str, theirs: str, unknown: str = "") -> Case:
    return Case(
        url,
        "finance",
        other=403,
        stranger=403,
        theirs=theirs,
        unknown=unknown,
        foreign="zh-approver" if unknown else "",
    )


def for_everybody(url: str) -> Case:
    return Case(url, "lanling-it", other=200, stranger=200, public=True)


KEYED = {"HTTP_IDEMPOTENCY_KEY": "access-1"}
CASES: dict[tuple[str, str], Case] = {
    ("me", "GET"): Case("me", "lanling-it", other=200, stranger=200, theirs="lanling-it"),
    ("programmes", "GET"): Case("programmes", "lanling-it", other=200, stranger=200, theirs=""),
    ("programmes/<quanbu_code:code>", "GET"): Case("programmes/QC26", "lanling-it", other=200, unknown="programmes/ZZ"),
    ("vouchers", "GET"): listed("vouchers", "lanling-it", "V-lanling"),
    ("vouchers/<quanbu_code:code>", "GET"): Case("vouchers/V-lanling", "lanling-it", unknown="vouchers/V-nobody"),
    ("orders", "GET"): listed("orders", "lanling-it", "O-lanling"),
    ("orders/<quanbu_code:code>", "GET"): Case("orders/O-lanling", "lanling-it", unknown="orders/O-nobody"),
    ("usage-files", "GET"): listed("usage-files", "north-ops", "use_"),
    ("usage-files", "POST"): Case(
        "usage-files",
        "north-ops",
        status=201,
        other=403,
        stranger=403,
        body=lambda: {"file": usage_file(), "centre": "north", "cluster": "n1", "format": "slurm-sacct"},
        how={"format": "multipart", **KEYED},
    ),
    ("usage-files/<quanbu_code:id>", "GET"): Case(
        "usage-files/{file}", "north-ops", unknown="usage-files/use_00000000000000000000000000"
    ),
    ("runs", "GET"): listed("runs", "approver", "run_"),
    ("runs/<quanbu_code:id>", "GET"): Case("runs/{run}", "finance", unknown="runs/run_00000000000000000000000000"),
    ("statement-lines", "GET"): listed("statement-lines", "lanling-it", "O-lanling:2026-10"),
    ("statement-lines/<quanbu_code:code>", "GET"): Case(
        "statement-lines/O-lanling:2026-10", "lanling-it", unknown="statement-lines/O-lanling:2026-11"
    ),
    ("statement-lines/<quanbu_code:code>/parts", "GET"): Case(
        "statement-lines/O-lanling:2026-10/parts", "north-ops", unknown="statement-lines/O-lanling:2026-11/parts"
    ),
    ("statements", "GET"): listed("statements", "north-ops", "QC26:2026-10:S1:north"),
    ("statements/<quanbu_code:code>", "GET"): Case(
        "statements/QC26:2026-10:S1:north", "approver", unknown="statements/QC26:2026-10:S1:south"
    ),
    ("statements/<quanbu_code:code>/answer", "POST"): Case(
        "statements/QC26:2026-10:S1:north/answer",
        "north-ops",
        unknown="statements/QC26:2026-10:S1:south/answer",
        body=lambda: {"kind": "confirmed"},
        how={"format": "json", **KEYED},
    ),
    ("log", "GET"): for_everybody("log"),
    ("checkpoints", "GET"): for_everybody("checkpoints"),
    ("checkpoints/<int:head_id>", "GET"): for_everybody("checkpoints/{size}"),
    ("checkpoints/<int:head_id>/consistency", "GET"): for_everybody("checkpoints/{size}/consistency?since=1"),
    ("checkpoints/<int:head_id>/cosignatures", "POST"): Case(
        "checkpoints/{size}/cosignatures",
        "auditor",
        status=422,
        other=422,
        stranger=422,
        body=lambda: {"signature": "— witness AAAA"},
        how={"format": "json", **KEYED},
    ),
    ("records", "GET"): listed("records", "north-ops", "usage_file.received"),
    ("receipts/<int:position>", "GET"): Case("receipts/{position}", "north-ops", unknown="receipts/999999"),
    ("refusals", "GET"): Case("refusals", "ops", other=403, stranger=403, theirs="not_found"),
    ("refusals/<quanbu_code:id>", "GET"): Case("refusals/{refusal}", "auditor", other=403, stranger=403),
    ("accounts", "GET"): of_books("accounts", "B.Available[QC26,V-lanling]"),
    ("accounts/<quanbu_account:code>", "GET"): of_books(
        "accounts/B.Available[QC26,V-lanling]", "QC26", "accounts/B.Available[QC26,V-nobody]"
    ),
    ("accounts/<quanbu_account:code>/statement", "GET"): of_books(
        "accounts/B.Available[QC26,V-lanling]/statement", "HOLD", "accounts/B.Available[QC26,V-nobody]/statement"
    ),
    ("entries", "GET"): of_books("entries", "REDEEM"),
    ("entries/<int:id>", "GET"): of_books("entries/{entry}", "B.Unallocated[QC26]", "entries/999999999"),
    ("entries/<int:id>/rows", "GET"): of_books("entries/{entry}/rows", "B.Unallocated[QC26]", "entries/999999999/rows"),
    ("trial-balance", "GET"): of_books("trial-balance", "QC26"),
    ("open-items", "GET"): of_books("open-items", "QC26"),
    ("roll-forward", "GET"): of_books("roll-forward?from=2026-01-01", "REDEEM"),
    ("<path:address>", "GET"): Case("no/such/thing", "auditor", status=404),
    ("<path:address>", "POST"): Case("no/such/thing", "auditor", status=404, how={"format": "json"}),
}


def test_every_endpoint_has_a_case() -> None:
    assert set(CASES) == set(endpoints())


def call(client: APIClient, method: str, url: str, case: Case) -> Any:
    send = client.get if method == "GET" else client.post
    return send(f"/api/v1/{url}", case.body() if case.body else None, **case.how)


def shown(answer: Any) -> str:
    return json.dumps(answer.json())


def over(keys: list[tuple[str, str]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("address", "method"), keys, ids=[f"{method} {address}" for address, method in keys])


each = over(endpoints())


@each
def test_nobody_gets_in_without_signing_in(address: str, method: str, as_: Client, ids_of: dict[str, str]) -> None:
    case = CASES[address, method]

    answer = call(APIClient(), method, case.url.format(**ids_of), case)

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Basic ")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "not_authenticated"


@each
def test_whoever_takes_part_in_nothing_sees_nothing(
    address: str, method: str, as_: Client, ids_of: dict[str, str]
) -> None:
    case = CASES[address, method]

    answer = call(as_("stranger"), method, case.url.format(**ids_of), case)

    assert answer.status_code == case.stranger
    if answer.status_code == 200 and address != "me" and not case.public:
        assert answer.json()["results"] == []
    told = shown(answer)
    for part in re.split("[/?]", case.url.format(**ids_of))[1:]:
        told = told.replace(part, "")  # a refusal repeats the code that was asked for, and nothing else
    if case.public:
        return  # a note is base64, in which any short code may stand
    for name in ("QC26", "north", "n1", "lanling", "hexi", *(name for name in ids_of.values() if not name.isdecimal())):
        assert name not in told


@each
def test_another_enterprise_of_the_programme_does_not_see_it(
    address: str, method: str, as_: Client, ids_of: dict[str, str]
) -> None:
    case = CASES[address, method]

    answer = call(as_("hexi-it"), method, case.url.format(**ids_of), case)

    assert answer.status_code == case.other
    if case.theirs:
        assert case.theirs not in shown(answer)


@each
def test_the_rightful_person_does(address: str, method: str, as_: Client, ids_of: dict[str, str]) -> None:
    case = CASES[address, method]

    answer = call(as_(case.rightful), method, case.url.format(**ids_of), case)

    assert answer.status_code == case.status
    assert case.theirs in shown(answer)


@over([key for key, case in CASES.items() if case.unknown])
def test_foreign_and_unknown_are_answered_alike(address: str, method: str, as_: Client, ids_of: dict[str, str]) -> None:
    case = CASES[address, method]
    client = as_(case.foreign)
    foreign_url, unknown_url = case.url.format(**ids_of), case.unknown

    foreign = call(client, method, foreign_url, case)
    unknown = call(client, method, unknown_url, case)

    assert foreign.status_code == unknown.status_code == 404
    assert dict(foreign.headers) == dict(unknown.headers) | {"Content-Length": foreign["Content-Length"]}
    told = [answer.json() for answer in (foreign, unknown)]
    for answer, url in zip(told, (foreign_url, unknown_url), strict=True):
        assert answer.pop("instance")
        answer["title"] = answer["title"].replace(url.split("/")[1], "CODE")
    assert told[0] == told[1]


@pytest.mark.parametrize("source", [None, "agent"])
def test_a_foreign_cluster_is_answered_like_an_unknown_one(as_: Client, source: str | None) -> None:
    client = as_("south-ops")

    told = []
    for centre, cluster in (("north", "n1"), ("nobody", "n1"), ("north", "n9")):
        named = {"centre": centre, "cluster": cluster} | ({"source": source} if source else {})
        body = {"file": usage_file(), "format": "slurm-sacct", "dry_run": "true", **named}
        answer = client.post("/api/v1/usage-files", body, format="multipart")
        assert answer.status_code == 404
        document = answer.json()
        del document["instance"]
        document["title"] = document["title"].replace(f"{centre}/{cluster}", "ORIGIN")
        told.append(document)

    assert told[0] == told[1] == told[2]


@pytest.mark.parametrize("login", ["approver", "auditor", "finance"])
def test_who_sees_a_statement_and_is_not_its_payee_may_not_answer_it(as_: Client, login: str) -> None:
    answer = as_(login).post(
        "/api/v1/statements/QC26:2026-10:S1:north/answer", {"kind": "confirmed"}, format="json", **KEYED
    )

    assert answer.status_code == 403
    assert answer.json()["code"] == "act_not_permitted"


@pytest.mark.parametrize("login", ["north-ops", "stranger"])
def test_whoever_is_no_longer_active_is_nobody(as_: Client, login: str) -> None:
    person = User.objects.get(login=login)
    person.set_password("a-long-password")
    person.is_active = False
    person.save()
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=basic(login, "a-long-password"))

    assert client.get("/api/v1/me").status_code == 401


def basic(login: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{login}:{password}".encode()).decode()


def test_an_auditor_reads_everything_and_writes_nothing(as_: Client, ids_of: dict[str, str]) -> None:
    client = as_("auditor")
    for (_, method), case in CASES.items():
        answer = call(client, method, case.url.format(**ids_of), case)
        own = method == "GET" or case.rightful == "auditor"
        assert answer.status_code == (case.status if own or case.status == 404 else 403)
