"""Writing an export to a place of its own: all of it, or nothing that looks whole."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from ledger.exports import beancount, hledger
from ledger.exports.errors import ExportNotWritten, ExportPlaceMissing, ExportPlaceTaken
from ledger.exports.selectors import SealedBooks, sealed_books
from ledger.exports.tables import BOOKS, DICTIONARY, ISO_21378, Tables

JOURNALS: dict[str, Callable[[SealedBooks], Iterator[str]]] = {
    "beancount": beancount.journal,
    "hledger": hledger.journal,
}
TABLES: dict[str, Tables] = {"csv": BOOKS, "iso-21378": ISO_21378}
FORMATS = (*JOURNALS, *TABLES)
MANIFEST, LEAVES, CHECKPOINT = "manifest.json", "leaves.jsonl", "checkpoint.txt"
#: What the manifest calls each set of tables.
MANIFEST_FORMATS = {"csv": "quanbu.export/1", "iso-21378": "quanbu.export.iso-21378/1"}


@dataclass(frozen=True, slots=True)
class File:
    """A file of an export: its digest, its size, and how many rows it has (of a journal: how many entries)."""

    sha256: str
    bytes: int
    rows: int


@dataclass(frozen=True, slots=True)
class Exported:
    """What was exported: the position it stands at, how much there is, and the files by name.

    `gone` counts positions of which the database no longer has what was sealed there.
    """

    position: int
    entries: int
    transfers: int
    gone: int
    files: dict[str, File]


class _Page:
    """A file that counts and digests what is written to it, in UTF-8."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._digest, self._bytes = stream, hashlib.sha256(), 0

    def write(self, text: str) -> None:
        content = text.encode()
        self._stream.write(content)
        self._digest.update(content)
        self._bytes += len(content)

    def file(self, rows: int) -> File:
        return File(self._digest.hexdigest(), self._bytes, rows)


def tell(journal: str, write: Callable[[str], object]) -> None:
    """Write a journal piece by piece to whoever listens, such as standard output. Nothing can be taken back there."""
    with sealed_books() as books:
        for piece in JOURNALS[journal](books):
            write(piece)


def export(format_: str, place: Path | None) -> Exported:
    """Write an export to a new file (journals) or to a new or empty folder (tables).

    It is written beside its place, and moved there when it is whole: who is killed leaves a folder that ends in
    `.partial`. Only its owner may read it. Memory: a page of rows, and the largest entry. Locks: nothing.
    Refuses: ExportPlaceMissing, ExportPlaceTaken, ExportNotWritten; nothing is left then.
    """
    if place is None:
        raise ExportPlaceMissing(format=format_)
    place, gone = place.absolute(), 0
    with _beside(place, empty_folder_will_do=format_ in TABLES) as whole, sealed_books() as books:
        if format_ in JOURNALS:
            files = {place.name: _write_journal(format_, books, whole)}
        else:
            whole.mkdir(mode=0o700)
            files, gone = _write_tables(format_, books, whole)
        _move(whole, place)
    return Exported(books.position, books.entries, books.transfers, gone, files)


def _write_journal(format_: str, books: SealedBooks, path: Path) -> File:
    with _page(path) as page:
        for piece in JOURNALS[format_](books):
            page.write(piece)
    return page.file(books.entries)


def _write_tables(format_: str, books: SealedBooks, folder: Path) -> tuple[dict[str, File], int]:
    """Write each table and the dictionary, of plain tables the log beside them, and last the manifest of all.

    Returns the files, and how many positions of the log have lost what was sealed there.
    """
    tables, files, gone = TABLES[format_], {}, 0
    for name in (*tables.statements, DICTIONARY):
        with _page(folder / name) as page:
            rows = tables.write(name, books, page)
        files[name] = page.file(rows)
    if format_ == "csv":
        leaves, gone = _write_leaves(books, folder)
        files |= leaves | _write_notes(books, folder)
    manifest = {
        "format": MANIFEST_FORMATS[format_],
        "position": books.position,
        "files": {name: asdict(file) for name, file in files.items()},
    }
    with _page(folder / MANIFEST) as page:
        page.write(json.dumps(manifest, indent=2) + "\n")
    return files, gone


def _write_leaves(books: SealedBooks, folder: Path) -> tuple[dict[str, File], int]:
    """Write what the tables are proven by: every leaf with what it commits to; return too how many have lost that."""
    rows = there = 0
    with _page(folder / LEAVES) as page:
        for rows, (line, is_there) in enumerate(books.leaves(), 1):  # noqa: B007 (the last is the count)
            page.write(line)
            there += is_there
    return {LEAVES: page.file(rows)}, rows - there


def _write_notes(books: SealedBooks, folder: Path) -> dict[str, File]:
    """Write what the leaves are proven by: the checkpoint over them all, and each succession of the log's key."""
    notes = {f"succession-{number}.txt": note for number, note in enumerate(books.successions, 1)}
    files = {}
    for name, note in {CHECKPOINT: books.checkpoint, **notes}.items():
        if note:
            with _page(folder / name) as page:
                page.write(note)
            files[name] = page.file(note.count("\n"))
    return files


def _move(whole: Path, place: Path) -> None:
    """Move what is whole to its place, over nothing that came there meanwhile, and see that the move is on the disk."""
    if whole.is_dir():
        whole.rename(place)  # over an empty folder, and no other
    else:
        try:
            os.link(whole, place)
        except FileExistsError:
            raise ExportPlaceTaken(place=place) from None
    folder = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _page(path: Path) -> Iterator[_Page]:
    """Open a new file that only its owner may read, and see that it is on the disk in the end."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:  # noqa: PTH123
        yield _Page(stream)
        stream.flush()
        os.fsync(stream.fileno())


@contextmanager
def _beside(place: Path, *, empty_folder_will_do: bool) -> Iterator[Path]:
    """Name where to write beside a place that is free: in a folder that is gone in the end, with all that is left."""
    folder = None
    try:
        is_taken = place.is_symlink() or place.exists()
        if is_taken and not (empty_folder_will_do and place.is_dir() and not any(place.iterdir())):
            raise ExportPlaceTaken(place=place)
        folder = Path(tempfile.mkdtemp(prefix=f".{place.name}.", suffix=".partial", dir=place.parent))
        yield folder / place.name
    except OSError as error:
        raise ExportNotWritten(place=place, reason=error.strerror or type(error).__name__) from error
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
