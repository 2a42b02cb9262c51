"""The base of every list's filters."""

from __future__ import annotations

from django_filters import rest_framework as filters


class ByCode(filters.FilterSet):  # type: ignore[misc] # the package says nothing about types
    """Narrows a list by codes that people write, never by row numbers."""
