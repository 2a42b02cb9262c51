"""What the runtime role may do to a table, said beside the table.

A model names its `privileges`; `config` grants exactly those to the runtime role and nothing else. The owner role
creates tables and is not used to serve anybody.
"""

from __future__ import annotations

from typing import Final

READ: Final = ("SELECT",)
"""Written through a database function only."""

APPEND: Final = ("SELECT", "INSERT")
"""A record of what happened: never changed, never deleted. A trigger says so too, to the owner."""

KEEP: Final = ("SELECT", "INSERT", "UPDATE")
"""Reference data that changes over time and is never deleted."""
