"""The sealed books as tables: CSV after RFC 4180, in UTF-8, one file a table, with a dictionary of every column.

*Dictionary*: a table of `dictionaries/`, a row a column. It decides which columns a file has, in which order, and how
their cells are written; so it is complete by construction, and is exported with the files.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol

from ledger.exports import rules
from ledger.exports.selectors import SealedBooks
from ledger.units import decimal_text

DICTIONARY = "data_dictionary.csv"


class Writable(Protocol):
    """What takes text."""

    def write(self, text: str, /) -> object:
        """Take a piece of text."""


@dataclass(frozen=True)
class Tables:
    """A set of files: the name of its dictionary, and the statement that gives the rows of each file."""

    dictionary: str
    statements: dict[str, str]

    @cached_property
    def columns(self) -> dict[str, dict[str, str]]:
        """Each file's columns with their types, in order."""
        return {
            file: {row[1]: row[2] for row in of_file}
            for file, of_file in groupby(self._described()[1:], key=lambda row: row[0])
        }

    def write(self, file: str, books: SealedBooks, page: Writable) -> int:
        """Write one of the files, with its header, and return how many rows it has."""
        if file == DICTIONARY:
            rows: Iterator[list[str]] = iter(self._described()[1:])
        else:
            kinds = list(self.columns[file].values())
            found = books.rows(self.statements[file], [column.lower() for column in self.columns[file]])
            rows = ([_cell(value, kind) for value, kind in zip(row, kinds, strict=True)] for row in found)
        lines, count = csv.writer(page), 0
        lines.writerow(self.columns[file])
        for count, row in enumerate(rows, 1):  # noqa: B007 (the last is the count)
            lines.writerow(row)
        return count

    def _described(self) -> list[list[str]]:
        path = Path(__file__).parent / "dictionaries" / f"{self.dictionary}.csv"
        with path.open(encoding="utf-8", newline="") as lines:
            return list(csv.reader(lines))


def _cell(value: Any, kind: str) -> str:
    """Write a value as its column's type says; nothing is an empty cell."""
    if value is None:
        return ""
    if kind == "money":
        return decimal_text(int(value), 2)
    if kind == "boolean":
        return "yes" if value else "no"
    return rules.guarded(value) if kind == "text" else str(value)


BOOKS = Tables(
    "books",
    {
        "account_types.csv": "account_types",
        "accounts.csv": "accounts",
        "entries.csv": "entries",
        "transfers.csv": "transfers",
        "entry_numbers.csv": "entry_numbers",
        "trial_balance.csv": "trial_balance",
    },
)
ISO_21378 = Tables(
    "iso_21378",
    {
        "BAS_Chart_Of_Accounts.csv": "bas_chart_of_accounts",
        "BAS_Accounting_Period.csv": "bas_accounting_period",
        "BAS_Journal_Entry_Type.csv": "bas_journal_entry_type",
        "BAS_Currency.csv": "bas_currency",
        "BAS_Measurement_Unit.csv": "bas_measurement_unit",
        "GL_Source.csv": "gl_source",
        "GL_Details.csv": "gl_details",
        "GL_Accounts_Period_Balance.csv": "gl_accounts_period_balance",
        "GL_Trial_Balance.csv": "gl_trial_balance",
    },
)
