"""Posting. There is no other way to write the books."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import psycopg.errors
from django.db import DatabaseError, connection, transaction

from ledger import clock
from ledger.books.errors import BY_CODE, BatchUnreadable

#: What PostgreSQL says of JSON with a NUL or half of a surrogate pair in a text.
UNSTORABLE = (psycopg.errors.UntranslatableCharacter, psycopg.errors.InvalidTextRepresentation)


@dataclass(frozen=True, slots=True)
class Row:
    """One transfer: `amount` of `asset` debited to one account and credited to the other, by their codes."""

    debit: str
    credit: str
    amount: int
    asset: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One act to be posted. Proposer and approver are codes of people; `document` is the decision behind it."""

    template: str
    idempotency_key: str
    happened_at_ms: int
    proposer: str
    rows: list[Row] = field(default_factory=list)
    approver: str = ""
    document: str = ""
    run: str = ""


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of an entry: its id, and whether it had been posted before."""

    entry_id: int
    replayed: bool


def post(entries: Sequence[Entry]) -> list[Posted]:
    """Post a batch of entries, all or nothing, and return what became of each, in order.

    Refuses: the facts of `ledger.books.errors`; nothing is written then. Locks: keys in key order, then accounts
    in id order, to the end of the caller's transaction. Repeats: an entry whose key was posted before with the
    same inputs is a replay and changes nothing; with other inputs it is an IdempotencyConflict.
    """
    try:
        batch = json.dumps([asdict(entry) for entry in entries], allow_nan=False)
    except ValueError as error:
        raise BatchUnreadable(reason=str(error)) from error
    try:
        # A savepoint, so that a caller may hear a refusal and go on in its own transaction.
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT * FROM ledger_post_entries_v1(%s::jsonb, %s)", [batch, clock.now_ms()])
            return [Posted(entry_id, replayed) for _, entry_id, replayed in cursor.fetchall()]
    except DatabaseError as error:
        cause = error.__cause__
        if isinstance(cause, psycopg.errors.IntegrityError) and cause.diag.constraint_name in BY_CODE:
            fields = _fields(cause.diag.message_detail)
            raise BY_CODE[cause.diag.constraint_name](**fields) from error
        if isinstance(cause, UNSTORABLE):
            raise BatchUnreadable(reason=str(cause.diag.message_primary)) from error
        raise


def _fields(detail: str | None) -> dict[str, object]:
    """Read the fields of a refusal; a table's own constraint has a sentence there instead, and no fields."""
    try:
        fields = json.loads(detail or "{}")
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}
