"""Times and durations as schedulers write them, to integer milliseconds.

*Local time*: a time without an offset, read in the time zone that the centre states for its export. When clocks
go back, an hour of local times happens twice (*ambiguous*); when they go forward, an hour never happens. Both
are parked, never guessed: a guess would move an attempt by an hour, across midnight or across a change of price.
Exports made with TZ=UTC, and any in Asia/Shanghai since 1991, have neither.

A fraction of a second is cut to milliseconds.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from billing.metering.formats.errors import TimeZoneUnknown
from billing.metering.formats.lines import COUNT_MAX, LineFault, shown

MISSING: Final = frozenset({"", "None", "Unknown", "N/A", "none", "unknown", "NONE", "UNKNOWN"})
"""How schedulers write that there is no time."""

_EARLIEST_MS: Final = 631_152_000_000  # 1990-01-01
_LATEST_MS: Final = 7_289_654_400_000  # 2201-01-01
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - local times are counted from it, before their zone applies
_SECOND: Final = timedelta(seconds=1)
_WITHIN_HOUR_MS: Final = {f":{s // 60:02d}:{s % 60:02d}": s * 1000 for s in range(3600)}
_EPOCH_SECONDS: Final = re.compile(r"[0-9]{1,12}")
_TIME: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})"
    r"(?:\.([0-9]{1,9}))?([Zz]|[+-][0-9]{2}:?[0-9]{2})?"
)
_CLOCK: Final = re.compile(r"(?:(?:([0-9]{1,6})-)?([0-9]{1,6}):)?([0-9]{2}):([0-9]{2})")


class ExportClock:
    """Reads the times of one export, whose local times are in one time zone.

    Refuses: TimeZoneUnknown.
    """

    def __init__(self, time_zone: str, *, offset_is_required: bool = False) -> None:
        try:
            self._zone = ZoneInfo(time_zone)
        except (ValueError, OSError, LookupError):
            raise TimeZoneUnknown(time_zone=shown(time_zone)) from None
        self.time_zone = time_zone
        self._offset_is_required = offset_is_required
        # Rows come in the order of time, so a few thousand hours at once are plenty.
        self._hour_ms = lru_cache(maxsize=8192)(self._plain_hour_ms)

    def read(self, text: str, column: str) -> int:
        """Return the instant; raise `LineFault` naming the column."""
        try:
            return self._hour_ms(text[:13] + text[19:]) + _WITHIN_HOUR_MS[text[13:19]]
        except KeyError:
            return self._read_any(text, column)

    def _plain_hour_ms(self, hour: str) -> int:
        # An hour (with its offset, if any) is plain when it begins and ends at the same, single offset: then no
        # clock changes in it, and each of its seconds is found by addition. A KeyError is not remembered, so noise
        # fills no memory.
        date, rest = hour[:13], hour[13:]
        begin_ms, end_ms = (self._read_quietly(date + second + rest) for second in (":00:00", ":59:59"))
        if begin_ms is None or end_ms is None or end_ms - begin_ms != 3_599_000:
            raise KeyError(hour)
        return begin_ms

    def _read_quietly(self, text: str) -> int | None:
        try:
            return self._read_any(text, "")
        except LineFault:
            return None

    def _read_any(self, text: str, column: str) -> int:
        if text in MISSING:
            raise LineFault("time_is_missing", f"{column} is {shown(text)}; the time must be filled in.", column)
        if _EPOCH_SECONDS.fullmatch(text) and not self._offset_is_required:
            return _in_range(int(text) * 1000, text, column)
        match = _TIME.fullmatch(text)
        if match is None:
            raise _malformed(text, column)
        year, month, day, hour, minute, second, fraction, offset = match.groups()
        try:
            local = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second))  # noqa: DTZ001
        except ValueError:
            raise _malformed(text, column) from None
        local_s = (local - _EPOCH) // _SECOND
        offset_s = self._local_offset_s(local, text, column) if offset is None else _offset_s(offset)
        if offset_s is None:
            raise _malformed(text, column)
        milliseconds = int((fraction or "0").ljust(3, "0")[:3])
        return _in_range((local_s - offset_s) * 1000 + milliseconds, text, column)

    def _local_offset_s(self, local: datetime, text: str, column: str) -> int:
        if self._offset_is_required:
            raise LineFault(
                "time_lacks_its_offset",
                f"{column} is {shown(text)}, without an offset from UTC; add Z or an offset such as +08:00.",
                column,
            )
        first, second = (self._zone.utcoffset(local.replace(fold=fold)) or timedelta() for fold in (0, 1))
        if first > second:
            raise LineFault(
                "time_is_ambiguous",
                f"{column} {shown(text)} happens twice in {self.time_zone}; export with TZ=UTC.",
                column,
            )
        if first < second:
            raise LineFault(
                "time_does_not_exist",
                f"{column} {shown(text)} never happens in {self.time_zone}; state the right time zone, or export "
                "with TZ=UTC.",
                column,
            )
        return first // _SECOND


def _offset_s(text: str) -> int | None:
    if text in {"Z", "z"}:
        return 0
    hours, minutes = int(text[1:3]), int(text[-2:])
    if hours > 23 or minutes > 59:
        return None
    seconds = hours * 3600 + minutes * 60
    return -seconds if text[0] == "-" else seconds


def _malformed(text: str, column: str) -> LineFault:
    return LineFault(
        "time_is_malformed",
        f"{column} is {shown(text)}, which is no time; write it as YYYY-MM-DDTHH:MM:SS.",
        column,
    )


def _in_range(instant_ms: int, text: str, column: str) -> int:
    if _EARLIEST_MS <= instant_ms < _LATEST_MS:
        return instant_ms
    raise LineFault(
        "time_is_out_of_range",
        f"{column} is {shown(text)}, before 1990 or after 2200; correct it at the source.",
        column,
    )


@lru_cache(maxsize=1 << 16)
def clock_ms(text: str, column: str) -> int:
    """Read a duration written `[D-]HH:MM:SS` or `MM:SS`; days may be any number."""
    match = _CLOCK.fullmatch(text)
    if match is None:
        raise _no_duration(text, column)
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    if minutes > 59 or seconds > 59 or (match[1] is not None and hours > 23):
        raise _no_duration(text, column)
    return _sane_duration_ms(days * 86400 + hours * 3600 + minutes * 60 + seconds, text, column)


@lru_cache(maxsize=1 << 16)
def seconds_ms(text: str, column: str) -> int:
    """Read a duration written in whole seconds."""
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise _no_duration(text, column)
    return _sane_duration_ms(int(text), text, column)


def _sane_duration_ms(seconds: int, text: str, column: str) -> int:
    if seconds > COUNT_MAX:
        raise LineFault(
            "elapsed_is_absurd",
            f"{column} is {shown(text)}, over a thousand million seconds; correct it at the source.",
            column,
        )
    return seconds * 1000


def _no_duration(text: str, column: str) -> LineFault:
    if text in MISSING:
        return LineFault("elapsed_is_missing", f"{column} is {shown(text)}; fill it in.", column)
    if text.startswith("-"):
        return LineFault(
            "elapsed_is_negative", f"{column} is {shown(text)}; correct the record at the scheduler.", column
        )
    return LineFault(
        "elapsed_is_malformed",
        f"{column} is {shown(text)}, which is no duration; write [D-]HH:MM:SS, or whole seconds in a raw column.",
        column,
    )
