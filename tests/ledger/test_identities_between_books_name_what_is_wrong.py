"""Acts that are right by their template and wrong in the whole: identities between books, levels and days name them.

Nobody forges anything here: every deed goes through the door. A worked case is posted up to an entry that was damaged.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest
from bookkeeping import HAPPENED_MS, begun, case, entry, post, violated, voucher

from ledger.books.services import Row
from ledger.funds.services import declare_shares
from ledger.verification import verify

pytestmark = [pytest.mark.database, pytest.mark.django_db]

DAY_MS = 86_400_000
Rows = list[Row]


def damaged(name: str, number: int, damage: Callable[[Rows], Rows]) -> set[str]:
    """Post a case up to its entry `number`, damaged, and say which invariants no longer hold."""
    worked = begun(name)
    before, wrong = worked.entries[: number - 1], worked.entries[number - 1]
    post(before)
    assert violated() == set()
    rows = damage(wrong.rows)
    assert rows != wrong.rows
    post([replace(wrong, rows=rows)])
    return violated()


def without(*parts: str) -> Callable[[Rows], Rows]:
    """Leave out the rows that debit and credit these types."""
    pairs = {tuple(part.split("→")) for part in parts}
    return lambda rows: [row for row in rows if (row.debit.split("[")[0], row.credit.split("[")[0]) not in pairs]


def swapped(old: str, new: str) -> Callable[[Rows], Rows]:
    """Write one level for the other in the rows of a type, such as `M.Financing[HN24,prov]`."""
    mark = "\0"
    return lambda rows: [
        replace(
            row,
            debit=row.debit.replace(old, mark).replace(new, old).replace(mark, new),
            credit=row.credit.replace(old, mark).replace(new, old).replace(mark, new),
        )
        for row in rows
    ]


def facts_of(name: str) -> list[tuple[str, str]]:
    (verdict,) = [verdict for verdict in verify() if verdict.invariant.name == name]
    return list(verdict.first)


class TestLevels:
    def test_a_fen_that_the_wrong_level_bears(self):
        """Of 24,000,001 the odd fen is the province's, which was named first."""
        wrong = swapped(",prov]", ",city]")

        assert damaged("i", 6, wrong) == {"levels_bear_their_shares"}
        assert facts_of("levels_bear_their_shares") == [
            ("fund HN24", "city bears 12000001, its share is 12000000"),
            ("fund HN24", "prov bears 12000000, its share is 12000001"),
        ]

    def test_an_expense_that_no_level_bears(self):
        assert damaged("i", 6, without("M.LevelCurrent→M.Financing")) == {"levels_bear_their_shares"}

    def test_a_level_that_is_none_of_the_fund_s(self):
        assert damaged("v", 9, swapped(",city]", ",county]")) == {"levels_bear_their_shares"}

    def test_what_was_written_off_and_no_level_bears(self):
        damage = without("M.OwedToLevel→M.Financing")

        assert damaged("vi", 42, damage) == {"levels_bear_their_shares", "recoveries_are_owed_to_levels"}

    def test_a_fund_that_levels_finance_and_that_has_no_share_rule(self):
        post(case("i").entries)

        assert violated() == {"levels_bear_their_shares"}
        assert facts_of("levels_bear_their_shares") == [("fund HN24", "levels finance it, and it has no share rule")]

    def test_a_fen_that_is_ordered_from_the_wrong_level(self):
        wrong = swapped("HN24,prov,2024]", "HN24,city,2024]")

        assert damaged("i", 8, wrong) == {"payments_follow_the_shares"}
        assert facts_of("payments_follow_the_shares") == [
            ("fund HN24", "city paid 12000001, its share is 12000000"),
            ("fund HN24", "prov paid 12000000, its share is 12000001"),
        ]

    def test_a_recovery_that_goes_back_to_the_wrong_level(self):
        damage = swapped("B.Authority[ZZ25,prov,2025]", "B.Authority[ZZ25,city,2025]")

        def both(rows: Rows) -> Rows:
            rows = swapped("B.Spent[ZZ25,prov,2025]", "B.Spent[ZZ25,city,2025]")(damage(rows))
            return [replace(row, amount=row.amount + (row.debit == "B.Authority[ZZ25,prov,2025]")
                            - (row.debit == "B.Authority[ZZ25,city,2025]")) for row in rows]  # fmt: skip

        assert damaged("vi", 19, both) == {"payments_follow_the_shares"}

    def test_a_clearing_that_leaves_one_level_s_authority_as_it_was(self):
        """Before the clearing one level may have paid all of it; from the clearing on, it may not have."""
        damage = without("B.Spent→B.Authority", "B.Authority→B.Spent")

        assert damaged("small/one_level_pays_first", 6, damage) == {"payments_follow_the_shares"}

    def test_a_later_clearing_that_is_right_heals_one_that_was_not(self):
        damage = without("B.Spent→B.Authority", "B.Authority→B.Spent")
        assert damaged("small/one_level_pays_first", 6, damage) == {"payments_follow_the_shares"}

        rows = case("small/one_level_pays_first").entries[5].rows
        missing = [(row.debit, row.credit, row.amount) for row in rows if row.debit.startswith("B.")]
        post([entry("FUND.CLEAR", *missing)])

        assert violated() == set()


class TestDays:
    def test_money_that_stays_on_a_zero_balance_account_over_night(self):
        """The day on which it came may still be open; as soon as another has begun in its book, it is not."""
        bank, due = "M.Bank[T26,city0]", "M.DueToTreasury[T26]"
        post([entry("PENALTY", (bank, due, 85))])
        assert violated() == set()

        post([entry("PENALTY", (due, bank, 85), happened_at_ms=HAPPENED_MS + DAY_MS)])

        assert violated() == {"zero_balance_accounts_end_their_days_empty"}
        assert facts_of("zero_balance_accounts_end_their_days_empty") == [
            (bank, "stood at 85 at the end of 2026-10-01")
        ]

    def test_the_day_is_beijing_s(self):
        """One second before and after midnight in Beijing, which is 16:00 of the day before in UTC."""
        bank, due = "M.Bank[T26,city0]", "M.DueToTreasury[T26]"
        post([entry("PENALTY", (bank, due, 85), happened_at_ms=HAPPENED_MS + 1000)])
        post([entry("PENALTY", (due, bank, 85), happened_at_ms=HAPPENED_MS + DAY_MS - 1000)])
        post([entry("PENALTY", (bank, due, 1), (due, bank, 1), happened_at_ms=HAPPENED_MS + DAY_MS)])
        assert violated() == set()

        post([entry("PENALTY", (bank, due, 85), happened_at_ms=HAPPENED_MS - 1000)])
        post([entry("PENALTY", (due, bank, 85), happened_at_ms=HAPPENED_MS)])
        assert violated() == {"zero_balance_accounts_end_their_days_empty"}

    def test_an_act_that_is_dated_back_is_counted_on_its_day(self):
        bank, due = "M.Bank[T26,city0]", "M.DueToTreasury[T26]"
        post([entry("PENALTY", (bank, due, 85))])
        post([entry("PENALTY", (bank, due, 1), (due, bank, 1), happened_at_ms=HAPPENED_MS + DAY_MS)])
        assert violated() == {"zero_balance_accounts_end_their_days_empty"}

        post([entry("PENALTY", (due, bank, 85), happened_at_ms=HAPPENED_MS + 1)])
        assert violated() == set()

    def test_an_unexpected_bank_line_that_is_not_drawn_the_same_day(self):
        worked = begun("small/suspense")
        post([*worked.entries[:7], replace(worked.entries[7], rows=worked.entries[7].rows[:1])])
        assert violated() == set(), "the day may still be open"

        post(worked.entries[9:10])

        assert violated() == {"zero_balance_accounts_end_their_days_empty"}


class TestRecoveries:
    def test_a_recovery_that_was_received_and_not_handed_on(self):
        damage = without("M.OwedToLevel→M.Bank")

        assert "recoveries_are_owed_to_levels" in damaged("vi", 19, damage)
        assert facts_of("recoveries_are_owed_to_levels") == [("fund ZZ25", "0 recoverable, 7800 owed to levels")]

    def test_a_set_off_that_was_not_handed_on(self):
        assert damaged("vi", 17, without("M.OwedToLevel→M.LevelCurrent")) == {"recoveries_are_owed_to_levels"}


class TestCoPayments:
    @pytest.mark.parametrize(
        ("name", "number", "damage"),
        [
            ("vi", 6, without("K.EnterpriseDue→K.EnterprisePaid")),
            ("v", 10, without("F.Deposit→F.OwedToCentre")),
            ("v", 24, without("K.EnterprisePaid→K.EnterpriseDue")),
            ("vi", 16, without("F.CentreReturnDue→F.RefundDue")),
            ("vi", 21, without("K.RefundDue→K.CentreBears")),
            ("vi", 6, swapped("F.OwedToCentre[OP,C7,s3]", "F.OwedToCentre[OP,C7,s4]")),
            ("small/deposit_and_transfer", 9, without("K.EnterprisePaid→K.EnterpriseDue")),
            ("small/deposit_and_transfer", 11, without("K.EnterpriseDue→K.EnterprisePaid")),
            ("small/deposit_and_transfer", 7, swapped("F.RefundDue[OPT,E1,O1]", "F.RefundDue[OPT,E1,s1]")),
            ("small/cut_after_collection", 6, without("F.CentreReturnDue→F.RefundDue")),
        ],
    )
    def test_what_the_collector_holds_and_the_claim_does_not_know_or_the_other_way_round(self, name, number, damage):
        assert damaged(name, number, damage) == {"collected_money_is_the_co_payment"}


class TestCounters:
    @pytest.mark.parametrize(
        ("name", "number", "damage"),
        [
            ("i", 6, without("L.Room→L.Used")),
            ("i", 14, without("L.Used→L.Room")),
            ("vi", 19, without("L.Used→L.Room")),
            ("i", 3, lambda rows: [row for row in rows if row.amount != 60_000_000 or row.debit[0] == "B"]),
            ("small/award_reduced", 5, without("L.Used→L.Room")),
            ("small/award_reduced", 5, without("B.Awarded→B.Unallocated")),
            ("small/cap_given_back", 2, without("B.Unallocated→B.Awarded")),
        ],
    )
    def test_a_counter_that_does_not_move_with_what_it_counts(self, name, number, damage):
        assert damaged(name, number, damage) == {"counters_match_what_they_count"}

    def test_more_given_back_than_lapsed(self):
        used, room = "L.Used[CB26,issued,E1,2026]", "L.Room[CB26,issued,E1,2026]"
        post([*begun("small/cap_given_back").entries[:6], entry("CAP.BACK", (used, room, 10_000))])
        assert violated() == set()

        post(case("small/cap_given_back").entries[6:])
        post([entry("CAP.BACK", (used, room, 1))])

        assert violated() == {"counters_match_what_they_count"}
        assert facts_of("counters_match_what_they_count") == [
            ("fund CB26", "60001 of counter issued given back, 60000 lapsed")
        ]

    def test_a_counter_of_another_unit_is_not_compared_with_value(self):
        keys = "[T26,issued,E1,2026]"
        post([*voucher("V1", 100), entry("AWARD", (f"L.Cap{keys}", f"L.Room{keys}", 5, "count"),
                                         (f"L.Room{keys}", f"L.Used{keys}", 1, "count"))])  # fmt: skip

        assert violated() == set()


def test_a_rule_is_declared_even_after_the_fund_began():
    """The rule is a fact of the fund's; who declares it late finds the books verified from their first entry."""
    post(case("v").entries)
    assert violated() == {"levels_bear_their_shares"}

    declare_shares(fund="QY24", shares={"city": 1})

    assert violated() == set()
