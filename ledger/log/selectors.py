"""Reading the log: sizes, checkpoints and who signed them, and the roots of subtrees that proofs are made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import F, Q, QuerySet

from ledger.errors import NotFound
from ledger.log import verifier
from ledger.log.errors import PositionUnknown
from ledger.log.models import Checkpoint, Head, Key, Record
from ledger.sql import load

ROOM = "ledger.log"
POSITION = re.compile(r"[0-9]{1,18}", re.ASCII)
KEPT_LEVELS = (56, 48, 40, 32, 24, 16, 8, 0)
"""The levels of the tree whose nodes are stored, from the root down; at level 0 stand the leaves."""


@dataclass(frozen=True, slots=True)
class OpenLeaf:
    """A leaf with what it commits to; `content` is the text of its canonical JSON, None where the content is gone."""

    position: int
    kind: str
    salt: bytes
    content: str | None
    leaf_hash: bytes


def tree_size() -> int:
    """Return how many leaves are sealed."""
    return Head.objects.order_by("-size").values_list("size", flat=True).first() or 0


def witnesses() -> list[verifier.VerifierKey]:
    """Return the keys of the witnesses that this installation knows (`QUANBU_WITNESSES`)."""
    return [verifier.VerifierKey.parse(text) for text in settings.WITNESSES]


def checkpoints() -> QuerySet[Checkpoint]:
    """Return the checkpoints with what stands under them, newest first. They are for everybody."""
    return Checkpoint.objects.select_related("head", "successor").prefetch_related("signatures").order_by("-id")


def checkpoint_over(position: int, *, cosignatures: int, size: int | None = None) -> Checkpoint | None:
    """Return the newest checkpoint that covers a position, of one size if it is given, with so many cosignatures.

    They are counted as an outsider counts them: verified, one a witness that this installation knows.
    """
    found = checkpoints().filter(head_id__gte=position, **({} if size is None else {"head_id": size}))
    if not cosignatures:
        return found.first()
    log = tuple(map(verifier.VerifierKey.parse, verifier_keys()))
    trust = verifier.Trust(log, tuple(witnesses()))
    signed = found.filter(signatures__witness=True).distinct().iterator(chunk_size=20)
    return next((each for each in signed if len(_cosigners(each, trust)) >= cosignatures), None)


def _cosigners(checkpoint: Checkpoint, trust: verifier.Trust) -> tuple[tuple[verifier.VerifierKey, int], ...]:
    """Return the known witnesses whose signatures under a checkpoint verify; none where one is forged."""
    try:
        return trust.cosigners(verifier.Note.parse(note_of(checkpoint)), trust.keys)
    except verifier.NotProven:
        return ()


def note_of(checkpoint: Checkpoint) -> str:
    """Return a checkpoint as the signed note that is handed out: its text and every signature under it."""
    signatures = sorted(checkpoint.signatures.all(), key=lambda each: each.id)
    return str(
        verifier.Note(
            checkpoint.text,
            tuple(verifier.Signature(each.name, bytes(each.key_id), bytes(each.blob)) for each in signatures),
        )
    )


def successions() -> list[str]:
    """Return the notes by which each key of this log replaced the one before it, oldest first."""
    return [note_of(each) for each in checkpoints().filter(successor__isnull=False).order_by("id")]


def verifier_keys() -> list[str]:
    """Return the verifier keys of this log, oldest first. An outsider learns the first from somewhere else."""
    return list(Key.objects.order_by("id").values_list("verifier_key", flat=True))


def records_handed_in_by(submitters: Iterable[str] | None) -> QuerySet[Any]:
    """Return the sealed records of these submitters, or of everybody (None), each with its `position`, newest first."""
    scope = Q() if submitters is None else Q(submitter__in=list(submitters))
    return Record.objects.filter(scope, leaf__isnull=False).annotate(position=F("leaf__position")).order_by("-position")


def open_leaves(first: int, last: int) -> list[OpenLeaf]:
    """Return the leaves of the positions from first to last, both included, with what they commit to."""
    with connection.cursor() as cursor:
        cursor.execute(load(ROOM, "open_leaves"), {"first": first, "last": last})
        return [
            OpenLeaf(position, kind, bytes(salt), content, bytes(leaf_hash))
            for position, kind, salt, content, leaf_hash in cursor.fetchall()
        ]


def all_leaves(last: int, *, at_once: int = 5_000) -> Iterator[OpenLeaf]:
    """Yield the leaves from 1 to `last`, so many read at once."""
    for first in range(1, last + 1, at_once):
        yield from open_leaves(first, min(first + at_once - 1, last))


def position_of(what: str) -> int:
    """Return the position that somebody means: its number, a submitter's number (`north/3`), or a record's subject.

    Of several the newest.
    Refuses: NotFound, also for what is recorded and not sealed yet.
    """
    if POSITION.fullmatch(what):
        return int(what)
    submitter, _, number = what.rpartition("/")
    named = Q(subject=what)
    if submitter and POSITION.fullmatch(number):
        named |= Q(submitter=submitter, number=int(number))
    found = None if "\0" in what else records_handed_in_by(None).filter(named).first()
    if found is None:
        raise NotFound(kind="sealed record", name=what)
    return int(found.position)


def leaf_at(position: int) -> OpenLeaf:
    """Return one leaf with what it commits to. Refuses: PositionUnknown."""
    found = open_leaves(position, position) if 0 < position <= 2**62 else []
    if not found:
        raise PositionUnknown(position=position, last=tree_size())
    return found[0]


def subtree_roots(ranges: Sequence[tuple[int, int]]) -> list[bytes]:
    """Return the root over each range of leaves [start, end), in order, in one query.

    Each range begins at a multiple of a power of two that is no shorter than it, as those of proofs do: it is read as
    at most 255 stored hashes a level, however long it is.
    """
    segments = [(place, *segment) for place, span in enumerate(ranges) for segment in _segments(*span)]
    with connection.cursor() as cursor:
        cursor.execute(
            load(ROOM, "read_nodes"),
            {
                "places": [place for place, _, _, _ in segments],
                "levels": [level for _, level, _, _ in segments],
                "firsts": [first for _, _, first, _ in segments],
                "ends": [end for _, _, _, end in segments],
            },
        )
        found: list[list[tuple[int, bytes]]] = [[] for _ in ranges]
        for place, level, node_hash in cursor.fetchall():
            found[place].append((level, bytes(node_hash)))
    return [_folded(nodes) for nodes in found]


def _segments(start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Cut a range into runs of stored nodes, as (level, first index, end index), from left to right."""
    for level in KEPT_LEVELS:
        width = 1 << level
        count = (end - start) // width
        if count and start % width == 0:
            yield level, start // width, start // width + count
            start += count * width


def _folded(nodes: Iterable[tuple[int, bytes]]) -> bytes:
    """Join neighbours from left to right, of whatever level, into the root over them all."""
    standing: list[tuple[int, bytes]] = []
    for level, node_hash in nodes:
        standing.append((level, node_hash))
        while len(standing) > 1 and standing[-1][0] == standing[-2][0]:
            (joined, right), (_, left) = standing.pop(), standing.pop()
            standing.append((joined + 1, verifier.node_hash(left, right)))
    root = standing.pop()[1]
    while standing:
        root = verifier.node_hash(standing.pop()[1], root)
    return root
