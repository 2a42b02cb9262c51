"""The footer of a usage-csv file: `#total,rows=…,gpu_seconds=…`.

Its rows are every row of the file, usable or not. Its GPU-seconds are counts times elapsed seconds over the same
rows; where a row's own numbers cannot be read, the stated total can only be held to be not below the rest.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from billing.metering.formats.errors import ControlTotalDiffers, ControlTotalIsMalformed
from billing.metering.formats.lines import shown

MARK: Final = "#total"
_NUMBER: Final = re.compile(r"([0-9]{1,30})(?:\.([0-9]{1,3}))?")


class ControlTotal:
    """Adds up what a file's rows claim, and compares it with what its footer says."""

    def __init__(self) -> None:
        self.row_count = 0
        self.milli_gpu_s = 0
        self.unread_count = 0

    def add(self, milli_gpu_s: int | None) -> None:
        """Count one row and what it claims; None where that cannot be read."""
        self.row_count += 1
        if milli_gpu_s is None:
            self.unread_count += 1
        else:
            self.milli_gpu_s += milli_gpu_s

    def check(self, line: int, cells: Sequence[str]) -> None:
        """Compare with the footer's cells.

        Refuses: ControlTotalDiffers, ControlTotalIsMalformed.
        """
        stated = _stated(line, cells)
        rows = stated.get("rows")
        if rows is not None and rows != self.row_count * 1000:
            raise ControlTotalDiffers(what="rows", stated=_decimal(rows), found=_decimal(self.row_count * 1000))
        gpu = stated.get("gpu_seconds")
        if gpu is None or gpu == self.milli_gpu_s or (self.unread_count and gpu > self.milli_gpu_s):
            return
        raise ControlTotalDiffers(what="gpu_seconds", stated=_decimal(gpu), found=_decimal(self.milli_gpu_s))


def _stated(line: int, cells: Sequence[str]) -> dict[str, int]:
    """Return the footer's numbers in thousandths."""
    stated: dict[str, int] = {}
    # Spreadsheets pad every row to the header's width with empty cells.
    for cell in filter(None, (cell.strip() for cell in cells[1:])):
        name, _, value = cell.partition("=")
        match = _NUMBER.fullmatch(value)
        if name not in {"rows", "gpu_seconds"} or name in stated or match is None:
            raise ControlTotalIsMalformed(line=line, why=f"{shown(cell)} is neither rows=… nor gpu_seconds=…")
        stated[name] = int(match[1]) * 1000 + int((match[2] or "").ljust(3, "0"))
    return stated


def _decimal(thousandths: int) -> str:
    whole, rest = divmod(thousandths, 1000)
    return f"{whole}.{rest:03d}" if rest else str(whole)
