"""How the books' types are written in JSON and in addresses: amounts as integers, instants as RFC 3339."""

from __future__ import annotations

import re
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ledger import clock
from ledger.books.questions import CODE as ACCOUNT_CODE
from ledger.books.questions import LAST_MS
from ledger.refusals.rules import instant_of

CODE = r"[A-Za-z0-9._:-]+"
"""What a code may hold where it stands in a URL."""
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
INSTANT_SENTENCE = (
    "Write an instant from 1970 to 2199 with its offset, to the millisecond at most, such as 2026-11-20T02:00:00Z; "
    "in an address the plus sign of an offset is written %2B."
)


class CodeConverter:
    """A code of ours in a URL, such as `O-hexi:2026-10`."""

    regex = CODE

    def to_python(self, value: str) -> str:
        """Return the code as it stands."""
        return value

    def to_url(self, value: str) -> str:
        """Return the code as it stands."""
        return value


class AccountConverter(CodeConverter):
    """An account's code in a URL, such as `B.Available[QC26,V-hexi]`, percent-encoded or not.

    It ends with the only closing bracket it has, so that what follows is never taken for a part of it.
    """

    regex = ACCOUNT_CODE.pattern


def instant_named(text: str) -> int:
    """Return the milliseconds of an instant written as RFC 3339 has it. Raises ValueError for anything else."""
    if not INSTANT.fullmatch(text):
        raise ValueError(INSTANT_SENTENCE)
    try:
        instant_ms = instant_of(text, "UTC", ends=False)
    except ValueError:
        raise ValueError(INSTANT_SENTENCE) from None
    if not 0 <= instant_ms <= LAST_MS:
        raise ValueError(INSTANT_SENTENCE)
    return instant_ms


@extend_schema_field(OpenApiTypes.DATETIME)
class InstantField(serializers.Field[int, Any, str, Any]):
    """An instant, kept as milliseconds and written as `2026-11-20T02:00:00.000Z`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: int) -> str:
        """Write the instant."""
        return clock.iso_utc(value)


@extend_schema_field(OpenApiTypes.DATETIME)
class AskedInstantField(serializers.CharField):
    """An instant that is asked about; empty is None."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, allow_blank=True, default=None, trim_whitespace=False, **kwargs)

    def run_validation(self, data: Any = serializers.empty) -> int | None:
        """Read the instant."""
        text = super().run_validation(data)
        if not text:
            return None
        try:
            return instant_named(text)
        except ValueError as error:
            raise serializers.ValidationError(str(error), code="instant_is_malformed") from None
