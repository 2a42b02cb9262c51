"""From device time to money: properties that must hold whatever a line holds."""

from hypothesis import given
from hypothesis import strategies as st

from billing.rating.rules import Row, amounts_of_line
from ledger.units import MS_PER_HOUR

CODES = ["USE.NO_EVID", "USE.QTY_OVER", "USE.STATE", "USE.TIME"]
ROWS = st.lists(
    st.builds(
        Row,
        price_list=st.just("P"),
        device_class=st.just("A100"),
        minor_per_hour=st.integers(0, 10**7),
        allowed_ms=st.integers(0, 10**13),
        cut_ms=st.dictionaries(st.sampled_from(CODES), st.integers(1, 10**13)),
    ),
    min_size=1,
    max_size=4,
)


@given(rows=ROWS, rate_bps=st.integers(0, 10_000), held=st.integers(0, 10**12))
def test_claimed_is_allowed_plus_every_cut_in_time_and_in_money(rows, rate_bps, held):
    line = amounts_of_line(rows, rate_bps=rate_bps, held_minor=held)

    borne = [cut for cut in line.cuts if cut.bearer != "enterprise"]
    assert line.claimed_ms == line.allowed_ms + sum(cut.quantity_ms for cut in borne)
    assert line.claimed_minor == line.allowed_minor + sum(cut.amount_minor for cut in borne)
    assert line.allowed_minor == line.subsidy_minor + line.enterprise_minor


@given(rows=ROWS, rate_bps=st.integers(0, 10_000), held=st.integers(0, 10**12))
def test_the_subsidy_passes_neither_its_rate_nor_what_is_held(rows, rate_bps, held):
    line = amounts_of_line(rows, rate_bps=rate_bps, held_minor=held)

    assert 0 <= line.subsidy_minor <= min(held, line.explanation["subsidy_before_caps_minor"])
    assert abs(2 * (10_000 * line.explanation["subsidy_before_caps_minor"] - line.allowed_minor * rate_bps)) <= 10_000


@given(price=st.integers(0, 10**6), pieces=st.lists(st.integers(0, 10**9), min_size=1, max_size=6))
def test_a_charge_is_the_rounded_price_of_the_whole_however_it_is_cut(price, pieces):
    cut = dict(zip(CODES, pieces[1:], strict=False))
    whole = sum([pieces[0], *cut.values()])
    line = amounts_of_line([Row("P", "A100", price, pieces[0], cut)], rate_bps=3000, held_minor=10**15)

    assert abs(2 * (line.claimed_minor * MS_PER_HOUR - whole * price)) <= MS_PER_HOUR


@given(rows=ROWS, more=st.integers(1, 10**12))
def test_more_allowed_use_never_pays_less(rows, more):
    first = rows[0]
    longer = [Row("P", "A100", first.minor_per_hour, first.allowed_ms + more, first.cut_ms), *rows[1:]]

    before = amounts_of_line(rows, rate_bps=3000, held_minor=10**9).subsidy_minor
    after = amounts_of_line(longer, rate_bps=3000, held_minor=10**9).subsidy_minor

    assert after >= before


def test_halves_go_to_the_even_fen():
    half = Row("P", "A100", 1, MS_PER_HOUR // 2, {})
    assert amounts_of_line([half], rate_bps=3000, held_minor=10).allowed_minor == 0
    assert amounts_of_line([Row("P", "A100", 3, MS_PER_HOUR // 2, {})], rate_bps=3000, held_minor=10).allowed_minor == 2
