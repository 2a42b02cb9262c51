"""Reading one moment of the sealed books, row by row: nothing larger than a page is ever held in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from django.db import connection, transaction

from ledger import clock
from ledger.sql import load

ROOM = "ledger.exports"
PAGE_ROWS = 5_000


class Account(NamedTuple):
    """A row of `accounts.sql`."""

    code: str
    book_kind: str
    book_owner: str
    asset: str
    type: str
    normal_side: str
    keys: str
    first_on: date
    last_on: date
    transfers: int
    debits: int
    credits: int

    @property
    def net(self) -> int:
        """By how much its debits exceed its credits."""
        return int(self.debits - self.credits)


class Line(NamedTuple):
    """A row of `journal.sql`."""

    entry: int
    template: str
    template_version: int
    key: str
    happened_on: date
    happened_at_ms: int
    recorded_at_ms: int
    proposer: str
    approver: str
    document: str
    run: str
    reverses: str
    number: str
    debit_account: str
    debit_type: str
    credit_account: str
    credit_type: str
    amount: int
    asset: str


@dataclass(frozen=True, slots=True)
class Entry:
    """The lines of one entry."""

    lines: tuple[Line, ...]

    @property
    def head(self) -> Line:
        """What all lines say alike."""
        return self.lines[0]

    @property
    def facts(self) -> Iterator[tuple[str, str]]:
        """Name what a journal says of an entry beside its postings; what is empty is not said."""
        head = self.head
        yield "key", head.key
        yield "template_version", str(head.template_version)
        yield "happened_at", clock.iso_utc(head.happened_at_ms)
        yield "recorded_at", clock.iso_utc(head.recorded_at_ms)
        yield "proposer", head.proposer
        for name in ("approver", "document", "run", "reverses"):
            if text := getattr(head, name):
                yield name, text
        yield "numbers", "; ".join(dict.fromkeys(line.number for line in self.lines))


@dataclass(frozen=True, slots=True)
class SealedBooks:
    """One moment of the sealed books: the position of the log it stands at, and how much there is."""

    position: int
    entries: int
    transfers: int

    def rows(self, statement: str, columns: list[str] | None = None) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a statement of this room, from a cursor of the server.

        `columns` are the names that its columns must have: another name is a bug.
        """
        with connection.chunked_cursor() as cursor:
            cursor.execute(load(ROOM, statement))
            page = cursor.fetchmany(PAGE_ROWS)
            assert columns is None or columns == [column.name for column in cursor.description], statement
            while page:
                yield from page
                page = cursor.fetchmany(PAGE_ROWS)

    def accounts(self) -> Iterator[Account]:
        """Yield every account that the entries touch, by code."""
        return (Account(*row) for row in self.rows("accounts"))

    def journal(self) -> Iterator[Entry]:
        """Yield every entry with its transfers, in recorded order."""
        lines = (Line(*row) for row in self.rows("journal"))
        return (Entry(tuple(of_entry)) for _, of_entry in groupby(lines, key=attrgetter("entry")))

    def assets(self) -> list[str]:
        """Return every asset, by code."""
        return [asset for (asset,) in self.rows("assets")]

    def sides(self) -> dict[str, str]:
        """Return the normal side of each account type."""
        return {row[0]: row[1] for row in self.rows("account_types")}


@contextmanager
def sealed_books() -> Iterator[SealedBooks]:
    """Hold one moment of the sealed books still, whatever is posted meanwhile, and read from it.

    Locks: nothing. Within a transaction of the caller, that one's isolation stands instead.
    """
    alone = not connection.in_atomic_block
    with connection.cursor() as cursor:
        cursor.execute(load(ROOM, "drop_choice"))
        cursor.execute(load(ROOM, "open_choice"))
        with transaction.atomic():
            if alone:
                cursor.execute(load(ROOM, "hold_still"))
            cursor.execute(load(ROOM, "choose_entries"))
            cursor.execute(load(ROOM, "count_choice"))
            cursor.execute(load(ROOM, "describe_choice"))
            yield SealedBooks(*cursor.fetchone())
        cursor.execute(load(ROOM, "drop_choice"))
