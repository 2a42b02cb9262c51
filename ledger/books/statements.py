"""Statements of the books: the trial balance, accounts, what moved on one of them, and single entries.

Readers are scoped by *funds*: the codes of the funds whose books they may read; None means every book there is.
What is not theirs is answered like what does not exist.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias

from django.db.models import Case, Count, F, Q, QuerySet, Sum, When, Window

from ledger.books.models import Account, Entry, Side, Transfer
from ledger.errors import NotFound

Funds: TypeAlias = Collection[str] | None


@dataclass(frozen=True, slots=True)
class TrialRow:
    """One account type of one book: how many accounts, what was ever posted, and where that leaves it."""

    type: str
    meaning: str
    accounts: int
    debits: int
    credits: int

    @property
    def debit_balance(self) -> int:
        """What the debits exceed the credits by."""
        return max(self.debits - self.credits, 0)

    @property
    def credit_balance(self) -> int:
        """What the credits exceed the debits by."""
        return max(self.credits - self.debits, 0)


@dataclass(frozen=True, slots=True)
class TrialBook:
    """One book with its rows. Debits and credits are equal by construction; the totals show it."""

    kind: str
    owner: str
    asset: str
    rows: tuple[TrialRow, ...]

    @property
    def debits(self) -> int:
        """All that was debited in the book."""
        return sum(row.debits for row in self.rows)

    @property
    def credits(self) -> int:
        """All that was credited in the book."""
        return sum(row.credits for row in self.rows)

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
        return self.debits == self.credits


def accounts_in(funds: Funds) -> QuerySet[Account]:
    """Return the accounts of these funds, by code."""
    scope = Q() if funds is None else Q(book__owner__in=funds)
    return Account.objects.filter(scope).select_related("book", "type").order_by("code")


def trial_balance(funds: Funds) -> list[TrialBook]:
    """Return each book of these funds, its account types and what was posted to them."""
    rows = (
        accounts_in(funds)
        .values_list("book__owner", "book__kind", "book__asset", "type_id", "type__meaning")
        .annotate(accounts=Count("id"), debited=Sum("debits_total"), credited=Sum("credits_total"))
        .order_by("book__owner", "book__kind", "book__asset", "type_id")
    )
    return [
        TrialBook(kind, owner, asset, tuple(TrialRow(*row[3:]) for row in of_book))
        for (owner, kind, asset), of_book in groupby(rows, key=lambda row: row[:3])
    ]


def account_of(funds: Funds, code: str) -> Account:
    """Return one account. Refuses: NotFound, the same for foreign and unknown ones."""
    account = accounts_in(funds).filter(code=code).first()
    if account is None:
        raise NotFound(kind="account", name=code)
    return account


def statement_of(account: Account) -> QuerySet[Transfer]:
    """Return what moved on an account, newest first: `change` and `balance_after`, both on its normal side."""
    increases = Q(debit_account=account) if account.normal_side == Side.DEBIT else Q(credit_account=account)
    moved = Transfer.objects.filter(Q(debit_account=account) | Q(credit_account=account))
    return (
        moved.annotate(change=Case(When(increases, then=F("amount")), default=-F("amount")))
        .annotate(balance_after=Window(Sum("change"), order_by=F("id").asc()))
        .select_related("entry__template", "debit_account", "credit_account")
        .order_by("-id")
    )


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
    """Keep the transfers that debit or credit an account of this type."""
    return transfers.filter(Q(debit_account__type=account_type) | Q(credit_account__type=account_type))
