"""The trial balance: every account type of every book, now or as of an instant; both sides of a book are equal."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db import connection
from django.db.models import Count, F, Sum

from ledger.books.questions import Funds, parameter_of
from ledger.books.selectors import as_of
from ledger.books.statements import accounts_in


@dataclass(frozen=True, slots=True)
class TrialRow:
    """One account type of one book: how many accounts, and by how much their debits exceed their credits.

    `debits` and `credits` are all that was ever posted; as of an instant they are not told, and are None.
    """

    type: str
    meaning: str
    accounts: int
    net: int
    debits: int | None = None
    credits: int | None = None

    @property
    def debit_balance(self) -> int:
        """What the debits exceed the credits by."""
        return max(self.net, 0)

    @property
    def credit_balance(self) -> int:
        """What the credits exceed the debits by."""
        return max(-self.net, 0)


@dataclass(frozen=True, slots=True)
class TrialBook:
    """One book with its rows. Debits and credits are equal by construction; the totals show it."""

    kind: str
    owner: str
    asset: str
    rows: tuple[TrialRow, ...]

    @property
    def debits(self) -> int:
        """All that was debited in the book, where it is told."""
        return sum(row.debits or 0 for row in self.rows)

    @property
    def credits(self) -> int:
        """All that was credited in the book, where it is told."""
        return sum(row.credits or 0 for row in self.rows)

    @property
    def debit_balance(self) -> int:
        """The debit balances of the book."""
        return sum(row.debit_balance for row in self.rows)

    @property
    def credit_balance(self) -> int:
        """The credit balances of the book."""
        return sum(row.credit_balance for row in self.rows)

    @property
    def is_balanced(self) -> bool:
        """Whether both sides are equal."""
        return self.debits == self.credits and self.debit_balance == self.credit_balance


def trial_balance(funds: Funds) -> list[TrialBook]:
    """Return each book of these funds, its account types and what was posted to them."""
    rows = (
        accounts_in(funds)
        .values_list("book__owner", "book__kind", "book__asset", "type_id", "type__meaning")
        .annotate(accounts=Count("id"), net=Sum(F("debits_total") - F("credits_total")))
        .annotate(debited=Sum("debits_total"), credited=Sum("credits_total"))
        .order_by("book__owner", "book__kind", "book__asset", "type_id")
    )
    return _books(rows)


def trial_balance_at(
    funds: Funds, *, recorded_ms: int | None = None, happened_ms: int | None = None
) -> list[TrialBook]:
    """Return the books of these funds as of an instant, that instant included, on exactly one axis of time.

    An account that had not been posted to by then is not counted. Units: milliseconds UTC.
    Refuses: InstantImplausible.
    """
    statement, until_ms = as_of("trial_balance", recorded_ms=recorded_ms, happened_ms=happened_ms)
    with connection.cursor() as cursor:
        cursor.execute(statement, {"funds": parameter_of(funds), "until_ms": until_ms})
        return _books(cursor.fetchall())


def _books(rows: Any) -> list[TrialBook]:
    """Gather rows of owner, kind, asset and a TrialRow's fields into books."""
    return [
        TrialBook(kind, owner, asset, tuple(TrialRow(*row[3:5], *map(int, row[5:])) for row in of_book))
        for (owner, kind, asset), of_book in groupby(rows, key=lambda row: row[:3])
    ]
