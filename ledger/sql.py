"""Statements live in `.sql` files, one a file, in the room that owns them; this loads them once.

Only text that stands in the repository is ever executed: the return type says so, and a test over the tree
checks that every `.sql` file is loaded by somebody.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import LiteralString


@cache
def load(room: str, name: str) -> LiteralString:
    """Return the statement `<room>/sql/<name>.sql`; `room` is a package such as `ledger.books`.

    Raises FileNotFoundError when there is no such file: a bug, not a refusal.
    """
    package = import_module(room)
    assert package.__file__ is not None
    text: LiteralString = (Path(package.__file__).parent / "sql" / f"{name}.sql").read_text(encoding="utf-8")
    return text
