"""Reading one moment of the sealed books, row by row: nothing larger than a page is ever held in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from django.db import connection, transaction

from ledger import clock
from ledger.log.selectors import all_leaves, checkpoint_over, note_of, successions, tree_size
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
    """The sealed books up to a position of the log, and how much there is.

    `checkpoint` is the note of that position, empty where nothing was signed; `successions` are those of its key.
    """

    position: int
    checkpoint: str
    successions: list[str]
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

    def leaves(self) -> Iterator[tuple[str, bool]]:
        """Yield every leaf of the log as a line of JSON, in order, and whether what it commits to is still there.

        Of what somebody took away the hash alone is left: the tree shows that it was there.
        """
        for leaf in all_leaves(self.position):
            kind, salt = json.dumps(leaf.kind), leaf.salt.hex()
            if leaf.content is None:
                yield f'{{"leaf_hash":"{leaf.leaf_hash.hex()}","position":{leaf.position}}}\n', False
            else:
                yield f'{{"content":{leaf.content},"kind":{kind},"position":{leaf.position},"salt":"{salt}"}}\n', True

    def sides(self) -> dict[str, str]:
        """Return the normal side of each account type."""
        return {row[0]: row[1] for row in self.rows("account_types")}


@contextmanager
def sealed_books() -> Iterator[SealedBooks]:
    """Hold the sealed books still as of the newest checkpoint, whatever is posted meanwhile, and read from them.

    Where nothing was ever signed, as of the last position. Locks: nothing. Within a transaction of the caller, that
    one's isolation stands instead.
    """
    alone = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if alone:
            cursor.execute(load(ROOM, "hold_still"))
        signed = checkpoint_over(1, cosignatures=0)
        position = tree_size() if signed is None else signed.head_id
        cursor.execute(load(ROOM, "choose_entries"), {"position": position})
        cursor.execute(load(ROOM, "count_choice"))
        if alone:
            cursor.execute(load(ROOM, "write_nothing"))
        cursor.execute(load(ROOM, "describe_choice"))
        note = "" if signed is None else note_of(signed)
        yield SealedBooks(position, note, successions(), *cursor.fetchone())
        if not alone:
            cursor.execute(load(ROOM, "drop_choice"))
