"""The books: trial balance, accounts, their statements, entries, open items and roll-forwards. Read only.

A field that names what there is not, or what is not the reader's, is refused; an empty field asks for everything.
"""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ledger import clock
from ledger.books import statements
from ledger.books.open_items import open_items as open_items_of
from ledger.books.questions import LAST_MS, ZONE, Funds, first_ms_of, last_ms_of
from ledger.books.roll_forward import roll_forward as roll_forward_of
from ledger.books.statements import Leg, Place
from ledger.books.trial_balance import trial_balance as trial_balance_of
from ledger.books.trial_balance import trial_balance_at
from ledger.errors import NotFound
from ledger.portal.pages import chosen_in, day_in, page_of, stretch_of


@require_safe
def trial_balance(request: HttpRequest, funds: Funds) -> HttpResponse:
    """Show each book's account types; both sides of a book are equal.

    `as_of` is a day, to the end of which the books are shown: of what had happened, or with `by=recorded` of what
    was on record.
    """
    chosen = chosen_in(request, "as_of", "by")
    day = day_in(chosen, "as_of")
    if chosen["by"] not in {"", "happened", "recorded"}:
        raise NotFound(kind="axis of time", name=chosen["by"])
    if day is None:
        books = trial_balance_of(funds)
    elif chosen["by"] == "recorded":
        books = trial_balance_at(funds, recorded_ms=last_ms_of(day))
    else:
        books = trial_balance_at(funds, happened_ms=last_ms_of(day))
    return render(request, "books/trial_balance.html", {"books": books, "chosen": chosen, "as_of": day})


@require_safe
def accounts(request: HttpRequest, funds: Funds) -> HttpResponse:
    """List accounts; `type`, `fund` and a part of the code (`q`) narrow the list."""
    chosen = chosen_in(request, "type", "fund", "q")
    found = statements.accounts_among(funds, fund=chosen["fund"], account_type=chosen["type"], part=chosen["q"])
    return render(request, "books/accounts.html", {"page": page_of(request, found), "chosen": chosen})


@require_safe
def account(request: HttpRequest, funds: Funds, code: str) -> HttpResponse:
    """Show one account with its statement and running balance; `from` and `to` are days of recording, both shown."""
    found = statements.account_of(funds, code)
    chosen = chosen_in(request, "from", "to")
    first, last = day_in(chosen, "from"), day_in(chosen, "to")
    from_ms, to_ms = first_ms_of(first) if first else 0, last_ms_of(last) if last else LAST_MS

    def read(how_many: int, older_than: Place | None) -> list[Leg]:
        return statements.statement_of(found, how_many=how_many, older_than=older_than, from_ms=from_ms, to_ms=to_ms)

    context = {"account": found, "page": stretch_of(request, read), "first": chosen["from"], "last": chosen["to"]}
    return render(request, "books/account.html", context)


@require_safe
def entry(request: HttpRequest, funds: Funds, entry_id: int) -> HttpResponse:
    """Show one entry with its rows, and who proposed and approved it."""
    found = statements.entry_of(funds, entry_id)
    page = page_of(request, statements.rows_of(found, funds))
    return render(request, "books/entry.html", {"entry": found, "page": page})


@require_safe
def open_items(request: HttpRequest, funds: Funds) -> HttpResponse:
    """List the clearing accounts that are not zero; `fund`, `type` and `key` narrow the list."""
    chosen = chosen_in(request, "fund", "type", "key")
    types = [chosen["type"]] if chosen["type"] else []
    items = open_items_of(funds, fund=chosen["fund"], types=types, key=chosen["key"])
    context = {"page": page_of(request, items), "chosen": chosen, "overdue": sum(item.overdue for item in items)}
    return render(request, "books/open_items.html", context)


@require_safe
def roll_forward(request: HttpRequest, funds: Funds) -> HttpResponse:
    """Show how a group of accounts went from its opening to its closing balance, this month unless days are named.

    `from` and `to` are days of happening, both shown; `fund`, `kind`, `type` and `key` narrow the group.
    """
    chosen = chosen_in(request, "from", "to", "fund", "kind", "type", "key")
    today = clock.day_of(clock.now_ms(), ZONE)
    first, last = day_in(chosen, "from") or today.replace(day=1), day_in(chosen, "to") or today
    groups = roll_forward_of(
        funds,
        from_day=first,
        to_day=last + timedelta(days=1),
        fund=chosen["fund"],
        kinds=chosen["kind"],
        types=[chosen["type"]] if chosen["type"] else [],
        key=chosen["key"],
    )
    context = {"groups": groups, "chosen": chosen, "first": first.isoformat(), "last": last.isoformat()}
    return render(request, "books/roll_forward.html", context)
