"""What a person is refused when they ask for something to be done is kept, and shown to those who may read it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from billing.models import Approval, Run, Statement
from ledger.books.services import Entry, Row, post
from ledger.models import Account, RefusedAct
from ledger.refusals.rules import digest_of
from ledger.verification import verify
from tests.portal.conftest import NOW_MS

pytestmark = pytest.mark.usefixtures("proposed_month")
Browser = Callable[[str], Client]
APPROVING = "POST /runs/{run_id}/approve/"


@pytest.fixture
def before(as_person: Browser) -> set[str]:
    """The ids of the refusals that were kept before the test."""
    return set(RefusedAct.objects.values_list("id", flat=True))


def since(before: set[str]) -> list[RefusedAct]:
    """Return the refusals that were kept since, by code."""
    return list(RefusedAct.objects.exclude(id__in=before).order_by("code"))


def test_a_refused_act_is_kept_with_who_what_when_and_why(as_person: Browser, before: set[str]) -> None:
    run = Run.objects.get()

    form = {"line": ["O-hexi:2026-10"], "csrfmiddlewaretoken": "another each time"}
    page = as_person("finance").post(reverse("approve_lines", args=[run.id]), form)

    (refused,) = since(before)
    assert page.status_code == 403
    assert (refused.actor, refused.act) == ("finance", "POST /runs/{run_id}/approve-lines/")
    assert (refused.code, refused.about, refused.asked_at_ms) == ("act_not_permitted", {"run_id": run.id}, NOW_MS)
    assert refused.id in page.content.decode(), "who is refused can name it"
    sent = {"method": "POST", "path": f"/runs/{run.id}/approve-lines/", "inputs": {"line": ["O-hexi:2026-10"]}}
    assert bytes(refused.inputs_digest) == digest_of(sent)


def test_a_batch_that_the_books_refused_is_kept_although_all_was_rolled_back(
    as_person: Browser, before: set[str]
) -> None:
    held = Account.objects.get(code="B.Held[QC26,V-hexi,O-hexi]")
    row = Row(held.code, "B.Available[QC26,V-hexi]", held.balance, held.book.asset)
    post([Entry("RELEASE", "released", NOW_MS, "ops", [row])])

    page = as_person("approver").post(reverse("approve", args=[Run.objects.get().id]))

    by_books, by_settlement = since(before)
    assert page.status_code == 409
    assert not Approval.objects.exists()
    assert (by_settlement.actor, by_settlement.act) == ("approver", APPROVING)
    assert by_settlement.code == "decision_is_stale"
    assert (by_books.actor, by_books.act) == ("approver", "post REDEEM")
    assert by_books.code == "account_must_not_pass_its_floor"
    assert by_books.about["entries"] == "2"
    assert by_books.about["entry_1"].startswith("REDEEM redeem:O-hexi:2026-10:")
    assert all(verdict.holds for verdict in verify())


@pytest.mark.parametrize("address", ["/runs/nothing/", "/refusals/", "/vouchers/nope/", "/nowhere/"])
def test_looking_leaves_nothing(as_person: Browser, before: set[str], address: str) -> None:
    assert as_person("hexi-it").get(address).status_code >= 400
    assert since(before) == []


def test_a_form_without_its_token_leaves_nothing(as_person: Browser, before: set[str]) -> None:
    client = as_person("finance")
    client.handler.enforce_csrf_checks = True

    assert client.post(reverse("approve", args=[Run.objects.get().id])).status_code == 403
    assert since(before) == []


def test_whoever_knocks_at_the_engine_room_is_kept_without_what_they_sent(as_person: Browser, before: set[str]) -> None:
    as_person("auditor").post(reverse("admin:ledger_account_add"), {"code": "B.Mine"})

    (refused,) = since(before)
    assert (refused.actor, refused.code) == ("auditor", "permission_denied")
    assert refused.act == "POST /engine-room/ledger/account/add/"
    assert refused.inputs_digest is None


@pytest.mark.parametrize("login", ["auditor", "ops"])
def test_the_page_says_who_asked_for_what_and_why_not(as_person: Browser, login: str) -> None:
    page = " ".join(as_person(login).get("/refusals/").content.decode().split())

    assert "POST /runs/{run_id}/approve/" in page
    assert "act_not_permitted" in page
    assert "ops may not approve statement lines that somebody else&#x27;s run proposed (redemption)." in page
    assert Run.objects.get().id in page


def test_the_page_is_narrowed_and_says_when_nothing_fits(as_person: Browser) -> None:
    client = as_person("auditor")

    def shown(**chosen: str) -> bool:
        page = client.get("/refusals/", chosen)
        assert page.status_code == 200
        assert ("Nothing that was refused fits." in page.content.decode()) == ("<tbody>" not in page.content.decode())
        return "<tbody>" in page.content.decode()

    assert shown(actor="ops", act=APPROVING, code="act_not_permitted", since="2026-11-20", until="2026-11-20")
    assert shown(actor=" ", code="")
    assert not shown(actor="finance")
    assert not shown(since="2026-11-21")
    assert not shown(code="not_found")


@pytest.mark.parametrize("chosen", ["code=nonsense", "since=soon", "since=2026-11-02&until=2026-11-01", "actor=a%00b"])
def test_a_question_that_nothing_could_answer_is_told_so(as_person: Browser, chosen: str) -> None:
    page = as_person("auditor").get(f"/refusals/?{chosen}")

    assert page.status_code == 400
    assert "Refusals cannot be looked up by" in page.content.decode()


@pytest.mark.parametrize("login", ["approver", "finance", "north-ops", "hexi-it"])
def test_whom_it_is_not_for_is_neither_led_there_nor_let_in(as_person: Browser, login: str) -> None:
    client = as_person(login)

    assert "/refusals/" not in client.get("/").content.decode()
    assert client.get("/refusals/").status_code == 403


def test_whom_it_is_for_is_led_there(as_person: Browser) -> None:
    assert "/refusals/" in as_person("ops").get("/").content.decode()


def test_a_refused_answer_to_a_statement_is_kept_with_its_address(as_person: Browser, before: set[str]) -> None:
    as_person("approver").post(reverse("approve", args=[Run.objects.get().id]))
    code = Statement.objects.get().code

    as_person("north-ops").post(reverse("dispute", args=[code]), {"reason": " "})

    (refused,) = since(before)
    assert refused.act == "POST /statements/{code}/dispute/"
    assert refused.about == {"code": code, "kind": "disputed"}
