"""Open items: clearing accounts that are not zero, how long they have stood so, and by when they must not any more.

*Clearing account*: one whose type says when it must be zero. It is open since the first transfer was recorded that
took it away from zero and after which it never returned.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from ledger import clock
from ledger.books.deadlines import last_day_of, spans
from ledger.books.models import AccountType
from ledger.books.questions import ROOM, ZONE, Funds, TypeNotCleared, check_key, funds_among, parameter_of, types_among
from ledger.sql import load


@dataclass(frozen=True, slots=True)
class OpenItem:
    """A clearing account that is not zero. `deadline` is the last day on which it may be open, None for an event."""

    code: str
    type: str
    fund: str
    asset: str
    keys: dict[str, str]
    balance: int
    since_ms: int
    age_days: int
    cleared_when: str
    deadline: date | None
    overdue: bool

    @property
    def place(self) -> tuple[date, int, str]:
        """Where it stands among the open items: what is due first before the rest, and the oldest first."""
        return self.deadline or date.max, self.since_ms, self.code


def open_items(funds: Funds, *, fund: str = "", types: Collection[str] = (), key: str = "") -> list[OpenItem]:
    """Return the open items of these funds, what is overdue and due first before the rest, and the oldest first.

    `fund`, `types` and `key` (a value that one of the account's own keys has) narrow them; empty means any.
    Refuses: NotFound, for a fund, type or key that there is not or that is not the reader's; TypeNotCleared.
    """
    scope = funds_among(funds, fund)
    cleared = types_among(types)
    for code, each in cleared.items():
        if types and not each.cleared_when:
            raise TypeNotCleared(type=code)
    cleared = {code: each for code, each in cleared.items() if each.cleared_when}
    if key:
        check_key(scope, cleared, key)
    today = clock.day_of(clock.now_ms(), ZONE)
    with connection.cursor() as cursor:
        cursor.execute(
            load(ROOM, "open_items"),
            {"funds": parameter_of(scope), "types": list(cleared), "key_value": key or None},
        )
        items = [_item(cleared[row[1]], today, row) for row in cursor.fetchall()]
    return sorted(items, key=lambda item: item.place)


def _item(of_type: AccountType, today: date, row: tuple[Any, ...]) -> OpenItem:
    """Add age and deadline to a row of the statement."""
    code, _, fund, asset, keys, balance, since_ms = row
    since = clock.day_of(since_ms, ZONE)
    span = spans().get(of_type.code)
    deadline = last_day_of(span, since) if span else None
    return OpenItem(
        code=code,
        type=of_type.code,
        fund=fund,
        asset=asset,
        keys=dict(zip(of_type.keys, keys, strict=True)),
        balance=balance,
        since_ms=since_ms,
        age_days=(today - since).days,
        cleared_when=of_type.cleared_when,
        deadline=deadline,
        overdue=deadline is not None and today > deadline,
    )
