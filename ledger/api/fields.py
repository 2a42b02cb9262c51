"""How the books' types are written in JSON: amounts and quantities as integers, instants as RFC 3339 in UTC."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ledger import clock

CODE = r"[A-Za-z0-9._:-]+"
"""What a code may hold where it stands in a URL."""


class CodeConverter:
    """A code of ours in a URL, such as `O-hexi:2026-10`."""

    regex = CODE

    def to_python(self, value: str) -> str:
        """Return the code as it stands."""
        return value

    def to_url(self, value: str) -> str:
        """Return the code as it stands."""
        return value


@extend_schema_field(OpenApiTypes.DATETIME)
class InstantField(serializers.Field[int, Any, str, Any]):
    """An instant, kept as milliseconds and written as `2026-11-20T02:00:00.000Z`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: int) -> str:
        """Write the instant."""
        return clock.iso_utc(value)
