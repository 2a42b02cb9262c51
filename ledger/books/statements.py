"""Statements of the books: accounts, what moved on one of them, and single entries.

Readers are scoped by *funds* (see `questions`). What is not theirs is answered like what does not exist.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import F, OuterRef, Prefetch, Q, QuerySet, Subquery

from ledger.books.models import Account, Book, Entry, EntryNumber, Side, Template, Transfer
from ledger.books.questions import (
    CODE,
    KEY_PART,
    LAST_MS,
    ROOM,
    Funds,
    GroupFitsNoType,
    check_asset,
    check_kinds,
    check_span,
    funds_among,
    types_among,
)
from ledger.errors import NotFound
from ledger.log.models import Leaf
from ledger.sql import load

PLACE = re.compile(r"([0-9]{1,13})-([0-9]{1,18})", re.ASCII)
TEXTS = frozenset({"document", "run", "proposer", "approver", "idempotency_key"})
"""What of an entry may be asked for by its own text."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the recorded order of an account: just before the transfer of this id, recorded at this instant."""

    recorded_at_ms: int
    transfer_id: int

    def __str__(self) -> str:
        return f"{self.recorded_at_ms}-{self.transfer_id}"


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


def place_named(text: str) -> Place:
    """Read a place as it is written in an address. Refuses: NotFound, for what no page names."""
    found = PLACE.fullmatch(text)
    if found is None:
        raise NotFound(kind="page", name=text)
    return Place(int(found[1]), int(found[2]))


def accounts_in(funds: Funds) -> QuerySet[Account]:
    """Return the accounts of these funds, by code."""
    scope = Q() if funds is None else Q(book__owner__in=funds)
    return Account.objects.filter(scope).select_related("book", "type").order_by("code")


def accounts_among(
    funds: Funds,
    *,
    fund: str = "",
    kinds: str = "",
    account_type: str = "",
    asset: str = "",
    part: str = "",
    nonzero: bool | None = None,
) -> QuerySet[Account]:
    """Return the accounts of these funds that fit, by code; `part` is a part of the code, and empty means any.

    `nonzero` keeps those that hold something, or with False those that hold nothing. Refuses: NotFound, for a fund,
    kind of book, type or asset that there is not or that is not the reader's, and for a part that no code has;
    GroupFitsNoType.
    """
    scope = funds_among(funds, fund)
    check_kinds(kinds)
    found = accounts_in(scope)
    if kinds:
        found = found.filter(book__kind__in=list(kinds))
    if account_type:
        found = found.filter(type__in=types_among([account_type]))
        if kinds and account_type[0] not in kinds:
            raise GroupFitsNoType(kinds=kinds, types=account_type)
    if asset:
        check_asset(scope, asset)
        found = found.filter(book__asset=asset)
    if part:
        if not KEY_PART.fullmatch(part):
            raise NotFound(kind="account", name=part)
        found = found.filter(code__contains=part)
    if nonzero is not None:
        empty = Q(debits_total=F("credits_total"))
        found = found.filter(~empty if nonzero else empty)
    return found


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
    check_span(from_ms, to_ms)
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


def entries_in(funds: Funds) -> QuerySet[Entry]:
    """Return the entries that touch a book of these funds, newest first, each with its numbers in these books.

    `position` is where an entry stands in the log, None until it is sealed.
    """
    numbers = EntryNumber.objects.select_related("book").order_by("book__kind", "book__owner", "book__asset")
    sealed = Leaf.objects.filter(entry_id=OuterRef("pk")).values("position")
    found: QuerySet[Any] = Entry.objects.annotate(position=Subquery(sealed)).order_by("-id")
    if funds is not None:
        numbers = numbers.filter(book__owner__in=funds)
        found = _touching(found, funds)
    return found.prefetch_related("reversals", Prefetch("numbers", numbers))


def position_of_entry(idempotency_key: str) -> int | None:
    """Return where the entry of this key stands in the log, or None where there is none or it is not sealed yet."""
    keyed = Entry.objects.filter(idempotency_key=idempotency_key.replace("\0", " "))  # no key holds either
    return Leaf.objects.filter(entry_id__in=keyed.values("id")).values_list("position", flat=True).first()


def _touching(entries: QuerySet[Entry], funds: Collection[str]) -> QuerySet[Entry]:
    """Keep the entries that touch a book of these funds.

    Of each one row is looked up, and only if all else fits: EXISTS would be joined, and every transfer read for it.
    """
    own = Transfer.objects.filter(entry=OuterRef("id"), book__in=Book.objects.filter(owner__in=funds))
    return entries.alias(own=Subquery(own.values("id")[:1])).filter(own__isnull=False)


def entries_among(
    funds: Funds,
    *,
    fund: str = "",
    template: str = "",
    facts: Mapping[str, str] | None = None,
    recorded_ms: tuple[int, int] = (0, LAST_MS),
    happened_ms: tuple[int, int] = (0, LAST_MS),
) -> QuerySet[Entry]:
    """Return the entries of these funds that fit, newest first; empty means any.

    `facts` are what some of its own texts are (`document`, `run`, `proposer`, `approver`, `idempotency_key`); the two
    spans include both their instants. Units: milliseconds UTC. Refuses: NotFound, for a fund or template that there is
    not or that is not the reader's; InstantImplausible, DaysReversed.
    """
    found = entries_in(funds)
    if fund:
        found = _touching(found, funds_among(funds, fund) or ())
    if template:
        if not Template.objects.filter(code=template).exists():
            raise NotFound(kind="template", name=template)
        found = found.filter(template=template)
    asked = {name: text for name, text in (facts or {}).items() if text}
    assert asked.keys() <= TEXTS, "an entry has no such text"
    for name, (from_ms, to_ms) in (("recorded_at_ms", recorded_ms), ("happened_at_ms", happened_ms)):
        check_span(from_ms, to_ms)
        if (from_ms, to_ms) != (0, LAST_MS):
            found = found.filter(**{f"{name}__range": (from_ms, to_ms)})
    return found.filter(**asked)


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
