"""A batch on its way to the door: one text a column, because a hundred thousand rows go faster so than as a list.

The values of a column are joined by U+001E and split again by the server, which takes a tenth of the time of an array
parameter (measured with 100,000 account codes). No value may hold that character: they are counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, repeat
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from ledger.books.errors import (
    BatchUnreadable,
    BooksRefusal,
    EntryLacksFields,
    EntryTimeImplausible,
    TransferAmountNotPositive,
)

if TYPE_CHECKING:
    from ledger.books.services import Entry, Row

SEPARATOR = "\x1e"
WIDEST = 2**63
ENTRY_FIELDS = ("template", "idempotency_key", "happened_at_ms", "proposer", "approver", "document", "run", "reverses")
ROW_FIELDS = ("debit", "credit", "amount", "asset")
NUMBERS = {"happened_at_ms", "amount"}


def columns_of(entries: Sequence[Entry]) -> dict[str, str]:
    """Return a batch as the parameters of `post.sql` but the instant.

    Refuses: EntryLacksFields, when a value is of another type; EntryTimeImplausible and TransferAmountNotPositive, when
    a number is not whole or does not fit 63 bits; BatchUnreadable, when a text holds the separator, NUL or
    half of a surrogate pair.
    """
    rows = [row for entry in entries for row in entry.rows]
    places = chain.from_iterable(repeat(str(n), len(entry.rows)) for n, entry in enumerate(entries, 1))
    columns = {name: _column(name, entries, entries) for name in ENTRY_FIELDS}
    columns |= {name: _column(name, rows, entries) for name in ROW_FIELDS}
    return columns | {"row_entries": _joined(places)}


def _joined(values: Iterable[str]) -> str:
    """Join the values of a column, each with the separator after it, so that none and one empty text differ."""
    return SEPARATOR.join((*values, "."))


def _column(name: str, items: Sequence[Entry] | Sequence[Row], entries: Sequence[Entry]) -> str:
    values = list(map(attrgetter(name), items))
    kind = int if name in NUMBERS else str
    if set(map(type, values)) - {kind}:
        raise _wrong(name, next(n for n, value in enumerate(values) if type(value) is not kind), items, entries)
    if kind is str:
        joined = _joined(values)
        if joined.count(SEPARATOR) != len(values) or "\x00" in joined:
            raise BatchUnreadable(reason=f"NUL or U+001E stands in a {name}.")
        try:
            joined.encode()
        except UnicodeEncodeError as error:
            raise BatchUnreadable(reason=f"Half of a surrogate pair stands in a {name}.") from error
        return joined
    if values and not -WIDEST <= min(values) <= max(values) < WIDEST:
        wide = next(n for n, value in enumerate(values) if not -WIDEST <= value < WIDEST)
        raise _wrong(name, wide, items, entries)
    return _joined(map(str, values))


def _wrong(name: str, n: int, items: Sequence[Any], entries: Sequence[Entry]) -> BooksRefusal:
    """Say what is wrong with the n-th value of a column: it is a number, though not a fitting one, or no number."""
    owner = entries[n] if items is entries else next(e for e in entries if any(row is items[n] for row in e.rows))
    value = getattr(items[n], name)
    if name not in NUMBERS or isinstance(value, bool | str) or not hasattr(value, "__float__"):
        return EntryLacksFields(entry=str(owner.idempotency_key)[:200], field=name)
    if name == "happened_at_ms":
        return EntryTimeImplausible(entry=str(owner.idempotency_key)[:200])
    return TransferAmountNotPositive(
        amount="A number of more than 63 bits" if isinstance(value, int) else str(value)[:40],
        debit=items[n].debit,
        credit=items[n].credit,
    )
