"""The chart of accounts as data: a flow stays in its kind of book, and value on its line, voucher or limit."""

import pytest

from ledger.books.chart import rows_of
from ledger.books.models import AccountType, Flow, Template

TYPES = {row["code"]: row for row in rows_of("account_types")}
TEMPLATES = {row["code"] for row in rows_of("templates")}
FLOWS = rows_of("flows")
ON_A_VOUCHER = {f"B.{state}" for state in ("Available", "Frozen", "Held", "Redeemed", "UnderRecovery", "Expired",
                                           "Revoked", "WrittenOff", "ReturnedToTreasury")}  # fmt: skip


def keys(code: str) -> list[str]:
    return TYPES[code]["keys"].split()


def named(flow: dict[str, str]) -> str:
    return "{template}: {debit_type}→{credit_type}".format(**flow)


def same(flow: dict[str, str]) -> list[str]:
    return flow["same_keys"].split()


def test_a_flow_names_a_template_and_two_types_of_one_kind():
    for flow in FLOWS:
        assert flow["template"] in TEMPLATES, named(flow)
        assert flow["debit_type"][0] == flow["credit_type"][0], named(flow)


def test_a_flow_keeps_only_keys_that_both_types_have():
    for flow in FLOWS:
        assert set(same(flow)) <= set(keys(flow["debit_type"])) & set(keys(flow["credit_type"])), named(flow)


def test_a_flow_of_claims_stays_on_its_line_and_of_limits_on_its_key():
    for flow in FLOWS:
        if flow["debit_type"][0] in "KQ":
            assert same(flow) == ["line"], named(flow)
        if flow["debit_type"][0] == "L":
            assert same(flow) == keys(flow["debit_type"]) == keys(flow["credit_type"]), named(flow)


def test_a_flow_between_states_of_value_stays_on_its_voucher():
    for flow in FLOWS:
        if {flow["debit_type"], flow["credit_type"]} <= ON_A_VOUCHER and flow["template"] != "TRANSFER":
            assert same(flow) == ["voucher"], named(flow)


def test_a_flow_of_public_money_stays_on_its_level():
    for flow in FLOWS:
        shared = {"level"} & set(keys(flow["debit_type"])) & set(keys(flow["credit_type"]))
        if flow["template"] not in {"FUND.TRANSFER", "FUND.CLEAR"}:
            assert shared <= set(same(flow)), named(flow)


def test_what_brings_a_recovery_in_hands_it_on():
    """So nothing is ever received and not handed on, and what is recoverable is what levels are owed, to the fen."""
    settles = {flow["template"] for flow in FLOWS if flow["credit_type"] == "M.Recoverable"}

    assert settles == {"CLAW.NET", "CLAW.CASH", "CLAW.WRITEOFF"}
    assert settles == {flow["template"] for flow in FLOWS if flow["debit_type"] == "M.OwedToLevel"} - {"CLAWBACK"}


def test_what_brings_money_on_a_zero_balance_account_takes_it_off():
    """So it can be empty at the end of every day."""
    for bank in ("debit_type", "credit_type"):
        other = {"debit_type": "credit_type", "credit_type": "debit_type"}[bank]
        assert {flow["template"] for flow in FLOWS if flow[bank] == "M.Bank"} == {
            flow["template"] for flow in FLOWS if flow[other] == "M.Bank"
        }


def test_what_identities_count_by_direction_is_listed_in_one_direction_only():
    """There an opposite row can only be a mirror, and is counted against what it takes back."""
    pairs = {(flow["debit_type"], flow["credit_type"]) for flow in FLOWS}
    line, elsewhere = ("F.OwedToCentre", "F.CentreReturnDue"), ("F.Psp", "F.Deposit", "F.Suspense", "F.Dispute",
                                                               "F.RefundDue")  # fmt: skip
    counted = [(one, other) for one in line for other in elsewhere]
    counted += [("B.Available", "B.Awarded"), ("B.Available", "B.Unallocated"), ("B.Redeemed", "B.Awarded")]

    for one, other in counted:
        assert not {(one, other), (other, one)} <= pairs, (one, other)
    assert {flow["template"] for flow in FLOWS if flow["debit_type"] == flow["credit_type"] == "B.Available"} == {
        "TRANSFER"
    }


def test_every_template_but_the_mirror_lists_its_flows():
    assert TEMPLATES - {flow["template"] for flow in FLOWS} == {"REVERSE"}


def test_every_type_can_be_debited_and_credited_unless_it_only_ever_grows_or_opens():
    debited, credited = ({flow[f"{side}_type"] for flow in FLOWS} for side in ("debit", "credit"))

    assert set(TYPES) == debited | credited
    assert set(TYPES) - debited == {"B.Expired", "B.Revoked", "B.WrittenOff", "B.ReturnedToTreasury", "K.CentreBears",
        "K.EnterpriseRepays", "K.AgencyBears", "Q.CentreBears", "L.Issued", "M.PriorYearRecovery"}  # fmt: skip
    assert set(TYPES) - credited == {"K.Claimed", "L.Cap", "L.Over", "L.Target", "M.WriteOff",
        "Q.Claimed", "B.Released"}  # fmt: skip


@pytest.mark.database
@pytest.mark.django_db
def test_the_database_holds_the_chart_of_the_files():
    assert set(AccountType.objects.values_list("code", flat=True)) == set(TYPES)
    assert set(Template.objects.values_list("code", flat=True)) == TEMPLATES
    listed = {(flow["template"], flow["debit_type"], flow["credit_type"]): flow["same_keys"].split() for flow in FLOWS}
    stored = Flow.objects.values_list("template_id", "debit_type_id", "credit_type_id", "same_keys")
    assert {tuple(row[:3]): row[3] for row in stored} == listed
