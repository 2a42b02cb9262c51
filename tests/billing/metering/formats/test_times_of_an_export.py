from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from billing.metering.formats.errors import TimeZoneUnknown
from billing.metering.formats.instants import ExportClock

EIGHT_UTC = 1790841600000


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("2026-10-01T08:00:00", "UTC"),
        ("2026-10-01T16:00:00", "Asia/Shanghai"),
        ("2026-10-01T04:00:00", "America/New_York"),
        ("2026-10-01T08:00:00Z", "Asia/Shanghai"),
        ("2026-10-01T16:00:00+08:00", "UTC"),
        ("2026-10-01T16:00:00+0800", "UTC"),
        ("2026-10-01T03:00:00-05:00", "UTC"),
        ("2026-10-01 08:00:00", "UTC"),
        ("2026-10-01T08:00:00.0009", "UTC"),
        ("1790841600", "Asia/Shanghai"),
    ],
)
def test_the_same_instant_in_every_spelling(sacct, text, zone):
    attempt = sacct.attempt(zone=zone, Submit=text, Start=text, End="1790845200")

    assert (attempt.submitted_ms, attempt.started_ms) == (EIGHT_UTC, EIGHT_UTC)


def test_reading_local_times_as_utc_would_move_the_job_to_another_day(sacct):
    row = {"Submit": "2026-10-01T00:30:00", "Start": "2026-10-01T00:30:00", "End": "2026-10-01T01:30:00"}
    here, wrong = sacct.attempt(zone="Asia/Shanghai", **row), sacct.attempt(zone="UTC", **row)

    assert wrong.started_ms - here.started_ms == 8 * 3_600_000
    assert here.started_ms // 86_400_000 != wrong.started_ms // 86_400_000


def test_a_time_zone_of_the_profile_wins(sacct):
    profile = "format: slurm-sacct\ntime_zone: Asia/Shanghai\n"

    (attempt,) = sacct.read(sacct.text({}), profile=profile, zone="UTC")
    assert attempt.started_ms == EIGHT_UTC - 8 * 3_600_000


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../etc", "Asia"])
def test_a_time_zone_that_does_not_exist_is_refused(sacct, zone):
    with pytest.raises(TimeZoneUnknown):
        sacct.row(zone=zone)


def test_a_job_over_a_clock_change_keeps_its_hours(sacct):
    spring = sacct.attempt(
        zone="America/New_York",
        Submit="2026-03-08T01:30:00",
        Start="2026-03-08T01:30:00",
        End="2026-03-08T03:30:00",
    )
    assert spring.elapsed_ms == 3_600_000 == spring.ended_ms - spring.started_ms

    autumn = sacct.attempt(
        zone="America/New_York",
        Submit="2026-11-01T00:30:00",
        Start="2026-11-01T00:30:00",
        End="2026-11-01T02:30:00",
        ElapsedRaw="10800",
    )
    assert autumn.ended_ms - autumn.started_ms == 10_800_000


def test_a_local_time_that_happens_twice_or_never_is_parked(sacct):
    zone = "America/New_York"

    assert sacct.fault(zone=zone, Start="2026-11-01T01:00:00") == ("parked", "time_is_ambiguous")
    assert sacct.fault(zone=zone, End="2026-11-01T01:59:59") == ("parked", "time_is_ambiguous")
    assert sacct.fault(zone=zone, Submit="2026-03-08T02:30:00") == ("parked", "time_does_not_exist")
    # Half an hour, at half past: the change lies within an hour.
    assert sacct.fault(zone="Australia/Lord_Howe", Start="2026-04-05T01:45:00") == ("parked", "time_is_ambiguous")


def test_a_job_that_agrees_only_if_no_clocks_changed_is_parked_and_says_so(sacct):
    row = {"Submit": "2026-03-08T01:30:00", "Start": "2026-03-08T01:30:00", "End": "2026-03-08T03:30:00"}
    result = sacct.row(zone="America/New_York", ElapsedRaw="7200", **row)

    assert (result.outcome, result.code) == ("parked", "elapsed_contradicts_interval")
    assert "another time zone than America/New_York" in result.reason
    assert sacct.attempt(zone="UTC", ElapsedRaw="7200", **row).elapsed_ms == 7_200_000


def test_local_times_around_a_clock_change_agree_with_the_library(sacct):
    zone = ZoneInfo("Europe/Berlin")
    clock = ExportClock("Europe/Berlin")
    instant = datetime(2026, 3, 28, tzinfo=UTC)
    for _ in range(400):
        instant += timedelta(minutes=7, seconds=13)
        local = instant.astimezone(zone)
        assert clock.read(f"{local:%Y-%m-%dT%H:%M:%S}", "Start") == round(instant.timestamp()) * 1000
