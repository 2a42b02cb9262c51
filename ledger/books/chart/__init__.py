"""The chart of accounts as data: account types, templates, and the flows each template may post.

A migration puts these three tables into the database, where the door reads them. A change is a new migration
that inserts or raises a version; rows that were posted keep the template version they were posted under.
"""

from __future__ import annotations

import csv
from pathlib import Path


def rows_of(table: str) -> list[dict[str, str]]:
    """Return the rows of `account_types`, `templates` or `flows`."""
    with (Path(__file__).parent / f"{table}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
