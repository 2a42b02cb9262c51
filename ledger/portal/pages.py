"""What every page of the portal shares: cutting long lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

ROWS = 50


def page_of(request: HttpRequest, rows: QuerySet[Any, Any] | Sequence[Any], *, size: int = ROWS) -> Page[Any]:
    """Return the page of `rows` that the address asks for; the nearest one when it asks for nonsense."""
    return Paginator(rows, size).get_page(request.GET.get("page"))
