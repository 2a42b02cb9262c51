"""Where the books' pages are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Concatenate, TypeAlias

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path

from ledger.books.questions import Funds
from ledger.portal import views

BooksView: TypeAlias = Callable[Concatenate[HttpRequest, Funds, ...], HttpResponse]
Reader: TypeAlias = Callable[[BooksView], Callable[..., HttpResponseBase]]


def patterns(reader: Reader) -> list[URLPattern]:
    """Return the addresses; `reader` authorises a request and hands the view the funds that it may see."""
    return [
        path("", reader(views.trial_balance), name="trial_balance"),
        path("accounts/", reader(views.accounts), name="accounts"),
        path("accounts/<path:code>/", reader(views.account), name="account"),
        path("entries/<int:entry_id>/", reader(views.entry), name="entry"),
        path("open-items/", reader(views.open_items), name="open_items"),
        path("roll-forward/", reader(views.roll_forward), name="roll_forward"),
    ]
