"""Settlement periods, written `2026-10`, `2026-Q4`, `2026-W23` or `2026`, and the half-open interval each one is.

A period is a span of calendar days in the programme's time zone: it contains its first instant and not its last,
so that neighbouring periods share no millisecond and leave none out. Weeks are those of ISO 8601.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from ledger import clock
from ledger.errors import Refusal


class PeriodMalformed(Refusal):
    """The text does not name a settlement period."""

    code = "period_is_malformed"
    message = "{text} is not a settlement period."
    remedy = "Write a month as 2026-10, a quarter as 2026-Q4, an ISO week as 2026-W23, or a year as 2026."
    http_status = 422


@dataclass(frozen=True, slots=True)
class Period:
    """A settlement period: its name, its first day and the day after its last."""

    name: str
    starts_on: date
    ends_on: date

    def bounds_ms(self, zone: str) -> tuple[int, int]:
        """Return [start, end) in milliseconds UTC for the days of `zone`."""
        return clock.start_of_day_ms(self.starts_on, zone), clock.start_of_day_ms(self.ends_on, zone)


_FORMS = re.compile(r"(?P<year>[12][0-9]{3})(?:-(?:Q(?P<quarter>[1-4])|W(?P<week>[0-9]{2})|(?P<month>[0-9]{2})))?")


def parse(text: str) -> Period:
    """Read a period's name. Refuses: PeriodMalformed.

    >>> parse("2026-Q4").starts_on, parse("2026-Q4").ends_on
    (datetime.date(2026, 10, 1), datetime.date(2027, 1, 1))
    """
    found = _FORMS.fullmatch(text)
    if found is None:
        raise PeriodMalformed(text=repr(text))
    year = int(found["year"])
    try:
        if found["week"]:
            first = date.fromisocalendar(year, int(found["week"]), 1)
            return Period(text, first, first + timedelta(days=7))
        if found["quarter"]:
            return _months(text, year, 3 * int(found["quarter"]) - 2, 3)
        if found["month"]:
            return _months(text, year, int(found["month"]), 1)
        return _months(text, year, 1, 12)
    except ValueError:
        raise PeriodMalformed(text=repr(text)) from None


def _months(name: str, year: int, first_month: int, count: int) -> Period:
    after = first_month + count - 1
    return Period(name, date(year, first_month, 1), date(year + after // 12, after % 12 + 1, 1))
