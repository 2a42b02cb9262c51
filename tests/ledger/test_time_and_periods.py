"""Instants, days and settlement periods: neighbours share no millisecond and leave none out, in every zone."""

from contextlib import suppress
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import clock, periods
from ledger.ids import ALPHABET, new, seeded

#: Zones whose clocks change at midnight, by half an hour, or not at all.
ZONES = ["Asia/Shanghai", "UTC", "Europe/Berlin", "America/Havana", "Africa/Cairo", "Asia/Beirut", "Asia/Kathmandu",
         "Australia/Lord_Howe", "America/Asuncion", "Pacific/Chatham", "Pacific/Apia"]  # fmt: skip
zones = st.sampled_from(ZONES)
days = st.dates(date(2020, 1, 1), date(2037, 12, 31))
years = st.integers(2020, 2037)
names = st.one_of(
    st.builds("{}".format, years),
    st.builds("{}-Q{}".format, years, st.integers(1, 4)),
    st.builds("{}-{:02d}".format, years, st.integers(1, 12)),
    st.builds("{}-W{:02d}".format, years, st.integers(1, 52)),
)


@given(day=days, zone=zones)
def test_a_day_begins_at_its_first_millisecond(day, zone):
    start = clock.start_of_day_ms(day, zone)

    assert clock.day_of(start, zone) == day
    assert clock.day_of(start - 1, zone) == day - timedelta(days=1)


@given(day=days, zone=zones)
def test_a_day_is_as_long_as_its_zone_says(day, zone):
    length = clock.start_of_day_ms(day + timedelta(days=1), zone) - clock.start_of_day_ms(day, zone)

    assert length % 1_800_000 == 0
    assert abs(length - 86_400_000) <= 3_600_000


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        (date(2026, 3, 29), "Europe/Berlin", 23),
        (date(2026, 10, 25), "Europe/Berlin", 25),
        (date(2026, 3, 8), "America/Havana", 23),
        (date(2026, 11, 1), "America/Havana", 25),
        (date(2026, 4, 24), "Africa/Cairo", 23),
        (date(2026, 10, 4), "Australia/Lord_Howe", 23.5),
        (date(2026, 10, 25), "Asia/Shanghai", 24),
    ],
)
def test_a_day_on_which_clocks_change(day, zone, hours):
    start, end = clock.start_of_day_ms(day, zone), clock.start_of_day_ms(day + timedelta(days=1), zone)

    assert end - start == hours * 3_600_000


def test_a_day_that_a_zone_left_out_has_no_length():
    assert clock.start_of_day_ms(date(2011, 12, 30), "Pacific/Apia") == clock.start_of_day_ms(
        date(2011, 12, 31), "Pacific/Apia"
    )


@given(instant=st.integers(0, 7_258_118_399_999), zone=zones)
def test_every_instant_lies_in_its_day(instant, zone):
    day = clock.day_of(instant, zone)

    assert clock.start_of_day_ms(day, zone) <= instant < clock.start_of_day_ms(day + timedelta(days=1), zone)


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_790_784_000_007, "2026-09-30T16:00:00.007Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
    ],
)
def test_an_instant_is_written_with_its_milliseconds(instant, text):
    assert clock.iso_utc(instant) == text


def test_a_held_clock_stands_still_and_is_given_back():
    with clock.held_at(1_000):
        assert (clock.now_ms(), clock.now_ms()) == (1_000, 1_000)
        with clock.held_at(2_000):
            assert clock.now_ms() == 2_000
        assert clock.now_ms() == 1_000
    assert clock.now_ms() > 1_700_000_000_000


@given(name=names)
def test_a_period_is_named_as_it_is_written(name):
    period = periods.parse(name)

    assert period.name == name
    assert period.starts_on < period.ends_on


@given(year=years, zone=zones, form=st.sampled_from(["{}-{:02d}", "{}-Q{}", "{}-W{:02d}"]))
def test_neighbouring_periods_meet_in_one_instant(year, zone, form):
    count = {"{}-{:02d}": 12, "{}-Q{}": 4}.get(form) or date(year, 12, 28).isocalendar().week
    following = [form.format(year, number) for number in range(1, count + 1)] + [form.format(year + 1, 1)]

    bounds = [periods.parse(name).bounds_ms(zone) for name in following]

    for (start, end), (next_start, _) in pairwise(bounds):
        assert start < end == next_start


@given(year=years, zone=zones)
def test_months_and_quarters_fill_their_year(year, zone):
    whole = periods.parse(str(year)).bounds_ms(zone)
    for form, count in (("{}-{:02d}", 12), ("{}-Q{}", 4)):
        first, last = periods.parse(form.format(year, 1)), periods.parse(form.format(year, count))
        assert (first.bounds_ms(zone)[0], last.bounds_ms(zone)[1]) == whole


@pytest.mark.parametrize(
    "text",
    ["", "26", "2026-", "2026-13", "2026-00", "2026-1", "2026-Q0", "2026-Q5", "2026-W00", "2026-W54", "2025-W53",
     "2026-10-01", "2026-10\n", " 2026", "２０２６", "2٠26", "2026-q4", "3026", "0026"],
)  # fmt: skip
def test_what_names_no_period_is_refused(text):
    with pytest.raises(periods.PeriodMalformed) as refused:
        periods.parse(text)

    assert refused.value.fields == {"text": repr(text)}


@given(text=st.text(max_size=9))
def test_whatever_is_written_is_a_period_or_refused(text):
    with suppress(periods.PeriodMalformed):
        assert periods.parse(text).name.isascii()


@given(moments=st.lists(st.integers(0, 2**48 - 1), min_size=2, max_size=20, unique=True))
def test_ids_sort_by_time(moments):
    made = []
    for moment in sorted(moments):
        with clock.held_at(moment):
            made.append(new("use"))

    assert made == sorted(made)
    assert all(len(each) == 30 and set(each[4:]) <= set(ALPHABET) for each in made)


def test_ids_of_one_millisecond_differ():
    with clock.held_at(1_000):
        assert len({new("use") for _ in range(1_000)}) == 1_000


def test_seeded_ids_are_the_same_every_time_and_only_inside():
    def three():
        with clock.held_at(1_000), seeded(7):
            return [new("use") for _ in range(3)]

    assert three() == three()
    with clock.held_at(1_000):
        assert new("use") != new("use")
