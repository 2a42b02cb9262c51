"""Every address of the portal is tried by nobody, by a foreign organisation and by whom it is for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from billing.models import Run, Statement, UsageFile
from ledger.log.models import Leaf
from ledger.models import Account, Entry

pytestmark = pytest.mark.usefixtures("settled_month")
Browser = Callable[[str], Client]


@dataclass(frozen=True)
class Case:
    """Whom an address is for, what a foreign organisation gets, and how it is asked."""

    rightful: str
    foreign: int = 404
    method: str = "get"
    status: int = 200


LISTED = 200  # a list is open to everybody and holds what is theirs
CASES = {
    "overview": Case("hexi-it", LISTED),
    "finding_codes": Case("hexi-it", LISTED),
    "programmes": Case("hexi-it", LISTED),
    "programme": Case("hexi-it"),
    "vouchers": Case("hexi-it", LISTED),
    "voucher": Case("hexi-it"),
    "usage_files": Case("north-ops", LISTED),
    "usage_file": Case("north-ops"),
    "attempts": Case("north-ops"),
    "usage_line": Case("north-ops"),
    "usage_file_content": Case("north-ops"),
    "runs": Case("ops", LISTED),
    "run": Case("ops"),
    "findings": Case("ops"),
    "approve": Case("approver", method="post", status=302),
    "approve_lines": Case("approver", method="post", status=302),
    "issue": Case("approver", method="post", status=302),
    "lines": Case("hexi-it", LISTED),
    "line": Case("hexi-it"),
    "statements": Case("north-ops", LISTED),
    "statement": Case("north-ops"),
    "statement_document": Case("north-ops"),
    "confirm": Case("north-ops", method="post", status=302),
    "dispute": Case("north-ops", method="post", status=422),
    "trial_balance": Case("finance", LISTED),
    "accounts": Case("finance", LISTED),
    "account": Case("finance"),
    "entry": Case("finance"),
    "refusals": Case("ops", 403),
    "log": Case("north-ops", LISTED),
    "receipt_document": Case("north-ops"),
    "open_items": Case("finance", LISTED),
    "roll_forward": Case("finance", LISTED),
}
OPEN = {"login", "logout", "set_language"}  # what concerns nobody's data
NOT_THE_PORTAL = ("api/", "engine-room/")


def addresses(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Yield every address of the portal with its pattern."""
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if route.startswith(NOT_THE_PORTAL):
            continue
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, route)
        else:
            yield route, pattern


FOUND = dict(addresses(get_resolver().url_patterns))


def address_of(name: str) -> str:
    """Return the address of a page about something of the month."""
    file = UsageFile.objects.get(source=None)
    keys = {
        "file_id": file.id,
        "number": 2,
        "position": Leaf.objects.get(record__kind="usage_file.received", record__subject=file.id).position,
        "run_id": Run.objects.get().id,
        "entry_id": Entry.objects.filter(template="REDEEM").latest("id").id,
    }
    codes = {
        "programme": "QC26",
        "voucher": "V-hexi",
        "line": "O-hexi:2026-10",
        "account": "B.Held[QC26,V-hexi,O-hexi]",
        **dict.fromkeys(("statement", "statement_document", "confirm", "dispute"), "QC26:2026-10:S1:north"),
    }
    pattern = next(pattern for pattern in FOUND.values() if pattern.name == name)
    return reverse(
        name, kwargs={key: codes[name] if key == "code" else keys[key] for key in pattern.pattern.converters}
    )


@pytest.mark.parametrize("route", sorted(FOUND))
def test_every_address_has_a_case(route: str) -> None:
    assert FOUND[route].name in CASES.keys() | OPEN, f"say in CASES whom {route} is for"


@pytest.mark.parametrize("name", sorted(CASES))
def test_nobody_is_sent_to_sign_in(name: str, db: None) -> None:
    address = address_of(name)

    answer = getattr(Client(), CASES[name].method)(address)

    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("login"))


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_foreign_organisation_learns_nothing(name: str, as_person: Browser) -> None:
    case = CASES[name]

    answer = getattr(as_person("stranger"), case.method)(address_of(name))

    assert answer.status_code == case.foreign
    if case.foreign == LISTED and name != "finding_codes":
        assert not any(word in answer.content.decode() for word in ("QC26", "V-hexi", "north", "O-hexi"))


@pytest.mark.parametrize("name", sorted(name for name, case in CASES.items() if case.foreign == 404))
def test_the_foreign_and_the_unknown_are_answered_alike(name: str, as_person: Browser) -> None:
    case, stranger = CASES[name], as_person("stranger")
    address = address_of(name)
    known, unknown = address, address
    for thing in ("QC26", "V-hexi", "O-hexi", Run.objects.get().id, UsageFile.objects.get(source=None).id):
        unknown = unknown.replace(thing, "nothing")
    if name == "entry":
        unknown = reverse("entry", args=[10**9])
    if name == "receipt_document":
        unknown = reverse("receipt_document", args=[10**9])

    answers = [getattr(stranger, case.method)(where) for where in (known, unknown)]

    assert known != unknown
    assert [answer.status_code for answer in answers] == [404, 404]


@pytest.mark.parametrize("name", sorted(CASES))
def test_whom_it_is_for_gets_it(name: str, as_person: Browser) -> None:
    case = CASES[name]

    answer = getattr(as_person(case.rightful), case.method)(address_of(name))

    assert answer.status_code == case.status


@pytest.mark.parametrize("name", ["trial_balance", "accounts", "account", "entry", "open_items", "roll_forward"])
@pytest.mark.parametrize("login", ["ops", "hexi-it", "north-ops"])
def test_the_books_are_for_whom_the_permissions_name(name: str, login: str, as_person: Browser) -> None:
    answer = as_person(login).get(address_of(name))

    assert answer.status_code == 403


@pytest.mark.parametrize("name", sorted(name for name, case in CASES.items() if case.method == "get"))
def test_an_auditor_reads_everything(name: str, as_person: Browser) -> None:
    assert as_person("auditor").get(address_of(name)).status_code == 200


@pytest.mark.parametrize("name", sorted(name for name, case in CASES.items() if case.method == "post"))
def test_an_auditor_changes_nothing(name: str, as_person: Browser) -> None:
    assert as_person("auditor").post(address_of(name)).status_code == 403


@pytest.mark.parametrize("name", sorted(name for name, case in CASES.items() if case.method == "post"))
def test_a_form_without_its_token_does_nothing(name: str, as_person: Browser) -> None:
    client = as_person(CASES[name].rightful)
    client.handler.enforce_csrf_checks = True

    answer = client.post(address_of(name))

    assert answer.status_code == 403
    assert "The form was too old" in answer.content.decode()
    assert not hasattr(Statement.objects.get(), "answer")


def test_an_account_of_another_fund_is_not_there(as_person: Browser) -> None:
    foreign = as_person("stranger").get(reverse("account", args=[Account.objects.first().code]))

    assert foreign.status_code == 404
