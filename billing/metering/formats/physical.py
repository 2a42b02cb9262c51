"""Lines of bytes off a stream, in bounded memory.

*Physical line*: the bytes up to a line feed, without it and without one carriage return before it. Line numbers
count from 1. Blank lines at the end of a file are not rows and are not given; blank lines between others are.
"""

from __future__ import annotations

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from typing import BinaryIO, Final

from billing.metering.formats.errors import UsageFileEmpty, UsageFileIsNotInItsEncoding
from billing.metering.formats.lines import LineFault

LINE_BYTES_MAX: Final = 1 << 20
KEPT_BYTES: Final = 1024
_BOMS: Final = (BOM_UTF8, b"\x84\x31\x95\x33")  # The second is the same mark in GB18030.

Lines = Iterator[tuple[int, bytes]]


def physical_lines(stream: BinaryIO) -> Lines:
    """Give each line with its number; one that is too long is given with its end missing.

    A line longer than `LINE_BYTES_MAX` is never held: what follows the limit is read past and forgotten, and
    what is given is longer than the limit, by which `text_of` knows it.
    """
    number = 0
    blank_count = 0
    while piece := stream.readline(LINE_BYTES_MAX + 2):
        number += 1
        if piece[-1] != 10:
            if len(piece) > LINE_BYTES_MAX:
                _skip_to_line_end(stream)
        elif piece[-2:-1] == b"\r":
            piece = piece[:-2]
        else:
            piece = piece[:-1]
        if number == 1:
            piece = _without_mark(piece)
        if not piece:
            blank_count += 1
            continue
        if blank_count:
            yield from ((earlier, b"") for earlier in range(number - blank_count, number))
            blank_count = 0
        yield number, piece


def _skip_to_line_end(stream: BinaryIO) -> None:
    while (piece := stream.readline(1 << 16)) and piece[-1] != 10:
        pass


def _without_mark(line: bytes) -> bytes:
    for mark in _BOMS:
        line = line.removeprefix(mark)
    return line


def first_line(lines: Lines, encoding: str) -> tuple[int, bytes]:
    """Take the first line of a file.

    Refuses: UsageFileEmpty; UsageFileIsNotInItsEncoding for UTF-16, which would look like noise line by line.
    """
    first = next(lines, None)
    if first is None:
        raise UsageFileEmpty
    if first[1].startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        raise UsageFileIsNotInItsEncoding(encoding=encoding)
    return first


def header_text(lines: Lines, encoding: str) -> tuple[int, str]:
    """Take the first line of a file as its header's text.

    Refuses: UsageFileEmpty, UsageFileIsNotInItsEncoding.
    """
    number, data = first_line(lines, encoding)
    try:
        return number, text_of(data, encoding)
    except LineFault:
        raise UsageFileIsNotInItsEncoding(encoding=encoding) from None


def text_of(data: bytes, encoding: str) -> str:
    """Decode one physical line strictly; raise `LineFault` where it is too long, not text or holds NUL."""
    if len(data) > LINE_BYTES_MAX:
        raise LineFault(
            "line_is_too_long", "The line is longer than 1 MiB and only its beginning was kept; export it again."
        )
    if b"\x00" in data:
        raise LineFault("line_has_a_nul_byte", f"Byte {data.index(0) + 1} of the line is NUL; export it again as text.")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise LineFault(
            "text_is_not_in_its_encoding",
            f"Byte {error.start + 1} of the line is not {encoding}; export as UTF-8 or name the encoding in a profile.",
        ) from None


def kept_text(data: bytes, encoding: str) -> str:
    """Write a line that could not be decoded so that it can be stored and shown."""
    if len(data) > LINE_BYTES_MAX:
        data = data[:KEPT_BYTES]
    return data.decode(encoding, "backslashreplace").replace("\x00", "\\x00")
