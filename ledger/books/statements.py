"""Statements of the books: accounts, what moved on one of them, and single entries.

Readers are scoped by *funds* (see `questions`). What is not theirs is answered like what does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection
from django.db.models import Q, QuerySet

from ledger import clock
from ledger.books.models import Account, Entry, Side, Transfer
from ledger.books.questions import CODE, LAST_MS, ROOM, DaysReversed, Funds, check_instant, types_among
from ledger.errors import NotFound
from ledger.sql import load


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the recorded order of an account: just before the transfer of this id, recorded at this instant."""

    recorded_at_ms: int
    transfer_id: int


@dataclass(frozen=True, slots=True)
class Leg:
    """What one transfer did to an account; `change` and `balance_after` are on the account's normal side."""

    transfer_id: int
    entry_id: int
    template: str
    recorded_at_ms: int
    happened_at_ms: int
    other: str
    debit: int
    credit: int
    balance_after: int
    change: int

    @property
    def place(self) -> Place:
        """Where it stands: what is older comes before it."""
        return Place(self.recorded_at_ms, self.transfer_id)


def accounts_in(funds: Funds) -> QuerySet[Account]:
    """Return the accounts of these funds, by code."""
    scope = Q() if funds is None else Q(book__owner__in=funds)
    return Account.objects.filter(scope).select_related("book", "type").order_by("code")


def account_of(funds: Funds, code: str) -> Account:
    """Return one account. Refuses: NotFound, the same for foreign and unknown ones."""
    account = accounts_in(funds).filter(code=code).first() if CODE.fullmatch(code) else None
    if account is None:
        raise NotFound(kind="account", name=code)
    return account


def statement_of(
    account: Account,
    *,
    how_many: int,
    older_than: Place | None = None,
    from_ms: int = 0,
    to_ms: int = LAST_MS,
) -> list[Leg]:
    """Return at most `how_many` of what moved on an account, newest first; the next page is older than its last leg.

    `from_ms` and `to_ms` bound when it was recorded; both instants are included. The balances are those that were
    stored with the transfers. Units: milliseconds UTC. Refuses: InstantImplausible, DaysReversed.
    """
    if check_instant(from_ms) > check_instant(to_ms):
        raise DaysReversed(first=clock.iso_utc(from_ms), last=clock.iso_utc(to_ms))
    end = (to_ms + 1, 0)
    before_ms, before_id = min(end, (older_than.recorded_at_ms, older_than.transfer_id)) if older_than else end
    parameters = {
        "account": account.id,
        "from_ms": from_ms,
        "before_ms": before_ms,
        "before_id": before_id,
        "how_many": how_many,
        "sign": 1 if account.normal_side == Side.DEBIT else -1,
    }
    with connection.cursor() as cursor:
        cursor.execute(load(ROOM, "statement_page"), parameters)
        return [Leg(*row) for row in cursor.fetchall()]


def entry_of(funds: Funds, entry_id: int) -> Entry:
    """Return one entry that touches a book of these funds. Refuses: NotFound, as for unknown ones."""
    touches = Q() if funds is None else Q(transfers__book__owner__in=funds)
    entry = Entry.objects.filter(touches, id=entry_id).select_related("template").first()
    if entry is None:
        raise NotFound(kind="entry", name=entry_id)
    return entry


def rows_of(entry: Entry, funds: Funds) -> QuerySet[Transfer]:
    """Return an entry's rows in the books of these funds, in their order."""
    scope = Q() if funds is None else Q(book__owner__in=funds)
    return entry.transfers.filter(scope).select_related("book", "debit_account", "credit_account").order_by("ordinal")


def movements_of_voucher(fund: str, voucher: str) -> QuerySet[Transfer]:
    """Return every transfer of a voucher's value, newest first."""
    own = Account.objects.filter(book__owner=fund, book__kind="B", keys__0=voucher, type__keys__0="voucher")
    return (
        Transfer.objects.filter(Q(debit_account__in=own) | Q(credit_account__in=own))
        .select_related("entry__template", "debit_account", "credit_account")
        .order_by("-id")
    )


def touching(transfers: QuerySet[Transfer], *, account_type: str) -> QuerySet[Transfer]:
    """Keep the transfers that debit or credit an account of this type. Refuses: NotFound, for one that there is not."""
    types_among([account_type])
    return transfers.filter(Q(debit_account__type=account_type) | Q(credit_account__type=account_type))
