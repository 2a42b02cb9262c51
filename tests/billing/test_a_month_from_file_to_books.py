"""The main job, whole, on lines written in the test."""

import pytest

from billing.reconciliation import services as reconciliation
from billing.settlement import services as settlement
from billing.settlement.errors import (
    ApproverProposed,
    DecisionStale,
    DeltaNegative,
    DisputeLacksReason,
    LinesUnapproved,
    StatementAnswered,
)
from billing.settlement.models import Approval, Statement
from ledger.books import services as books
from ledger.books.models import Account, Entry
from ledger.errors import ActNotPermitted, NotFound
from ledger.verification import verify
from tests.scenario import approve, at, declare, row, run, submit, today
from vouchers.people.actors import actor_named
from vouchers.people.models import Membership, Organisation, User
from vouchers.people.permissions import Role

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def balances(prefix: str) -> dict[str, int]:
    return {account.code: account.balance for account in Account.objects.filter(code__startswith=prefix)}


def all_hold() -> bool:
    return all(verdict.holds for verdict in verify())


def test_what_claim_and_evidence_agree_on_is_allowed_redeemed_and_owed():
    declare()
    line = row(1, "2026-10-05T00:00:00", "2026-10-05T10:00:00", gpus=4)  # 40 GPU-hours at 20.00
    submit(line)
    submit(line, source="agent")

    found = run()
    approve()

    adjudication = found.adjudications.get()
    assert adjudication.claimed_ms == adjudication.allowed_ms == 40 * 3_600_000
    assert adjudication.allowed_minor == 800_00
    assert adjudication.subsidy_minor == 240_00
    assert balances("K.") == {"K.Claimed[P1,O1:2026-10]": 800_00, "K.Subsidy[P1,O1:2026-10]": 240_00} | {
        "K.EnterpriseDue[P1,O1:2026-10,OWN]": 560_00
    }
    assert balances("B.Held") == {"B.Held[P1,V1,O1]": 2760_00, "B.Held[P1,V2,O2]": 3000_00}
    assert balances("B.Redeemed") == {"B.Redeemed[P1,V1]": 240_00}
    assert balances("M.") == {
        "M.Expense[P1,2026]": 240_00,
        "M.Payable[P1,c1,O1:2026-10]": 240_00,
        "M.LevelCurrent[P1,prov]": 120_00,
        "M.LevelCurrent[P1,city]": 120_00,
        "M.Financing[P1,prov]": 120_00,
        "M.Financing[P1,city]": 120_00,
    }
    assert all_hold()


def test_evidence_that_comes_late_is_paid_in_the_next_run_and_only_the_difference_is_posted():
    declare()
    first, second = (row(n, f"2026-10-0{n}T00:00:00", f"2026-10-0{n}T10:00:00") for n in (1, 2))
    submit(first, second)
    submit(first, source="agent", name="early")
    run()
    approve()
    assert balances("K.Held") == {"K.Held[P1,O1:2026-10,USE.NO_EVID]": 200_00}
    with today("2026-11-18"):
        settlement.issue(programme="P1", period="2026-10", kind="S1", actor=actor_named("boss"))

    submit(second, source="agent", name="late")
    with today("2027-02-01"):
        later = reconciliation.propose(
            programme="P1", period="2026-10", kind="RF", cut_off=None, actor=actor_named("op")
        )
        settlement.approve(programme="P1", period="2026-10", kind="RF", actor=actor_named("boss"))

    assert later.adjudications.get().allowed_minor == 400_00
    assert balances("K.Held") == {"K.Held[P1,O1:2026-10,USE.NO_EVID]": 0}
    assert balances("K.Subsidy") == {"K.Subsidy[P1,O1:2026-10]": 120_00}
    rows = Entry.objects.filter(template="REDEEM").order_by("id").last().transfers.all()
    posted = {(t.debit_account.code, t.credit_account.code): t.amount for t in rows}
    assert posted["K.Held[P1,O1:2026-10,USE.NO_EVID]", "K.Subsidy[P1,O1:2026-10]"] == 60_00
    assert posted["B.Held[P1,V1,O1]", "B.Redeemed[P1,V1]"] == 60_00
    assert all_hold()


def test_the_cap_of_the_order_binds_and_the_enterprise_pays_the_rest():
    declare()
    line = row(1, "2026-10-05T00:00:00", "2026-10-26T00:00:00", gpus=2)  # 1,008 GPU-hours: 20,160.00, 30 % is 6,048.00
    submit(line)
    submit(line, source="agent")

    adjudication = run().adjudications.get()
    approve()

    assert adjudication.subsidy_minor == 3000_00
    assert adjudication.adjustments.get().code == "VCH.BAL"
    assert adjudication.adjustments.get().amount_minor == 3048_00
    assert balances("B.Held[P1,V1,O1]") == {"B.Held[P1,V1,O1]": 0}
    assert balances("K.EnterpriseDue")["K.EnterpriseDue[P1,O1:2026-10,VCH.BAL]"] == 3048_00
    assert all_hold()


def test_nobody_approves_their_own_run():
    declare()
    line = row(1, "2026-10-05T00:00:00", "2026-10-05T10:00:00")
    submit(line)
    boss, department = User.objects.get(login="boss"), Organisation.objects.get(code="dept")
    Membership.objects.create(user=boss, organisation=department, role=Role.DEPARTMENT_OFFICER)
    run(actor="boss")

    with pytest.raises(ApproverProposed):
        approve(actor="boss")
    assert Approval.objects.count() == 0


def test_statements_are_issued_only_when_every_line_is_approved_and_are_answered_once():
    declare()
    line = row(1, "2026-10-05T00:00:00", "2026-10-05T10:00:00")
    submit(line)
    submit(line, source="agent")
    run()
    boss, centre = actor_named("boss"), actor_named("c1-op")
    with pytest.raises(LinesUnapproved):
        settlement.issue(programme="P1", period="2026-10", kind="S1", actor=boss)
    approve()

    (statement,) = settlement.issue(programme="P1", period="2026-10", kind="S1", actor=boss)
    again = settlement.issue(programme="P1", period="2026-10", kind="S1", actor=boss)
    confirmed = settlement.answer(statement=statement.code, kind="confirmed", reason="", actor=centre)
    repeated = settlement.answer(statement=statement.code, kind="confirmed", reason="", actor=centre)

    assert again == [statement]
    assert Statement.objects.count() == 1
    assert repeated == confirmed
    with pytest.raises(StatementAnswered):
        settlement.answer(statement=statement.code, kind="disputed", reason="line O1", actor=centre)


def test_a_dispute_needs_a_reason_and_only_the_payee_answers():
    declare()
    line = row(1, "2026-10-05T00:00:00", "2026-10-05T10:00:00")
    submit(line)
    submit(line, source="agent")
    run()
    approve()
    (statement,) = settlement.issue(programme="P1", period="2026-10", kind="S1", actor=actor_named("boss"))

    with pytest.raises(DisputeLacksReason):
        settlement.answer(statement=statement.code, kind="disputed", reason="  ", actor=actor_named("c1-op"))
    with pytest.raises(ActNotPermitted):
        settlement.answer(statement=statement.code, kind="confirmed", reason="", actor=actor_named("boss"))
    with pytest.raises(NotFound):
        settlement.answer(statement=statement.code, kind="confirmed", reason="", actor=actor_named("e1-op"))


def test_approving_twice_posts_once():
    declare()
    line = row(1, "2026-10-05T00:00:00", "2026-10-05T10:00:00")
    submit(line)
    submit(line, source="agent")
    run()

    first = approve()
    second = approve()

    assert first == second
    assert Entry.objects.filter(template="REDEEM").count() == 1


def test_a_correction_downwards_after_approval_is_refused_with_what_to_do():
    declare()
    submit(row(1, "2026-10-05T00:00:00", "2026-10-05T10:00:00"))
    submit(row(1, "2026-10-05T00:00:00", "2026-10-05T10:00:00"), source="agent", name="evidence")
    run()
    approve()
    submit(row(1, "2026-10-05T00:00:00", "2026-10-05T06:00:00"), name="corrected")
    submit(row(1, "2026-10-05T00:00:00", "2026-10-05T06:00:00"), source="agent", name="evidence again")
    run()

    with pytest.raises(DeltaNegative) as refused:
        approve()

    assert "hearing" in refused.value.advice
    assert all_hold()


def test_the_fen_that_cannot_be_shared_goes_to_the_level_named_first_and_levels_never_drift():
    declare()
    lines = [row(n, f"2026-10-0{n}T00:00:00", f"2026-10-0{n}T00:01:00") for n in (1, 2)]  # a minute is 33.33 fen
    submit(*lines, row(3, "2026-10-03T00:00:00", "2026-10-03T00:03:00", account="lab2"))
    submit(*lines, row(3, "2026-10-03T00:00:00", "2026-10-03T00:03:00", account="lab2"), source="agent")
    found = run()
    approve()

    subsidies = [a.subsidy_minor for a in found.adjudications.order_by("line__code")]
    assert subsidies == [20, 30]
    assert balances("M.Financing") == {"M.Financing[P1,prov]": 25, "M.Financing[P1,city]": 25}

    submit(row(4, "2026-10-04T00:00:00", "2026-10-04T00:00:06"), name="more")
    submit(row(4, "2026-10-04T00:00:00", "2026-10-04T00:00:06"), source="agent", name="more seen")
    run()
    approve()
    assert balances("M.Financing") == {"M.Financing[P1,prov]": 26, "M.Financing[P1,city]": 25}
    assert all_hold()


def test_levels_share_what_they_bear_and_not_what_was_ever_expensed():
    """A fen of a closed year was clawed back: the levels bear 49 of 50, and the next one is the city's again."""
    declare()
    lines = [row(n, f"2026-10-0{n}T00:00:00", f"2026-10-0{n}T00:01:00") for n in (1, 2)]
    submit(*lines, row(3, "2026-10-03T00:00:00", "2026-10-03T00:03:00", account="lab2"))
    submit(*lines, row(3, "2026-10-03T00:00:00", "2026-10-03T00:03:00", account="lab2"), source="agent")
    run()
    approve()
    clawback = [
        books.Row("B.Redeemed[P1,V2]", "B.UnderRecovery[P1,V2]", 1, "CNY"),
        books.Row("M.Recoverable[P1,c1,case1]", "M.PriorYearRecovery[P1,2027]", 1, "CNY"),
        books.Row("M.Financing[P1,city]", "M.OwedToLevel[P1,city]", 1, "CNY"),
    ]
    books.post([books.Entry("CLAWBACK", "clawback:1", at("2027-01-10T00:00"), "boss", clawback, approver="clerk")])

    submit(row(4, "2026-10-04T00:00:00", "2026-10-04T00:00:06"), name="more")
    submit(row(4, "2026-10-04T00:00:00", "2026-10-04T00:00:06"), source="agent", name="more seen")
    run()
    approve()

    assert balances("M.Financing") == {"M.Financing[P1,prov]": 25, "M.Financing[P1,city]": 25}
    assert "levels_bear_their_shares" not in {verdict.invariant.name for verdict in verify() if not verdict.holds}


def test_value_that_is_gone_since_the_run_is_named_with_its_line_and_nothing_is_approved():
    declare()
    lines = [row(n, "2026-10-05T00:00:00", "2026-10-05T10:00:00", account=f"lab{n}") for n in (1, 2)]
    submit(*lines)
    submit(*lines, source="agent")
    run()
    gone = books.Row("B.Held[P1,V2,O2]", "B.Available[P1,V2]", 2990_00, "CNY")
    books.post([books.Entry("RELEASE", "release:O2", at("2026-11-16T08:00"), "op", [gone])])

    with pytest.raises(DecisionStale) as refused:
        approve()

    assert refused.value.fields["line"] == "O2:2026-10"
    assert Approval.objects.count() == 0
    assert balances("K.") == {}
