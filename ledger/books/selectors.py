"""Reading the books."""

from __future__ import annotations

from collections.abc import Collection

from ledger.books.models import Account


def balances_of(codes: Collection[str]) -> dict[str, int]:
    """Return the balance of each account by its code; an account that was never opened stands at 0."""
    opened = {account.code: account.balance for account in Account.objects.filter(code__in=codes)}
    return {code: opened.get(code, 0) for code in codes}


def balances_under(*, fund: str, keys: Collection[str], kinds: str) -> dict[str, dict[str, int]]:
    """Return, for each of `keys`, the non-zero balances of the fund's accounts whose first own key it is, by code."""
    accounts = Account.objects.filter(book__owner=fund, book__kind__in=list(kinds), keys__0__in=keys)
    found: dict[str, dict[str, int]] = {key: {} for key in keys}
    for account in accounts:
        if account.balance:
            found[account.keys[0]][account.code] = account.balance
    return found


def total_of(*, fund: str, account_type: str) -> int:
    """Return what all accounts of a type hold in a fund."""
    return sum(account.balance for account in Account.objects.filter(book__owner=fund, type=account_type))
