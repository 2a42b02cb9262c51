"""How what the books tell is cut into pages: by places, so that nothing is counted and nothing skipped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.utils.urls import replace_query_param

from ledger.books.open_items import OpenItem
from ledger.books.questions import CODE
from ledger.errors import NotFound

Told = TypeVar("Told")


class InOrder(CursorPagination):
    """An entry's rows, the first of them first."""

    ordering = "ordinal"


class NewestPosition(CursorPagination):
    """What stands in the log, the last position first."""

    ordering = "-position"


@dataclass(frozen=True, slots=True)
class Page(Generic[Told]):
    """A page that only leads on: where the next begins, or None, and what it tells."""

    next: str | None
    results: Sequence[Told]


def size() -> int:
    """Return how many rows a page has."""
    assert api_settings.PAGE_SIZE is not None
    return api_settings.PAGE_SIZE


def page_of(request: Request, rows: Sequence[Told], place: Callable[[Told], str]) -> Page[Told]:
    """Return the first page of rows that were read one further than it is long."""
    told = rows[: size()]
    if len(rows) <= len(told):
        return Page(None, told)
    return Page(replace_query_param(request.build_absolute_uri(), "cursor", place(told[-1])), told)


def items_after(items: Sequence[OpenItem], cursor: str) -> list[OpenItem]:
    """Return the items that stand after a place. Refuses: NotFound, for what no page names."""
    if not cursor:
        return list(items)
    day, _, rest = cursor.partition("~")
    since, _, code = rest.partition("~")
    try:
        place = (date.fromisoformat(day), int(since), code)
    except ValueError:
        raise NotFound(kind="page", name=cursor) from None
    if not CODE.fullmatch(code):
        raise NotFound(kind="page", name=cursor)
    return [item for item in items if item.place > place]


def place_of(item: OpenItem) -> str:
    """Write where an item stands."""
    return "~".join(map(str, item.place))
