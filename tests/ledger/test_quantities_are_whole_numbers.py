"""Units: what is divided adds up again, to the last fen and millisecond."""

from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import units

amounts = st.integers(-(10**18), 10**18)
weights = st.lists(st.integers(0, 10**12), max_size=30)
shares = st.dictionaries(st.sampled_from(["province", "city", "district", "zone", "park"]), st.integers(0, 10**6),
                         min_size=1).filter(lambda given: sum(given.values()) > 0)  # fmt: skip


@given(numerator=amounts, denominator=st.integers(1, 10**12))
def test_half_even_is_the_half_even_of_decimal(numerator, denominator):
    with localcontext(prec=60):
        exact = (Decimal(numerator) / Decimal(denominator)).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)

    assert units.divide_half_even(numerator, denominator) == int(exact)


@given(whole=amounts, denominator=st.integers(1, 10**6))
def test_exact_halves_go_to_the_even_neighbour(whole, denominator):
    rounded = units.divide_half_even((2 * whole + 1) * denominator, 2 * denominator)

    assert rounded % 2 == 0
    assert abs(rounded - Fraction(2 * whole + 1, 2)) == Fraction(1, 2)


@given(weights=weights, multiplier=st.integers(0, 10**6), divisor=st.integers(1, 10**7))
def test_the_parts_of_a_price_add_up_to_the_rounded_whole(weights, multiplier, divisor):
    parts = units.cumulative_parts(weights, multiplier, divisor)

    assert len(parts) == len(weights)
    assert sum(parts) == units.divide_half_even(sum(weights) * multiplier, divisor)
    for part, weight in zip(parts, weights, strict=True):
        assert part >= 0
        assert abs(part - Fraction(weight * multiplier, divisor)) <= 1


@given(weights=weights, more=weights, multiplier=st.integers(0, 10**6), divisor=st.integers(1, 10**7))
def test_what_is_priced_later_never_changes_what_was_priced(weights, more, multiplier, divisor):
    first = units.cumulative_parts(weights, multiplier, divisor)

    assert units.cumulative_parts(weights + more, multiplier, divisor)[: len(weights)] == first


@given(total=st.integers(0, 10**18), shares=shares)
def test_a_split_adds_up_and_no_part_is_a_whole_unit_off(total, shares):
    parts = units.split_by_shares(total, shares)

    assert sum(parts.values()) == total
    assert list(parts) == list(shares)
    for level, share in shares.items():
        assert abs(parts[level] - Fraction(total * share, sum(shares.values()))) < 1
        assert share or not parts[level]


@given(before=st.integers(0, 10**12), more=st.integers(0, 10**12), shares=shares)
def test_differences_of_cumulative_splits_add_up(before, more, shares):
    earlier, later = units.split_by_shares(before, shares), units.split_by_shares(before + more, shares)

    assert sum(later[level] - earlier[level] for level in shares) == more


def test_the_odd_fen_goes_to_the_level_named_first():
    assert units.split_by_shares(1, {"city": 1, "province": 1}) == {"city": 1, "province": 0}
    assert units.split_by_shares(1, {"province": 1, "city": 1}) == {"province": 1, "city": 0}


@given(amount=st.integers(0, 10**18))
def test_amounts_are_read_as_they_are_written(amount):
    assert units.minor_from_text(units.text_from_minor(amount).replace(",", "")) == amount


@given(text=st.text(max_size=8))
def test_what_is_read_as_an_amount_is_digits_with_at_most_two_decimals(text):
    try:
        amount = units.minor_from_text(text)
    except ValueError:
        return

    assert set(text) <= set("0123456789.")
    assert amount == Decimal(text) * 100


@pytest.mark.parametrize(
    "text",
    ["", ".", "1.", ".5", "-1", "+1", "1e3", "1,000", " 1", "1 ", "1\n", "1.234", "1.2.3", "١", "１", "²", "NaN"],
)
def test_anything_else_is_no_amount(text):
    with pytest.raises(ValueError):  # noqa: PT011 (the text itself is the message)
        units.minor_from_text(text)


@given(amount=st.integers(-(10**15), 10**15))
def test_an_amount_and_its_opposite_look_alike_but_for_the_sign(amount):
    assert units.text_from_minor(-amount).removeprefix("-") == units.text_from_minor(amount).removeprefix("-")
    assert Decimal(units.text_from_minor(amount).replace(",", "")) == Decimal(amount) / 100


@given(quantity=st.integers(-(10**15), 10**15))
def test_hours_are_cut_towards_zero(quantity):
    shown = Fraction(units.hours_from_ms(quantity).replace(",", ""))
    exact = Fraction(quantity, units.MS_PER_HOUR)

    assert abs(shown) <= abs(exact) < abs(shown) + Fraction(1, 10**6)
    assert shown * exact >= 0
