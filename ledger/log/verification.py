"""Recomputing the log: every leaf from what stands in the tables, the tree from the leaves, heads and checkpoints.

The tree is grown here in Python by the verifier that outsiders use, where sealing grows it in SQL: each finds the
other's mistakes. A checkpoint that disagrees says more than that history was changed: what an earlier one agrees with
is sound, so the first bad leaf lies after that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from django.conf import settings
from django.db import connection

from ledger.log import verifier
from ledger.log.errors import OutsideCheckpointInvalid
from ledger.log.models import Checkpoint, Head, Key, Leaf, Node
from ledger.log.selectors import KEPT_LEVELS, ROOM, checkpoints, note_of, witnesses
from ledger.sql import load
from ledger.verdicts import SHOWN, Invariant, Verdict

AT_ONCE = 5_000
LEAVES, TREE, CHECKPOINTS = CHECKS = (
    Invariant("leaves_hold_what_was_sealed", "What stands at every position of the log is what was sealed there."),
    Invariant("log_grows_by_its_leaves", "Every head and every kept node of the tree is what its leaves hash to."),
    Invariant(
        "checkpoints_agree_with_the_log",
        "Every checkpoint, ours and those brought from outside, is signed by the key in force then and says the root "
        "of the log at its size.",
    ),
)


@dataclass(slots=True)
class _Findings:
    """The violations of one invariant: all are counted, the first are kept."""

    count: int = 0
    first: list[tuple[str, str]] = field(default_factory=list)

    def add(self, subject: str, fact: str) -> None:
        self.count += 1
        if len(self.first) < SHOWN:
            self.first.append((subject, fact))


class _Tree:
    """The tree as it grows, a frontier for each kept level, and the nodes that became complete with the last leaf."""

    def __init__(self) -> None:
        self.size = 0
        self.levels = [verifier.Frontier() for _ in KEPT_LEVELS]
        self.completed: list[tuple[int, int, bytes]] = []

    def append(self, leaf_hash: bytes) -> None:
        """Add the hash of the next leaf."""
        self.size, self.completed = self.size + 1, []
        for place, level in enumerate(reversed(KEPT_LEVELS)):
            self.levels[place].append(leaf_hash)
            if self.levels[place].size < 256:
                return
            leaf_hash, self.levels[place] = self.levels[place].root(), verifier.Frontier()
            self.completed.append((level + 8, (self.size >> (level + 8)) - 1, leaf_hash))

    def frontier(self) -> list[bytes]:
        """Return the roots of the largest complete subtrees, the largest first."""
        return [each for level in reversed(self.levels) for each in level.hashes]

    def root(self) -> bytes:
        """Return the root over all leaves so far."""
        return verifier.Frontier(self.size, tuple(self.frontier())).root()


def verify_log(outside: Mapping[str, str], *, progress: Callable[[str], None]) -> list[Verdict]:
    """Recompute the log in one pass and return a verdict on each of `CHECKS`. Call it on one snapshot.

    Memory: some thousand leaves and the checkpoints. Refuses: OutsideCheckpointInvalid.
    """
    found = {check: _Findings() for check in CHECKS}
    signed, brought = _signed_by_us(found[CHECKPOINTS]), _brought(outside, found[CHECKPOINTS])
    wanted = {checkpoint.size for _, checkpoint in signed + brought}
    roots, tree = {0: verifier.EMPTY_ROOT}, _Tree()
    heads, nodes = _Heads(found[TREE]), _Nodes(found[TREE])
    last = Leaf.objects.order_by("-position").values_list("position", flat=True).first() or 0
    for position, stands, sealed in _leaves(last, progress):
        if stands != sealed:
            fact = "what was sealed there is gone" if sealed is None else "holds something else than was sealed there"
            found[LEAVES].add(f"position {position}", fact)
        if position != tree.size + 1:
            found[TREE].add(f"position {tree.size + 1}", "is missing: nothing after it can be recomputed")
            break
        tree.append(stands)
        nodes.compare(tree)
        if heads.awaits(tree.size) or tree.size in wanted:
            roots[tree.size] = tree.root()
            heads.compare(tree, roots[tree.size])
    heads.end(tree.size)
    nodes.end()
    # Each by themselves: whoever re-builds the log signs it anew, which must not lead astray what was kept elsewhere.
    _compare(brought, roots, tree.size, found[CHECKPOINTS])
    _compare(signed, roots, tree.size, found[CHECKPOINTS])
    return [Verdict(check, each.count, tuple(each.first)) for check, each in found.items()]


def _leaves(last: int, progress: Callable[[str], None]) -> Iterator[tuple[int, bytes, bytes | None]]:
    """Yield each leaf's position, the hash that stands there, and the hash of what it commits to now."""
    for first in range(1, last + 1, AT_ONCE):
        progress(f"the log, position {first:,} of {last:,}")
        with connection.cursor() as cursor:
            cursor.execute(load(ROOM, "check_leaves"), {"first": first, "last": first + AT_ONCE - 1})
            for position, stands, sealed in cursor.fetchall():
                yield position, bytes(stands), None if sealed is None else bytes(sealed)


class _Heads:
    """The stored heads, met in order of their sizes."""

    def __init__(self, found: _Findings) -> None:
        self.found = found
        rows = Head.objects.order_by("size").values_list("size", "root", "frontier")
        self.rows = iter(rows.iterator(chunk_size=2_000))
        self.next = next(self.rows, None)
        self.last = 0

    def awaits(self, size: int) -> bool:
        """Say whether a head of this size comes next."""
        return self.next is not None and self.next[0] == size

    def compare(self, tree: _Tree, root: bytes) -> None:
        """Hold the head of the tree's size against the tree."""
        if self.next is None or self.next[0] != tree.size:
            return
        size, stored, frontier = self.next
        if bytes(stored) != root:
            self.found.add(f"head of {size}", "has another root than its leaves")
        if [bytes(each) for each in frontier] != tree.frontier():
            self.found.add(f"head of {size}", "has another frontier than its leaves")
        self.last, self.next = size, next(self.rows, None)

    def end(self, size: int) -> None:
        """See that every head was met, and that the last one is of all leaves."""
        if self.next is not None:
            self.found.add(f"head of {self.next[0]}", f"is of more leaves than the {size} that are there")
        elif self.last != size:
            self.found.add(f"position {self.last + 1}", f"is sealed under no head: the last is of {self.last}")


class _Nodes:
    """The kept nodes, each met when its last leaf is: level by level in the order of their indexes."""

    def __init__(self, found: _Findings) -> None:
        self.found = found
        self.rows = {
            level: iter(Node.objects.filter(level=level).order_by("index").values_list("index", "node_hash").iterator())
            for level in KEPT_LEVELS
            if level
        }

    def compare(self, tree: _Tree) -> None:
        """Hold the nodes that the last leaf completed against those that are kept."""
        for level, index, node_hash in tree.completed:
            kept = next(self.rows[level], None)
            if kept is None or (kept[0], bytes(kept[1])) != (index, node_hash):
                self.found.add(f"node {index} of level {level}", "is not what its leaves hash to")

    def end(self) -> None:
        """See that no other node is kept."""
        for level, rows in self.rows.items():
            for index, _ in rows:
                self.found.add(f"node {index} of level {level}", "is of no leaves that are there")


def _signed_by_us(found: _Findings) -> list[tuple[str, verifier.Checkpoint]]:
    """Check the signatures under every stored checkpoint, and return those that can be read."""
    stored = list(checkpoints().order_by("id"))
    in_force = Key.objects.filter(reason=Key.Reason.FIRST).first()
    read: list[tuple[str, verifier.Checkpoint]] = []
    for each in stored:
        subject = f"checkpoint of {each.head_id}"
        signers = [in_force]
        if each.successor is not None:
            signers = [each.successor] if each.successor.reason == Key.Reason.LOST else [in_force, each.successor]
            if each.successor.replaces_id != (in_force and in_force.id):
                found.add(subject, "puts a key in force that does not replace the one before it")
            in_force = each.successor
        read += _read(each, subject, [key.verifier_key for key in signers if key is not None], found)
    return read


def _read(
    each: Checkpoint, subject: str, signers: list[str], found: _Findings
) -> list[tuple[str, verifier.Checkpoint]]:
    try:
        keys = [verifier.VerifierKey.parse(text) for text in signers]
        note = verifier.Note.parse(note_of(each))
        by = {key for key, _ in verifier.verified(note, [*keys, *witnesses()])}
        checkpoint = verifier.Checkpoint.parse(each.text)
    except verifier.NotProven as error:
        found.add(subject, f"cannot be read as it was signed: {error}")
        return []
    if not keys or not by.issuperset(keys):
        found.add(subject, "is not signed by the key that was in force")
    return [(subject, checkpoint)]


def _brought(outside: Mapping[str, str], found: _Findings) -> list[tuple[str, verifier.Checkpoint]]:
    """Read the checkpoints that somebody kept elsewhere.

    One that no key of this log signed is named, and held against the log all the same: that it is not forged, and the
    log's keys were replaced, only who kept it knows.
    """
    keys = [verifier.VerifierKey.parse(text) for text in Key.objects.values_list("verifier_key", flat=True)]
    brought = []
    for name, text in outside.items():
        try:
            note = verifier.Note.parse(text)
            checkpoint = verifier.Checkpoint.parse(note.text)
            known = verifier.verified(note, keys)
        except verifier.NotProven as error:
            raise OutsideCheckpointInvalid(file=name, reason=str(error).rstrip(".")) from None
        if checkpoint.origin != settings.CHECKPOINT_ORIGIN:
            raise OutsideCheckpointInvalid(file=name, reason=f"it is of {checkpoint.origin}")
        if not known:
            found.add(name, "is signed by no key that this log knows: it is forged, or the log's keys were replaced")
        brought.append((name, checkpoint))
    return brought


def _compare(
    signed: list[tuple[str, verifier.Checkpoint]], roots: Mapping[int, bytes], size: int, found: _Findings
) -> None:
    """Hold what checkpoints say against the roots that were recomputed, the smallest size first."""
    sound, unsound = 0, size
    for subject, checkpoint in sorted(signed, key=lambda each: each[1].size):
        if checkpoint.size > size:
            found.add(subject, f"covers {checkpoint.size} positions; from position {size + 1} on they are gone")
        elif roots[checkpoint.size] == checkpoint.root:
            sound, unsound = checkpoint.size, size
        else:
            unsound = min(unsound, checkpoint.size)
            where = f"{sound + 1}" if unsound == sound + 1 else f"one of {sound + 1} to {unsound}"
            found.add(subject, f"says another root than the log has: the first position that was changed is {where}")
