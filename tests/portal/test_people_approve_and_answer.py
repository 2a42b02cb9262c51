"""Approving a run's lines and answering a statement, through the pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from billing.models import Adjudication, Answer, Approval, Run, Statement
from billing.reconciliation import services as reconciliation
from tests.portal.conftest import RUN
from vouchers.people.actors import actor_named
from vouchers.people.models import Membership, Organisation, User

pytestmark = pytest.mark.usefixtures("proposed_month")
Browser = Callable[[str], Client]
LINES = ["O-hexi:2026-10", "O-lanling:2026-10"]


def text_of(client: Client, address: str) -> str:
    """Return a page."""
    return " ".join(client.get(address).content.decode().split())


def test_the_overview_says_what_waits_for_whom(as_person: Browser) -> None:
    assert "lines to approve" in text_of(as_person("approver"), "/")
    assert "Nothing waits for you." in text_of(as_person("ops"), "/")
    assert "Nothing waits for you." in text_of(as_person("north-ops"), "/")


def test_an_approver_approves_and_the_payee_confirms(as_person: Browser) -> None:
    approver, payee = as_person("approver"), as_person("north-ops")
    run = Run.objects.get()

    page = approver.post(reverse("approve", args=[run.id]), follow=True)

    assert "2 lines are approved." in page.content.decode()
    assert "The statements are issued." in page.content.decode()
    assert Approval.objects.filter(approver="approver").count() == 2
    statement = Statement.objects.get()
    assert "confirm or dispute it" in text_of(payee, "/")

    page = payee.post(reverse("confirm", args=[statement.code]), follow=True)

    assert "Your answer is recorded." in page.content.decode()
    assert Answer.objects.get().kind == "confirmed"
    assert "Confirmed by north-ops" in " ".join(page.content.decode().split())
    assert "Nothing waits for you." in text_of(payee, "/")


def test_single_lines_are_approved_and_statements_issued_when_all_are(as_person: Browser) -> None:
    approver = as_person("approver")
    run = Run.objects.get()

    for line in LINES:
        page = approver.post(reverse("approve_lines", args=[run.id]), {"line": [line]}, follow=True)
        assert "1 line is approved." in page.content.decode()

    assert not Statement.objects.exists()
    assert "statements to issue" in text_of(approver, "/")
    approver.post(reverse("issue", args=[run.id]))
    assert Statement.objects.get().payee.code == "north"


def test_nothing_ticked_is_nothing_approved(as_person: Browser) -> None:
    page = as_person("approver").post(reverse("approve_lines", args=[Run.objects.get().id]), follow=True)

    assert "Nothing was approved" in page.content.decode()
    assert not Approval.objects.exists()


def test_statements_wait_for_every_line(as_person: Browser) -> None:
    answer = as_person("approver").post(reverse("issue", args=[Run.objects.get().id]))

    assert answer.status_code == 409
    assert "2 line(s) of the run wait for approval" in answer.content.decode()


def test_who_made_the_run_does_not_approve_it(as_person: Browser) -> None:
    bureau = Organisation.objects.get(code="qy-platform")
    assert Membership.objects.filter(user__login="ops", organisation=bureau).exists()
    department = Organisation.objects.get(code="qy-data")
    Membership.objects.create(user=User.objects.get(login="ops"), organisation=department, role="department_approver")
    client = as_person("ops")
    run = Run.objects.get()

    assert "Approve every line" not in text_of(client, reverse("run", args=[run.id]))
    answer = client.post(reverse("approve", args=[run.id]))

    assert answer.status_code == 403
    assert "made this run and may not approve its lines" in answer.content.decode()


def test_a_run_that_no_longer_stands_is_not_approved(as_person: Browser) -> None:
    first = Run.objects.get()
    later = reconciliation.propose(**RUN, cut_off=0, actor=actor_named("ops"))
    approver = as_person("approver")

    answer = approver.post(reverse("approve", args=[first.id]))

    assert answer.status_code == 409
    assert "no longer stands" in answer.content.decode()
    assert "This run no longer stands" in text_of(approver, reverse("run", args=[first.id]))
    assert later.number == 2


def test_a_dispute_needs_its_reason(as_person: Browser) -> None:
    as_person("approver").post(reverse("approve", args=[Run.objects.get().id]))
    payee, address = as_person("north-ops"), reverse("dispute", args=[Statement.objects.get().code])

    assert payee.post(address, {"reason": " "}).status_code == 422
    page = payee.post(address, {"reason": "O-hexi: 41081 ran <to> its end"}, follow=True)

    assert Answer.objects.get().kind == "disputed"
    assert "41081 ran &lt;to&gt; its end" in page.content.decode()


def test_an_answer_is_given_once(as_person: Browser) -> None:
    as_person("approver").post(reverse("approve", args=[Run.objects.get().id]))
    payee, code = as_person("north-ops"), Statement.objects.get().code
    payee.post(reverse("confirm", args=[code]))

    answer = payee.post(reverse("dispute", args=[code]), {"reason": "on second thoughts"})

    assert answer.status_code == 409
    assert Answer.objects.get().kind == "confirmed"


def test_the_run_page_leads_from_each_cut_to_its_lines_and_findings(as_person: Browser) -> None:
    client, run = as_person("approver"), Run.objects.get()
    page = text_of(client, reverse("run", args=[run.id]))

    assert "?code=USE.STATE#lines" in page
    only = text_of(client, reverse("run", args=[run.id]) + "?code=USE.STATE")
    assert "/lines/O-hexi:2026-10/" in only
    assert "/lines/O-lanling:2026-10/" not in only
    assert text_of(client, reverse("findings", args=[run.id]) + "?code=USE.STATE").count("/usage-files/use_") >= 2


def test_a_line_is_explained_down_to_the_rows_of_the_file(as_person: Browser) -> None:
    line = Adjudication.objects.get(line__code="O-hexi:2026-10")

    of_centre = text_of(as_person("north-ops"), "/lines/O-hexi:2026-10/")
    of_enterprise = text_of(as_person("hexi-it"), "/lines/O-hexi:2026-10/")

    assert f"{line.parts.first().fact.file_id}/lines/" in of_centre
    assert "binds: more is not public money" in of_centre
    assert "/usage-files/" not in of_enterprise, "a file tells of everybody's jobs"
    assert "The attempts behind it" in of_enterprise
