"""The books: trial balance, accounts, statements of accounts, entries. Read only."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ledger.books import statements
from ledger.books.statements import Funds
from ledger.portal.pages import page_of


@require_safe
def trial_balance(request: HttpRequest, funds: Funds) -> HttpResponse:
    """Show each book's account types; both sides of a book are equal."""
    return render(request, "books/trial_balance.html", {"books": statements.trial_balance(funds)})


@require_safe
def accounts(request: HttpRequest, funds: Funds) -> HttpResponse:
    """List accounts; `type`, `fund` and a part of the code (`q`) narrow the list."""
    found = statements.accounts_in(funds)
    chosen = {name: request.GET.get(name, "").strip() for name in ("type", "fund", "q")}
    for name, column in (("type", "type"), ("fund", "book__owner"), ("q", "code__contains")):
        if chosen[name]:
            found = found.filter(**{column: chosen[name]})
    return render(request, "books/accounts.html", {"page": page_of(request, found), "chosen": chosen})


@require_safe
def account(request: HttpRequest, funds: Funds, code: str) -> HttpResponse:
    """Show one account with its statement and running balance."""
    found = statements.account_of(funds, code)
    page = page_of(request, statements.statement_of(found))
    return render(request, "books/account.html", {"account": found, "page": page})


@require_safe
def entry(request: HttpRequest, funds: Funds, entry_id: int) -> HttpResponse:
    """Show one entry with its rows, and who proposed and approved it."""
    found = statements.entry_of(funds, entry_id)
    page = page_of(request, statements.rows_of(found, funds))
    return render(request, "books/entry.html", {"entry": found, "page": page})
