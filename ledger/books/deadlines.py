"""By when a clearing account must be zero again, where the chart says it as a span of time.

The column `deadline` of the chart is empty, where only an event ends the wait, or `N working days`, `end of day`,
`end of month` or `end of year`; spans begin on the day on which the account left zero.
"""

from __future__ import annotations

import re
from datetime import date
from functools import cache

import holidays

from ledger.books.chart import rows_of

CALENDAR = "CN"
_WORKING_DAYS = re.compile(r"([1-9][0-9]?) working days")


@cache
def spans() -> dict[str, str]:
    """Return the span of each account type that has one."""
    return {row["code"]: row["deadline"] for row in rows_of("account_types") if row["deadline"]}


def last_day_of(span: str, since: date) -> date:
    """Return the last day on which an account that left zero on the day `since` may stand open.

    Working days are those of China, with the weekends that it swaps for holidays. Source: the `holidays` library.

    >>> last_day_of("5 working days", date(2026, 9, 30))
    datetime.date(2026, 10, 13)
    >>> [str(last_day_of(f"end of {span}", date(2026, 12, 3))) for span in ("day", "month", "year")]
    ['2026-12-03', '2026-12-31', '2026-12-31']
    """
    found = _WORKING_DAYS.fullmatch(span)
    if found:
        return holidays.country_holidays(CALENDAR).get_nth_working_day(since, int(found[1]))
    if span == "end of month":
        after = date(since.year + since.month // 12, since.month % 12 + 1, 1)
        return date.fromordinal(after.toordinal() - 1)
    if span == "end of year":
        return date(since.year, 12, 31)
    assert span == "end of day", f"the chart has a span that nobody knows: {span}"
    return since
