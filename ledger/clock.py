"""The one clock. Instants are integer milliseconds since 1970-01-01T00:00:00Z.

Nothing else in the three floors asks for the time, so that a test or the demonstration can hold the clock
still and a run is repeatable to the digest.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def _system_ms() -> int:
    return time.time_ns() // 1_000_000


_source: ContextVar[Callable[[], int]] = ContextVar("clock", default=_system_ms)


def now_ms() -> int:
    """Return this instant in integer milliseconds UTC."""
    return _source.get()()


@contextmanager
def held_at(instant_ms: int) -> Iterator[None]:
    """Hold the clock of this context still at `instant_ms`."""
    token = _source.set(lambda: instant_ms)
    try:
        yield
    finally:
        _source.reset(token)


def start_of_day_ms(day: date, zone: str) -> int:
    """Return the instant at which `day` begins in the time zone `zone` (IANA name)."""
    return int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).timestamp()) * 1000


def iso_utc(instant_ms: int) -> str:
    """Write an instant as RFC 3339 with milliseconds, in UTC."""
    whole_s, ms = divmod(instant_ms, 1000)
    moment = datetime.fromtimestamp(whole_s, tz=UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms:03d}Z"


def day_of(instant_ms: int, zone: str) -> date:
    """Return the calendar day of an instant in a time zone."""
    return datetime.fromtimestamp(instant_ms // 1000, tz=ZoneInfo(zone)).date()
