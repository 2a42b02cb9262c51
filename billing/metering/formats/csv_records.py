"""Records of a CSV file (RFC 4180), found so that one stray quotation mark costs one row and not the file.

*Record*: one row of cells. A quoted cell may hold line breaks, so a record may be several physical lines. A
quotation mark that nobody closed would swallow every row after it; so a record may be only so long, and where
lines that were drawn together make no sound record of the header's width, the first line goes back by itself and
the others are read anew.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from billing.metering.formats.lines import LineFault
from billing.metering.formats.physical import LINE_BYTES_MAX, Lines, kept_text, text_of

RECORD_LINES_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its first line's number, its text, and its cells or what is wrong with it."""

    line: int
    raw: str
    cells: list[str]
    fault: LineFault | None = None


class RecordReader:
    """Gives the records of a file one by one, in bounded memory."""

    def __init__(self, lines: Lines, encoding: str, delimiter: str) -> None:
        self._lines = lines
        self._encoding = encoding
        self._delimiter = delimiter
        self._put_back: deque[tuple[int, bytes]] = deque()
        self.width = 0

    def __iter__(self) -> Iterator[Record]:
        """Give each record once."""
        while (item := self._next_line()) is not None:
            line, data = item
            try:
                text = text_of(data, self._encoding)
            except LineFault as fault:
                yield Record(line, kept_text(data, self._encoding), [], fault)
                continue
            yield self._record(line, data, text)

    def cells(self, text: str) -> list[str]:
        """Return the cells of one whole record; raise `LineFault` where its quotes are malformed."""
        if '"' not in text:
            return text.split(self._delimiter)
        try:
            rows = list(csv.reader([text], delimiter=self._delimiter, strict=True))
        except csv.Error:
            rows = []
        if len(rows) != 1:
            raise LineFault(
                "row_quotes_are_malformed",
                "The row's quotation marks do not follow RFC 4180; quote whole cells and double the marks inside.",
            )
        return rows[0]

    def _next_line(self) -> tuple[int, bytes] | None:
        return self._put_back.popleft() if self._put_back else next(self._lines, None)

    def _record(self, line: int, data: bytes, text: str) -> Record:
        if text.count('"') % 2:
            return self._long_record(line, data, text)
        try:
            return Record(line, text, self.cells(text))
        except LineFault as fault:
            return Record(line, text, [], fault)

    def _long_record(self, line: int, data: bytes, text: str) -> Record:
        drawn: list[tuple[int, bytes]] = []
        texts = [text]
        byte_count = len(data)
        while len(texts) < RECORD_LINES_MAX and (item := self._next_line()) is not None:
            drawn.append(item)
            byte_count += len(item[1])
            if byte_count > LINE_BYTES_MAX:
                break
            try:
                texts.append(text_of(item[1], self._encoding))
            except LineFault:
                break
            if texts[-1].count('"') % 2:
                raw = "\n".join(texts)
                cells = self._sound_cells(raw)
                if cells is None:
                    break
                return Record(line, raw, cells)
        self._put_back.extendleft(reversed(drawn))
        return Record(
            line,
            text,
            [],
            LineFault("quote_is_not_closed", "A quotation mark is opened and not closed; close it or double it."),
        )

    def _sound_cells(self, raw: str) -> list[str] | None:
        try:
            cells = self.cells(raw)
        except LineFault:
            return None
        return cells if len(cells) == self.width else None
