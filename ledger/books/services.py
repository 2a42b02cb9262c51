"""Writing the books: posting entries, and acting on accounts and periods as a whole. There is no other way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import psycopg.errors
from django.db import DatabaseError, connection, transaction

from ledger import clock
from ledger.books.batches import columns_of
from ledger.books.errors import refusal_of
from ledger.books.rules import asked_of
from ledger.refusals.services import kept_if_refused
from ledger.sql import load

ATTEMPTS = 3
NOTHING: Mapping[str, object] = {}


@dataclass(frozen=True, slots=True)
class Row:
    """One transfer: `amount` of `asset` debited to one account and credited to the other, by their codes."""

    debit: str
    credit: str
    amount: int
    asset: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One act to be posted. Proposer and approver are codes of people; `document` is the decision behind it.

    `reverses` is the idempotency key of the entry that a `REVERSE` takes back; such an entry brings no rows.
    """

    template: str
    idempotency_key: str
    happened_at_ms: int
    proposer: str
    rows: Sequence[Row] = field(default_factory=list)
    approver: str = ""
    document: str = ""
    run: str = ""
    reverses: str = ""


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of an entry: its id, and whether it had been posted before."""

    entry_id: int
    replayed: bool


@kept_if_refused(asked_of)
def post(entries: Sequence[Entry]) -> list[Posted]:
    """Post a batch of entries, all or nothing, and return what became of each, in order.

    A `REVERSE` takes back all rows of another entry, the last first; once, and never of a `REVERSE`.
    Refuses: the facts of `ledger.books.errors`; nothing is written then. Locks: accounts in id order, then keys in key
    order, to the end of the caller's transaction. Repeats: an entry whose key was posted before with the same inputs
    is a replay and changes nothing; with other inputs it is an IdempotencyConflict.
    """
    columns = columns_of(entries)
    known = {"entry": entries[0].idempotency_key[:200]} if len(entries) == 1 else {}
    attempt = 1
    while True:
        try:
            posted = _call(load("ledger.books", "post"), columns | {"now_ms": clock.now_ms()}, known)
            return [Posted(*row) for row in posted]
        except DatabaseError as error:
            if attempt == ATTEMPTS or not _met_a_rival(error.__cause__):
                raise
            attempt += 1


def freeze(account: str, *, until_ms: int, actor: str, reason: str) -> None:
    """Let nothing be posted to an account until an instant; every freeze ends.

    Refuses: AccountUnknown, AccountClosed, FreezeWithoutEnd, ActWithoutReason. Locks: the account. Repeats: the end
    moves to the new instant, and both acts stay on record.
    """
    _act("freeze", account, until_ms, actor, reason)


def thaw(account: str, *, actor: str, reason: str) -> None:
    """End a freeze early. Refuses: as `freeze`, and AccountNotFrozen, also when it was thawed before."""
    _act("thaw", account, None, actor, reason)


def close_account(account: str, *, actor: str, reason: str) -> None:
    """Let nothing be posted to an empty account ever again.

    Refuses: AccountUnknown, AccountNotEmpty, ActWithoutReason; AccountClosed, when it was closed before.
    Locks: the account.
    """
    _act("close", account, None, actor, reason)


def close_period(owner: str, *, open_from_ms: int, actor: str, document: str = "") -> int:
    """Close all books of a fund or collector up to an instant, and return how many were closed.

    What happened before the instant is posted there no more: it takes a dated correction in the open period.
    Refuses: PeriodNotOver, PeriodReopened, OwnerWithoutBooks. Locks: the books and all their accounts.
    Repeats: the same instant closes none.
    """
    (row,) = _call(
        load("ledger.books", "close_period"),
        {"owner": owner, "open_from_ms": open_from_ms, "actor": actor, "document": document, "now_ms": clock.now_ms()},
    )
    return int(row[0])


def _act(kind: str, account: str, until_ms: int | None, actor: str, reason: str) -> None:
    told = {"kind": kind, "account": account, "until_ms": until_ms, "actor": actor, "reason": reason}
    _call(load("ledger.books", "act_on_account"), told | {"now_ms": clock.now_ms()})


def _call(
    statement: str, parameters: Mapping[str, Any], known: Mapping[str, object] = NOTHING
) -> list[tuple[Any, ...]]:
    """Call a door. One statement is a transaction; inside one, a savepoint lets the caller hear a refusal and go on."""
    savepoint = transaction.atomic() if connection.in_atomic_block else nullcontext()
    with _refusals(known), savepoint, connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


@contextmanager
def _refusals(known: Mapping[str, object]) -> Iterator[None]:
    """Turn what the database refuses into its Refusal."""
    try:
        yield
    except DatabaseError as error:
        cause = error.__cause__
        refusal = refusal_of(cause, known)
        if refusal is None or _met_a_rival(cause):
            raise
        raise refusal from error


def _met_a_rival(cause: BaseException | None) -> bool:
    """Tell whether another act under the same key, or a reversal of the same entry, came first: ask again."""
    if isinstance(cause, psycopg.errors.UniqueViolation):
        return cause.diag.constraint_name == "entry_must_be_reversed_once"
    return isinstance(cause, psycopg.errors.SerializationFailure)
