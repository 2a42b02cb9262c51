"""A fund's share rule is written whole, once and for life; and the database shares as the house's arithmetic does."""

import pytest
from bookkeeping import at_once, forgotten
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.funds import errors
from ledger.funds.models import Fund, FundShare
from ledger.funds.services import declare_shares
from ledger.units import split_by_shares

database = [pytest.mark.database, pytest.mark.django_db]
SHARES = {"prov": 1, "city": 2}


def declared() -> list[tuple]:
    return [
        *Fund.objects.order_by("code").values_list("code", "payments_follow"),
        *FundShare.objects.order_by("fund", "place").values_list("fund", "place", "level", "weight"),
    ]


class TestDeclaring:
    pytestmark = database

    def test_a_rule_is_new_once_and_then_a_repetition(self):
        assert declare_shares(fund="T26", shares=SHARES)
        assert not declare_shares(fund="T26", shares=SHARES)
        assert declare_shares(fund="T27", shares=SHARES, payments_follow="after_clearing")

        assert declared() == [
            ("T26", "at_once"),
            ("T27", "after_clearing"),
            ("T26", 1, "prov", 1),
            ("T26", 2, "city", 2),
            ("T27", 1, "prov", 1),
            ("T27", 2, "city", 2),
        ]

    @pytest.mark.parametrize(
        "other",
        [
            {"shares": {"prov": 1, "city": 1}},
            {"shares": {"prov": 2, "city": 4}},
            {"shares": {"city": 2, "prov": 1}},
            {"shares": {"prov": 1}},
            {"shares": {"prov": 1, "city": 2, "county": 1}},
            {"shares": {"prov": 1, "town": 2}},
            {"shares": SHARES, "payments_follow": "after_clearing"},
        ],
        ids=str,
    )
    def test_another_rule_is_refused_and_says_both(self, other):
        declare_shares(fund="T26", shares=SHARES)
        before = declared()

        with pytest.raises(errors.FundKeepsItsShares) as refused:
            declare_shares(fund="T26", **other)

        assert refused.value.fields["declared"] == "prov 1 : city 2, payments at_once"
        assert refused.value.fields["asked"] != refused.value.fields["declared"]
        assert declared() == before

    @pytest.mark.parametrize(
        ("refusal", "fund", "shares"),
        [
            (errors.FundCodeMalformed, "", SHARES),
            (errors.FundCodeMalformed, "T 26", SHARES),
            (errors.FundCodeMalformed, "T26,city", SHARES),
            (errors.FundCodeMalformed, "T" * 41, SHARES),
            (errors.FundHasNoLevels, "T26", {}),
            (errors.LevelMalformed, "T26", {"": 1}),
            (errors.LevelMalformed, "T26", {"prov]": 1}),
            (errors.LevelMalformed, "T26", {"省": 1}),
            (errors.ShareNotPositive, "T26", {"prov": 0}),
            (errors.ShareNotPositive, "T26", {"prov": 1, "city": -1}),
            (errors.ShareNotPositive, "T26", {"prov": 1_000_000}),
            (errors.ShareNotPositive, "T26", {"prov": 2**62}),
        ],
    )
    def test_what_is_no_rule_is_refused_with_its_reason_and_leaves_nothing(self, refusal, fund, shares):
        with pytest.raises(refusal) as refused:
            declare_shares(fund=fund, shares=shares)

        assert "(unknown" not in refused.value.sentence
        assert declared() == []

    @pytest.mark.parametrize(
        ("arguments", "constraint"),
        [
            ("'T26', 'at_once', '{prov,city}', '{1}', 1", "fund_must_have_levels"),
            ("'T26', 'at_once', NULL, NULL, 1", "fund_must_have_levels"),
            ("'T26', 'at_once', '{prov,prov}', '{1,1}', 1", "share_level_must_be_named_once"),
            ("'T26', 'never', '{prov}', '{1}', 1", "fund_payments_must_follow_a_known_rule"),
        ],
    )
    def test_the_door_is_not_talked_into_half_a_rule(self, arguments, constraint):
        with pytest.raises(DatabaseError) as refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SELECT ledger_declare_shares_v1({arguments})")

        assert refused.value.__cause__.diag.constraint_name == constraint
        assert declared() == []


@pytest.mark.database
def test_of_two_that_declare_a_fund_at_once_one_is_first_and_the_other_is_told(committed):
    first, second = at_once(*[lambda: declare_shares(fund="T26", shares=SHARES)] * 2)
    assert {first, second} == {True, False}

    outcomes = at_once(
        lambda: declare_shares(fund="T27", shares=SHARES), lambda: declare_shares(fund="T27", shares={"city": 1})
    )
    assert {type(outcome) for outcome in outcomes} == {bool, errors.FundKeepsItsShares}


def shared_by_the_database(total: int, shares: dict[str, int]) -> dict[str, int]:
    with forgotten():
        declare_shares(fund="T26", shares=shares)
        with connection.cursor() as cursor:
            cursor.execute("SELECT level, share FROM ledger_split_by_shares_v1('T26', %s)", [total])
            return {level: int(share) for level, share in cursor.fetchall()}


class TestSharing:
    pytestmark = database

    @pytest.mark.parametrize(
        ("total", "expected"),
        [
            (0, {"prov": 0, "city": 0, "county": 0}),
            (1, {"prov": 0, "city": 1, "county": 0}),
            (3, {"prov": 1, "city": 1, "county": 1}),
            (4, {"prov": 0, "city": 2, "county": 2}),
            (10**18 - 1, {"prov": 142857142857142857, "city": 428571428571428571, "county": 428571428571428571}),
        ],
    )
    def test_three_levels_share_as_worked_by_hand(self, total, expected):
        assert shared_by_the_database(total, {"prov": 1, "city": 3, "county": 3}) == expected

    @settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        total=st.integers(0, 200) | st.integers(0, 10**18),
        weights=st.lists(st.integers(1, 9) | st.integers(1, 999_999), min_size=1, max_size=6),
    )
    def test_the_database_shares_as_the_arithmetic_of_the_house_does(self, total, weights):
        shares = {f"level{place}": weight for place, weight in enumerate(weights)}

        assert shared_by_the_database(total, shares) == split_by_shares(total, shares)

    def test_a_fund_without_a_rule_has_no_shares(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM ledger_split_by_shares_v1('T99', 5)")
            assert cursor.fetchall() == []
