"""What every page of the portal shares: cutting long lists, and reading what a form's fields ask for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

from ledger.books.questions import day_named
from ledger.books.statements import Leg, Place, place_named

ROWS = 50


@dataclass(frozen=True, slots=True)
class Stretch:
    """One page of a statement: its legs, whether there are newer ones, and where the older ones begin, or nothing."""

    legs: list[Leg]
    has_newer: bool
    older: str


def page_of(request: HttpRequest, rows: QuerySet[Any, Any] | Sequence[Any], *, size: int = ROWS) -> Page[Any]:
    """Return the page of `rows` that the address asks for; the nearest one when it asks for nonsense."""
    return Paginator(rows, size).get_page(request.GET.get("page"))


def stretch_of(request: HttpRequest, read: Callable[[int, Place | None], list[Leg]], *, size: int = ROWS) -> Stretch:
    """Return the page of a statement that the address asks for with `older`: nothing is counted, nothing skipped.

    `read` returns so many legs older than a place. Refuses: NotFound, for a place that no page names.
    """
    asked = request.GET.get("older", "")
    legs = read(size + 1, place_named(asked) if asked else None)
    return Stretch(legs[:size], bool(asked), str(legs[size - 1].place) if len(legs) > size else "")


def chosen_in(request: HttpRequest, *names: str) -> dict[str, str]:
    """Return what a form's fields ask for; empty where they ask for nothing."""
    return {name: request.GET.get(name, "").strip() for name in names}


def day_in(chosen: dict[str, str], name: str) -> date | None:
    """Return the day that a field names, or None where it is empty. Refuses: DayMalformed."""
    return day_named(chosen[name]) if chosen[name] else None
