"""The roll-forward of a group of accounts: what it held, what each kind of entry moved, and what it holds then.

A group is given by funds, kinds of book, account types and a key; its accounts in one kind of book and one asset add
up. Figures stand on the normal side of the group's types in that kind, or on the debit side where they have both.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.db import connection

from ledger.books.models import Side
from ledger.books.questions import (
    KINDS,
    ROOM,
    DaysReversed,
    Funds,
    GroupFitsNoType,
    check_key,
    check_kinds,
    funds_among,
    parameter_of,
    types_among,
)
from ledger.sql import load


@dataclass(frozen=True, slots=True)
class RolledRow:
    """What entries of one template moved; `net` is on the group's side."""

    template: str
    debits: int
    credits: int
    net: int


@dataclass(frozen=True, slots=True)
class RollForward:
    """A group's accounts in one kind of book and one asset: opening + the rows' nets = closing."""

    kind: str
    asset: str
    side: str
    opening: int
    rows: tuple[RolledRow, ...]

    @property
    def debits(self) -> int:
        """All that was debited in the span."""
        return sum(row.debits for row in self.rows)

    @property
    def credits(self) -> int:
        """All that was credited in the span."""
        return sum(row.credits for row in self.rows)

    @property
    def net(self) -> int:
        """By how much the group grew."""
        return sum(row.net for row in self.rows)

    @property
    def closing(self) -> int:
        """What the group holds at the end of the span."""
        return self.opening + self.net


def roll_forward(
    funds: Funds,
    *,
    from_day: date,
    to_day: date,
    fund: str = "",
    kinds: str = "",
    types: Collection[str] = (),
    key: str = "",
) -> list[RollForward]:
    """Return the roll-forward of a group for the days [from_day, to_day), by the time of happening.

    An empty `fund`, `kinds`, `types` or `key` means any; `key` is a value that one of an account's own keys has.
    A group to which nothing was posted before `to_day` has none. Refuses: NotFound, for a fund, kind, type or key that
    there is not or that is not the reader's; GroupFitsNoType; DaysReversed.
    """
    if to_day < from_day:
        raise DaysReversed(first=from_day, last=to_day)
    check_kinds(kinds)
    scope = funds_among(funds, fund)
    group = {code: each for code, each in types_among(types).items() if not kinds or code[0] in kinds}
    if not group:
        raise GroupFitsNoType(kinds=kinds, types=", ".join(sorted(types)))
    if key:
        check_key(scope, group, key)
    sides = {kind: {each.normal_side for code, each in group.items() if code[0] == kind} for kind in KINDS}
    with connection.cursor() as cursor:
        cursor.execute(
            load(ROOM, "roll_forward"),
            {
                "funds": parameter_of(scope),
                "types": list(group),
                "key_value": key or None,
                "from_day": from_day,
                "to_day": to_day,
            },
        )
        rows = cursor.fetchall()
    rolled = []
    for (kind, asset), moved in groupby(rows, key=lambda row: row[:2]):
        sign = -1 if sides[kind] == {Side.CREDIT.value} else 1
        told = [(row[2], int(row[3]), int(row[4]), sign * int(row[3] - row[4])) for row in moved]
        rolled.append(
            RollForward(
                kind=kind,
                asset=asset,
                side=(Side.CREDIT if sign < 0 else Side.DEBIT).value,
                opening=sum(row[3] for row in told if row[0] is None),
                rows=tuple(RolledRow(*row) for row in told if row[0] is not None),
            )
        )
    return rolled
