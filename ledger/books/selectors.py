"""Reading the books."""

from __future__ import annotations

from collections.abc import Collection

from ledger.books.models import Account


def balances_of(codes: Collection[str]) -> dict[str, int]:
    """Return the balance of each account by its code; an account that was never opened stands at 0."""
    opened = {account.code: account.balance for account in Account.objects.filter(code__in=codes)}
    return {code: opened.get(code, 0) for code in codes}


def balances_under(*, fund: str, key: str, kinds: str) -> dict[str, int]:
    """Return the non-zero balances of a fund's accounts, of these kinds of book, whose first own key is `key`."""
    accounts = Account.objects.filter(book__owner=fund, book__kind__in=list(kinds), keys__0=key)
    return {account.code: account.balance for account in accounts if account.balance}
