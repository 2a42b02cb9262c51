"""How lists are cut into pages: by cursor, so that a page does not shift while rows arrive."""

from __future__ import annotations

from rest_framework.pagination import CursorPagination


class NewestFirst(CursorPagination):
    """Newest first, 100 a page. `ordering` is the primary key: ids sort by time."""

    ordering = "-pk"
