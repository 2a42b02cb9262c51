"""Columns whose type is a domain of the database: the rule is the type's, under a name, wherever the type is used.

A check of a domain is kept ready by a session; a check of a table is read anew in every statement, which costs a
single posting more than its two updates do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    WholeNumber = models.BigIntegerField[int, int]
    Text = models.TextField[str, str]
else:
    WholeNumber, Text = models.BigIntegerField, models.TextField


class InstantField(WholeNumber):
    """Milliseconds since 1970-01-01T00:00:00Z, before 2200."""

    def db_type(self, connection: Any) -> str:  # noqa: ARG002 (Django's signature)
        """Return the domain."""
        return "ledger_instant"


class AmountField(WholeNumber):
    """A positive whole number of an asset's smallest unit, below 10^18."""

    def db_type(self, connection: Any) -> str:  # noqa: ARG002
        """Return the domain."""
        return "ledger_amount"


class TotalField(WholeNumber):
    """What was ever debited or credited to an account: never negative."""

    def db_type(self, connection: Any) -> str:  # noqa: ARG002
        """Return the domain."""
        return "ledger_total"


class KeyField(Text):
    """An idempotency key: 1 to 200 printable ASCII characters without blanks."""

    def db_type(self, connection: Any) -> str:  # noqa: ARG002
        """Return the domain."""
        return "ledger_key"


class LineField(Text):
    """A text on one line: at most 200 characters, none of them a control character."""

    def db_type(self, connection: Any) -> str:  # noqa: ARG002
        """Return the domain."""
        return "ledger_line"
