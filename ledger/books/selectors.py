"""Balances: now, and as of an instant on either axis of time.

*By recorded time*: what the books said then; an entry that was recorded later is not in it, whenever it happened.
*By happened time*: what was so then, as far as it is known now; what was recorded late stands where it happened.
An instant includes what was recorded, or happened, at that very millisecond.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import LiteralString

from django.db import connection

from ledger.books.models import Account
from ledger.books.questions import KINDS, ROOM, check_codes, check_instant, check_keys, types_among
from ledger.errors import NotFound
from ledger.sql import load


def balances_of(codes: Collection[str]) -> dict[str, int]:
    """Return the balance of each account by its code; an account that was never opened stands at 0.

    Refuses: AccountCodeMalformed, AccountLacksKeys, for a code that no account could have.
    """
    check_codes(codes)
    opened = {account.code: account.balance for account in Account.objects.filter(code__in=codes)}
    return _with_unopened(codes, opened)


def balances_at(
    codes: Collection[str], *, recorded_ms: int | None = None, happened_ms: int | None = None
) -> dict[str, int]:
    """Return the balance of each account by its code as of an instant, that instant included, on exactly one axis.

    By recorded time one look-up an account; by happened time a sum over days and the legs of the instant's own day.
    Units: milliseconds UTC. Refuses: InstantImplausible; AccountCodeMalformed and AccountLacksKeys, as `balances_of`.
    """
    check_codes(codes)
    statement, until_ms = as_of("balances", recorded_ms=recorded_ms, happened_ms=happened_ms)
    with connection.cursor() as cursor:
        cursor.execute(statement, {"codes": list(codes), "until_ms": until_ms})
        opened = {code: int(balance) for code, balance in cursor.fetchall()}
    return _with_unopened(codes, opened)


def balance_at(code: str, *, recorded_ms: int | None = None, happened_ms: int | None = None) -> int:
    """Return the balance of one account as of an instant: see `balances_at`."""
    return balances_at([code], recorded_ms=recorded_ms, happened_ms=happened_ms)[code]


def balances_under(*, fund: str, keys: Collection[str], kinds: str) -> dict[str, dict[str, int]]:
    """Return, for each of `keys`, the non-zero balances of the fund's accounts whose first own key it is, by code.

    Refuses: NotFound, for a kind of book that there is not.
    """
    if not kinds or not KINDS.issuperset(kinds):
        raise NotFound(kind="kind of book", name=kinds)
    accounts = Account.objects.filter(book__owner=fund, book__kind__in=list(kinds), keys__0__in=keys)
    found: dict[str, dict[str, int]] = {key: {} for key in keys}
    for account in accounts:
        if account.balance:
            found[account.keys[0]][account.code] = account.balance
    return found


def total_of(*, fund: str, account_type: str) -> int:
    """Return what all accounts of a type hold in a fund; 0 before the first is opened.

    Refuses: NotFound, for a type that is not in the chart.
    """
    types_among([account_type])
    return sum(account.balance for account in Account.objects.filter(book__owner=fund, type=account_type))


def as_of(what: str, *, recorded_ms: int | None, happened_ms: int | None) -> tuple[LiteralString, int]:
    """Return the statement that reads `balances` or `trial_balance` on the axis that is given, and its instant.

    Refuses: InstantImplausible.
    """
    assert (recorded_ms is None) != (happened_ms is None), "an instant stands on exactly one axis"
    on_record = {"balances": "balances_recorded", "trial_balance": "trial_balance_recorded"}
    in_the_world = {"balances": "balances_happened", "trial_balance": "trial_balance_happened"}
    if recorded_ms is not None:
        return load(ROOM, on_record[what]), check_instant(recorded_ms)
    assert happened_ms is not None
    return load(ROOM, in_the_world[what]), check_instant(happened_ms)


def _with_unopened(codes: Collection[str], opened: dict[str, int]) -> dict[str, int]:
    """Add the accounts that were never opened, at 0, if they could be."""
    unopened = [code for code in codes if code not in opened]
    if unopened:
        check_keys(unopened, types_among([]))
    return {code: opened.get(code, 0) for code in codes}
