"""The offline verifier of the log: one file that needs Python 3.11 or newer and the package `cryptography` alone.

The application hashes, proves and signs with it; whoever trusts nobody copies it and runs
`python3 verifier.py receipt | consistency | export | cosign | keygen` (`docs/verifying.md`).

*Leaf*: the salted commitment to one record. *Position*: 1 for the first leaf; its index is one less. *Checkpoint*:
the size and root of the tree, as a note that the log signs. *Witness*: somebody else who cosigns a checkpoint after
seeing that it continues the last one. *Succession*: a checkpoint that says which key replaces which. *Receipt*: one
record with everything that proves its place. Whatever does not prove what it claims raises `NotProven`.

Source: RFC 9162 section 2.1 (tree), C2SP signed-note, tlog-checkpoint and tlog-cosignature, RFC 8785 (JSON).
"""

from __future__ import annotations

import argparse
import base64
import csv
import hashlib
import io
import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count, islice, zip_longest
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SUITE = "sha256-ed25519"
EMPTY_ROOT = hashlib.sha256().digest()
ED25519, COSIGNATURE = 0x01, 0x04
LARGEST_INTEGER, LARGEST_SIZE = 2**53 - 1, 2**63 - 1
DEEPEST, LONGEST_BYTES = 64, 16 * 1024 * 1024
LONGEST_NOTE = 1_000_000
COSIGNED = "cosignature/v1\n"
ENTRY, ACCOUNTS = "entry.posted", ("account", "debits", "credits")
TABLES = ("accounts.csv", "entries.csv", "transfers.csv")
MANIFEST, CHECKPOINT, LEAVES = "manifest.json", "checkpoint.txt", "leaves.jsonl"
FIELD, EIGHTH = 2**255 - 19, 2707385501144840649318225287225658788936804267575313519463743609750303402022
SMALL_ORDER = {0, 1, EIGHTH, FIELD - EIGHTH, FIELD - 1, FIELD, FIELD + 1}


class NotProven(Exception):
    """What was shown does not prove what it claims; the sentence says what does not fit, where, and what it means."""


class ProofInvalid(NotProven):
    """A proof does not lead from the leaf, or from the older root, to the root."""


class NoteInvalid(NotProven):
    """A note, a key or a signature is malformed, forged, or not of somebody who is trusted for it."""


def _require(holds: object, sentence: str, error: type[NotProven] = NotProven) -> None:
    if not holds:
        raise error(sentence)


# The tree


def leaf_hash(data: bytes) -> bytes:
    """Hash the data of a leaf."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees into the one above them."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass
class Frontier:
    """The tree over [0, size) as the roots of its maximal complete subtrees, from the largest to the smallest."""

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        fits = self.size >= 0 and len(self.hashes) == self.size.bit_count() and {len(h) for h in self.hashes} <= {32}
        _require(fits, f"{len(self.hashes)} hashes are no frontier of {self.size} leaves.", ProofInvalid)

    def append(self, leaf: bytes) -> None:
        """Add the hash of the next leaf."""
        kept, bits = list(self.hashes), self.size
        while bits & 1:
            leaf, bits = node_hash(kept.pop(), leaf), bits >> 1
        self.size, self.hashes = self.size + 1, (*kept, leaf)

    def root(self) -> bytes:
        """Return the root of the tree."""
        root = self.hashes[-1] if self.hashes else EMPTY_ROOT
        for left in reversed(self.hashes[:-1]):
            root = node_hash(left, root)
        return root


def _descend(index: int, end: int, *, to_leaf: bool) -> list[tuple[int, int]]:
    """Walk from the root to a leaf, or to the first subtree that ends with it; return that one and all beside it."""
    start, beside = 0, []
    while end - start > 1 and (to_leaf or end != index + 1):
        middle = start + (1 << (end - start - 1).bit_length() - 1)
        beside.append((middle, end) if index < middle else (start, middle))
        start, end = (start, middle) if index < middle else (middle, end)
    return [(start, end), *reversed(beside)]


def inclusion_ranges(index: int, size: int) -> list[tuple[int, int]]:
    """Return the ranges [start, end) of leaves whose roots, in order, prove leaf `index` in a tree of `size`."""
    _require(0 <= index < size, f"A tree of {size} leaves has no leaf with the index {index}.", ProofInvalid)
    return _descend(index, size, to_leaf=True)[1:]


def consistency_ranges(first: int, second: int) -> list[tuple[int, int]]:
    """Return the ranges [start, end) of leaves whose roots, in order, prove that `second` continues `first`."""
    _require(0 < first <= second, f"Nothing can prove that {second} leaves continue {first}.", ProofInvalid)
    ranges = _descend(first - 1, second, to_leaf=False)
    return ranges if ranges[0][0] else ranges[1:]


def _climb(index: int, last: int, start: bytes, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Return the roots of the older and of the newer tree to which a path leads, of `last` + 1 nodes at its foot."""
    old = new = start
    for each in path:
        if index & 1 or index == last:
            old, new = node_hash(each, old), node_hash(each, new)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            new = node_hash(new, each)
        index, last = index >> 1, last >> 1
    return old, new


def verify_inclusion(leaf: bytes, *, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Refuse unless `proof` leads from the hash of the leaf `index` to the root of `size` leaves (2.1.3.2)."""
    expected = len(inclusion_ranges(index, size))
    whole = len(proof) == expected and {len(each) for each in (leaf, root, *proof)} == {32}
    _require(whole, f"Leaf {index} of {size} is proven by {expected} hashes of 32 bytes, not by these.", ProofInvalid)
    wrong = "The proof does not lead to the root: the record is not in the log as it is shown."
    _require(_climb(index, size - 1, leaf, proof)[1] == root, wrong, ProofInvalid)


def verify_consistency(
    *, first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]
) -> None:
    """Refuse unless `proof` shows that the tree of `second` leaves begins with that of `first` (2.1.4.2)."""
    expected = len(consistency_ranges(first, second))
    whole = len(proof) == expected and {len(each) for each in (first_root, second_root, *proof)} == {32}
    short = f"That {second} leaves continue {first} is proven by {expected} hashes of 32 bytes, not by these."
    _require(whole, short, ProofInvalid)
    path = proof if first & (first - 1) and first < second else [first_root, *proof]
    ones = (first ^ (first - 1)).bit_length() - 1
    roots = _climb((first - 1) >> ones, (second - 1) >> ones, path[0], path[1:])
    wrong = f"The {second} leaves do not begin with the {first} of before: history was changed."
    _require(roots == (first_root, second_root), wrong, ProofInvalid)


# JSON and leaves


_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def _ordered(value: object, depth: int = 0) -> object:
    _require(depth <= DEEPEST, f"The JSON is more than {DEEPEST} levels deep.")
    match value:
        case str() | bool() | None:
            return value
        case int() if abs(value) <= LARGEST_INTEGER:
            return int(value)
        case list() | tuple():
            return [_ordered(each, depth + 1) for each in value]
        case dict() if all(isinstance(name, str) for name in value):
            names = sorted(value, key=lambda name: name.encode("utf-16-be"))
            return {name: _ordered(value[name], depth + 1) for name in names}
    raise NotProven(f"A {type(value).__name__} cannot be hashed: large numbers and fractions are written as text.")


def canonical(value: object) -> bytes:
    """Write a value as RFC 8785 does. Refuses what differs between programs: fractions, large integers, half pairs."""
    try:
        return _encoder.encode(_ordered(value)).encode()
    except UnicodeEncodeError as error:
        raise NotProven("A text holds half of a surrogate pair, which is no character.") from error


def leaf_data(kind: str, salt: bytes, content: bytes) -> bytes:
    """Return the data of a leaf: its kind, and SHA-256(salt, content), which hides and binds the content.

    `content` is the RFC 8785 JSON of an object. Refuses a salt of other than 16 bytes.
    """
    _require(len(salt) == 16, "A salt has 16 bytes.")
    commitment = hashlib.sha256(salt + content).hexdigest()
    return canonical({"commitment": commitment, "kind": kind, "suite": SUITE, "version": 1})


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    _require(len(members := dict(pairs)) == len(pairs), "a name stands twice in one object")
    return members


def _whole(text: str) -> int:
    fits = re.fullmatch("-?[0-9]{1,16}", text) and abs(int(text)) <= LARGEST_INTEGER
    _require(fits, f"{text[:30]} is no integer up to 2^53 - 1")
    return int(text)


_decoder = json.JSONDecoder(object_pairs_hook=_once, parse_float=_whole, parse_constant=_whole, parse_int=_whole)


def parse_json(data: bytes, where: str) -> Any:
    """Read JSON; refuse what two programs could read differently: names given twice, fractions, NaN, bad UTF-8."""
    try:
        return _decoder.decode(data.decode())
    except (ValueError, RecursionError, NotProven) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else error
        raise NotProven(f"{where} is not the JSON that is written here: {reason}.") from error


def _members(value: Any, where: str, *, exactly: bool = True, **kinds: type) -> dict[str, Any]:
    """Return an object whose members are of these types; others may stand beside them unless `exactly`."""
    _require(type(value) is dict, f"{where} is not a JSON object.")
    wrong = sorted(name for name, kind in kinds.items() if type(value.get(name)) is not kind)
    strange = sorted(value.keys() - kinds.keys()) if exactly else []
    _require(not wrong, f"{where} lacks or garbles {', '.join(wrong)}.")
    _require(not strange, f"{where} has members that its format does not know: {', '.join(strange)[:200]}.")
    members: dict[str, Any] = value
    return members


def _unhex(text: object, size: int, where: str) -> bytes:
    fits = isinstance(text, str) and len(text) == 2 * size and re.fullmatch("[0-9a-f]*", text)
    _require(fits, f"{where} is not {size} bytes in lower-case hexadecimal.")
    return bytes.fromhex(str(text))


# Notes, keys and checkpoints


def _unbase64(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        data = b""
    _require(data and base64.b64encode(data).decode() == text, "A key, root or signature is no base64.", NoteInvalid)
    return data


def _refuse_text(text: str) -> None:
    plain = (
        text.endswith("\n") and len(text) <= LONGEST_NOTE and not re.search("[\x00-\x09\x0b-\x1f\ud800-\udfff]", text)
    )
    _require(plain, f"A note is lines of text without control characters, at most {LONGEST_NOTE} long.", NoteInvalid)


@dataclass(frozen=True)
class VerifierKey:
    """A public key under its name: of a log (`ED25519`) or of a witness (`COSIGNATURE`)."""

    name: str
    algorithm: int
    public_key: bytes

    def __post_init__(self) -> None:
        _refuse_text(self.name + "\n")
        named = self.name and not re.search(r"[\s+]", self.name)
        _require(named, "The name of a key is not empty and has neither blanks nor a plus sign.", NoteInvalid)
        known = self.algorithm in {ED25519, COSIGNATURE} and len(self.public_key) == 32
        _require(known, f"The key of {self.name} is neither of Ed25519 nor of a cosignature/v1.", NoteInvalid)
        usable = int.from_bytes(self.public_key, "little") % 2**255 not in SMALL_ORDER
        _require(usable, f"Anybody could sign with the key of {self.name}: its point is of small order.", NoteInvalid)

    @property
    def key_id(self) -> bytes:
        """The four bytes that name this key in a signature."""
        return hashlib.sha256(f"{self.name}\n".encode() + bytes([self.algorithm]) + self.public_key).digest()[:4]

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Read `name+hex+base64`."""
        name, _, rest = text.partition("+")
        material = _unbase64(rest.partition("+")[2])
        key = cls(name, material[0], material[1:])
        _require(str(key) == text, f"The key of {name} disagrees with its id: it was mistyped or changed.", NoteInvalid)
        return key

    def __str__(self) -> str:
        material = base64.b64encode(bytes([self.algorithm]) + self.public_key).decode()
        return f"{self.name}+{self.key_id.hex()}+{material}"

    def opened(self, text: str, blob: bytes) -> int | None:
        """Return when the cosigner says it signed `text`, in seconds; None for a log. Refuses any other's signature."""
        at_s = int.from_bytes(blob[:8], "big") if self.algorithm == COSIGNATURE else None
        message = text if at_s is None else f"{COSIGNED}time {at_s}\n{text}"
        wrong = f"The signature of {self.name} is not over this text: one of them was changed."
        fits = len(blob) == (64 if at_s is None else 72) and (at_s or 0) <= LARGEST_SIZE
        _require(fits and not text.startswith(COSIGNED), wrong, NoteInvalid)
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(blob[-64:], message.encode())
        except (InvalidSignature, ValueError) as error:
            raise NoteInvalid(
                f"The signature of {self.name} is not over this text: one of them was changed."
            ) from error
        return at_s


@dataclass(frozen=True)
class Signature:
    """One signature of a note; `blob` is what follows the key's id."""

    name: str
    key_id: bytes
    blob: bytes

    def __str__(self) -> str:
        return f"— {self.name} {base64.b64encode(self.key_id + self.blob).decode()}"


@dataclass(frozen=True)
class Note:
    """A text and its signatures."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, text: str) -> Note:
        """Read a signed note: the text, an empty line, 1 to 100 signatures."""
        _refuse_text(text)
        body, _, tail = text.rpartition("\n\n")
        lines = [re.fullmatch(r"— ([^\s+]+) ([A-Za-z0-9+/]{7,}={0,2})", line) for line in tail.split("\n")[:-1]]
        found = [(line[1], _unbase64(line[2])) for line in lines if line]
        whole = body and len(found) == len(lines) and 1 <= len(found) <= 100
        _require(whole, "A signed note is a text, an empty line, and 1 to 100 lines with a signature.", NoteInvalid)
        return cls(body + "\n", tuple(Signature(name, blob[:4], blob[4:]) for name, blob in found))

    def __str__(self) -> str:
        return f"{self.text}\n" + "".join(f"{each}\n" for each in self.signatures)


def public_key(name: str, private_key: Ed25519PrivateKey, algorithm: int = ED25519) -> VerifierKey:
    """Return what others verify a private key's signatures with."""
    return VerifierKey(name, algorithm, private_key.public_key().public_bytes_raw())


def sign(text: str, name: str, private_key: Ed25519PrivateKey) -> Signature:
    """Sign a text as a log does."""
    _refuse_text(text)
    _require(not text.startswith(COSIGNED), "Signing this text would forge a cosignature.", NoteInvalid)
    return Signature(name, public_key(name, private_key).key_id, private_key.sign(text.encode()))


def cosign(text: str, name: str, private_key: Ed25519PrivateKey, at_s: int) -> Signature:
    """Sign a checkpoint's text as a witness does, with the time in seconds."""
    blob = at_s.to_bytes(8, "big") + private_key.sign(f"{COSIGNED}time {at_s}\n{Checkpoint.parse(text).text}".encode())
    return Signature(name, public_key(name, private_key, COSIGNATURE).key_id, blob)


def verified(note: Note, keys: Iterable[VerifierKey]) -> list[tuple[VerifierKey, int | None]]:
    """Return which keys signed, and when cosigners say they did (the latest, if they did twice).

    Unknown signatures are ignored. Refuses one under a given key's name and id that is not that key's.
    """
    found: dict[VerifierKey, int | None] = {}
    by_name = {(key.name, key.key_id): key for key in keys}
    for each in note.signatures:
        if key := by_name.get((each.name, each.key_id)):
            at_s = key.opened(note.text, each.blob)
            found[key] = at_s if at_s is None else max(at_s, found.get(key) or 0)
    return list(found.items())


@dataclass(frozen=True)
class Checkpoint:
    """What a log says of itself: its name (origin), how many leaves it has, and the root over them."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _refuse_text(self.text)
        lines = all(line and "\n" not in line for line in (self.origin, *self.extensions))
        fits = lines and 0 <= self.size <= LARGEST_SIZE and len(self.root) == 32
        _require(fits, "A checkpoint is a name, a size, a root of 32 bytes, and lines that are not empty.", NoteInvalid)
        _require(self.size or self.root == EMPTY_ROOT, "A log without leaves has another root than this.", NoteInvalid)

    @property
    def text(self) -> str:
        """The text that is signed."""
        root = base64.b64encode(self.root).decode()
        return "".join(f"{line}\n" for line in (self.origin, self.size, root, *self.extensions))

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read the text of a note as a checkpoint."""
        lines = text.split("\n")
        shaped = len(lines) > 3 and not lines.pop() and re.fullmatch("0|[1-9][0-9]{0,18}", lines[1])
        _require(shaped, "A checkpoint is three lines: the log's name, its size and its root.", NoteInvalid)
        return cls(lines[0], int(lines[1]), _unbase64(lines[2]), tuple(lines[3:]))


# Whom to believe


@dataclass(frozen=True)
class Succession:
    """A checkpoint that says that one key of the log replaces another, and why."""

    note: Note
    checkpoint: Checkpoint
    old: VerifierKey
    new: VerifierKey
    reason: str

    @staticmethod
    def lines(old: VerifierKey, new: VerifierKey, reason: str) -> tuple[str, ...]:
        """Return the extension lines of the checkpoint; `reason` is rotated or lost."""
        return (f"succession {new}", f"replaces {old}", f"reason {reason}")

    @classmethod
    def parse(cls, text: str | Note) -> Succession:
        """Read a succession. Refuses one that the new key did not sign, or the old one though it was not lost."""
        note = Note.parse(str(text))
        checkpoint = Checkpoint.parse(note.text)
        said = re.fullmatch(r"succession (\S+) replaces (\S+) reason (rotated|lost)", " ".join(checkpoint.extensions))
        if said is None:
            raise NoteInvalid("A succession has three more lines: `succession` KEY, `replaces` KEY and `reason`.")
        new, old = VerifierKey.parse(said[1]), VerifierKey.parse(said[2])
        other = {old.name, new.name} == {checkpoint.origin} and old.public_key != new.public_key
        written = checkpoint.extensions == cls.lines(old, new, said[3]) and old.algorithm == new.algorithm == ED25519
        _require(other and written, "A log replaces its key by another of its own name.", NoteInvalid)
        missing = ({new} if said[3] == "lost" else {new, old}) - dict(verified(note, (new, old))).keys()
        _require(not missing, f"A succession is not signed by {', '.join(map(str, missing))}.", NoteInvalid)
        return cls(note, checkpoint, old, new, said[3])


@dataclass(frozen=True)
class Attested:
    """A checkpoint that is believed, who signed it, which witnesses when (in seconds), and what to bear in mind."""

    checkpoint: Checkpoint
    signers: tuple[VerifierKey, ...]
    cosigners: tuple[tuple[VerifierKey, int], ...]
    cautions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trust:
    """The keys somebody believes, how many of which witnesses they require, and the successions they were shown."""

    keys: tuple[VerifierKey, ...]
    witnesses: tuple[VerifierKey, ...] = ()
    required: int = 0
    successions: tuple[str | Note, ...] = ()

    def cosigners(self, note: Note, log: Iterable[VerifierKey]) -> tuple[tuple[VerifierKey, int], ...]:
        """Return which witnesses signed: one a public key, whatever its names, and none that is the log's own."""
        own = {key.public_key for key in log}
        found = {key.public_key: (key, at_s) for key, at_s in verified(note, self.witnesses) if at_s is not None}
        return tuple(each for public, each in found.items() if public not in own)

    def followed(self) -> dict[VerifierKey, Succession | None]:
        """Return every key that is believed, with the succession that retired it.

        A lost key's succession takes at least one witness, else whoever writes the database could name a key. A
        retired key replaces nothing, never comes back, and has one successor. What leads from keys that are
        not believed proves nothing and is passed over, so that an old succession cannot bring back an old key.
        """
        found: dict[VerifierKey, Succession | None] = {key: None for key in self.keys if key.algorithm == ED25519}
        waiting = sorted(map(Succession.parse, self.successions), key=lambda step: step.checkpoint.size)
        # Two of one size may stand in any order: each time the first that leads from a key that is believed by now.
        while step := next((step for step in waiting if step.old in found), None):
            waiting.remove(step)
            before = found[step.old]
            if before and before.checkpoint == step.checkpoint:
                continue
            two = f"The key {step.old} has two successors: whoever stole it made one of them. Ask the log which."
            _require(before is None, two, NoteInvalid)
            back = f"A succession brings back the key {step.new}, which was replaced."
            _require(found.get(step.new) is None, back, NoteInvalid)
            self.refuse_fork(found, step.checkpoint)
            if step.reason == "lost" and step.new not in self.keys:
                seen, needed = len(self.cosigners(step.note, (*found, step.new))), max(1, self.required)
                few = f"The key {step.old} is said to be lost; {needed} trusted witnesses must say so, and {seen} did."
                _require(seen >= needed, few, NoteInvalid)
            found |= {step.old: step, step.new: None}
        return found

    @staticmethod
    def refuse_fork(found: dict[VerifierKey, Succession | None], checkpoint: Checkpoint) -> None:
        """Refuse a checkpoint of the same size as a succession with another root."""
        known = {step.checkpoint.size: step.checkpoint.root for step in found.values() if step}
        same = known.get(checkpoint.size, checkpoint.root) == checkpoint.root
        _require(same, f"Two signed roots of {checkpoint.size} leaves differ: there are two histories.", NoteInvalid)

    def check(self, text: str, *, anchored: bool = False) -> Attested:
        """Refuse unless the log, and the required witnesses, signed a checkpoint.

        Of a retired key it takes what is no larger than its succession; of a lost one, which may be in any hands,
        only what a witness saw or the succession repeats. `anchored`: its place in a newer checkpoint is proven.
        """
        note, found = Note.parse(text), self.followed()
        checkpoint = Checkpoint.parse(note.text)
        signers = [key for key, _ in verified(note, found) if key.name == checkpoint.origin]
        nobody = f"No trusted key signed the checkpoint of {checkpoint.origin}, size {checkpoint.size}."
        _require(signers, nobody, NoteInvalid)
        cosigners = self.cosigners(note, found)
        few = f"{self.required} trusted witnesses are required, and {len(cosigners)} signed."
        _require(anchored or len(cosigners) >= self.required, few, NoteInvalid)
        self.refuse_fork(found, checkpoint)
        retired = [step for key in signers if (step := found[key])]
        if anchored or len(retired) < len(signers):
            return Attested(checkpoint, tuple(signers), cosigners)
        step = max(retired, key=lambda step: step.checkpoint.size)
        limit = step.checkpoint.size
        late = f"The key was {step.reason} at size {limit} and signed size {checkpoint.size}: this is forged."
        _require(checkpoint.size <= limit, late, NoteInvalid)
        seen = cosigners or step.reason == "rotated" or checkpoint.size == limit
        _require(seen, "A lost key signed this, and no witness: ask for it under the present key.", NoteInvalid)
        caution = f"its key was {step.reason} at size {limit}; that it signed before is not proven by this alone"
        return Attested(checkpoint, tuple(signers), cosigners, () if checkpoint.size == limit else (caution,))


def trusted_after(
    keys: Iterable[VerifierKey],
    successions: Iterable[str | Note],
    witnesses: Iterable[VerifierKey],
    witnesses_required: int,
) -> list[VerifierKey]:
    """Return the keys to trust now: those trusted before, less the retired ones, and their successors."""
    trust = Trust(tuple(keys), tuple(witnesses), witnesses_required, tuple(successions))
    return [key for key, step in trust.followed().items() if step is None]


# Receipts and consistency


@dataclass(frozen=True)
class Proven:
    """What a receipt proves."""

    kind: str
    content: dict[str, Any]
    position: int
    size: int
    root: bytes
    signers: tuple[VerifierKey, ...]
    cosigners: tuple[tuple[VerifierKey, int], ...]
    cautions: tuple[str, ...]


def check_receipt(
    document: Any,
    keys: Iterable[VerifierKey],
    *,
    witnesses: Iterable[VerifierKey] = (),
    witnesses_required: int = 0,
    successions: Iterable[str | Note] = (),
) -> Proven:
    """Refuse unless a receipt proves its record's place in a checkpoint that is believed."""
    said = _members(document, "The receipt", format=str, suite=str, kind=str, content=dict, salt=str, position=int,
                    proof=list, checkpoint=str, succession=list)  # fmt: skip
    known = (said["format"], said["suite"]) == ("quanbu.receipt/1", SUITE)
    _require(known, f"This reads quanbu.receipt/1 of {SUITE}.")
    notes = [str(each) for each in (*successions, *said["succession"])]
    trust = Trust(tuple(keys), tuple(witnesses), witnesses_required, tuple(notes))
    attested = trust.check(said["checkpoint"])
    checkpoint, position = attested.checkpoint, said["position"]
    data = leaf_data(said["kind"], _unhex(said["salt"], 16, "The salt"), canonical(said["content"]))
    proof = [_unhex(each, 32, "A hash of the proof") for each in said["proof"]]
    verify_inclusion(leaf_hash(data), index=position - 1, size=checkpoint.size, proof=proof, root=checkpoint.root)
    return Proven(said["kind"], said["content"], position, checkpoint.size, checkpoint.root, attested.signers,
                  attested.cosigners, attested.cautions)  # fmt: skip


def verify_document(document: Any, old: Checkpoint, new: Checkpoint) -> None:
    """Refuse unless a document of the format quanbu.consistency/1 proves that one checkpoint continues another."""
    said = _members(document, "The proof", format=str, first_size=int, second_size=int, proof=list, checkpoint=str)
    _require(said["format"] == "quanbu.consistency/1", "This reads quanbu.consistency/1.")
    _require(old.origin == new.origin, f"The checkpoints are of two logs: {old.origin} and {new.origin}.")
    fits = (said["first_size"], said["second_size"]) == (old.size, new.size)
    _require(fits, f"The proof is not from {old.size} leaves to {new.size}.", ProofInvalid)
    proof = [_unhex(each, 32, "A hash of the proof") for each in said["proof"]]
    verify_consistency(first=old.size, second=new.size, first_root=old.root, second_root=new.root, proof=proof)


def check_consistency(old: Checkpoint, document: Any, trust: Trust) -> Attested:
    """Refuse unless a proof shows that its checkpoint, which is believed, continues an older one."""
    _members(document, "The proof", exactly=False, checkpoint=str)
    attested = trust.check(document["checkpoint"])
    verify_document(document, old, attested.checkpoint)
    return attested


# Exports


def _text(path: Path) -> str:
    """Read a small file of text."""
    with path.open("rb") as file:
        data = file.read(LONGEST_BYTES + 1)
    _require(len(data) <= LONGEST_BYTES, f"{path.name} is larger than {LONGEST_BYTES} bytes.")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise NotProven(f"{path.name} is not UTF-8.") from error


@dataclass(frozen=True)
class Leaf:
    """One line of `leaves.jsonl`; `content` is None where it is withheld."""

    position: int
    hash: bytes
    kind: str = ""
    content: dict[str, Any] | None = None

    @classmethod
    def parse(cls, line: bytes, position: int) -> Leaf:
        """Read a line that must be of this position."""
        _require(len(line) <= LONGEST_BYTES and line.endswith(b"\n"), "the line is cut off or too long.")
        said = parse_json(line, "the line")
        if type(said) is dict and "leaf_hash" in said:
            _members(said, "the line", position=int, leaf_hash=str)
            leaf = cls(position, _unhex(said["leaf_hash"], 32, "the hash"))
        else:
            _members(said, "the line", position=int, kind=str, salt=str, content=dict)
            data = leaf_data(said["kind"], _unhex(said["salt"], 16, "the salt"), canonical(said["content"]))
            leaf = cls(position, leaf_hash(data), said["kind"], said["content"])
        _require(said["position"] == position, f"it is missing: position {said['position']} stands in its place.")
        return leaf


def read_leaves(folder: Path) -> Iterator[Leaf]:
    """Read the leaves of an export one by one, and say how far it is where somebody looks on."""
    with (folder / LEAVES).open("rb") as file:
        for position in count(1):
            if not (line := file.readline(LONGEST_BYTES + 1)):
                return
            if not position % 50_000 and sys.stderr.isatty():
                sys.stderr.write(f"\r{position} leaves read\r")
            try:
                leaf = Leaf.parse(line, position)
            except NotProven as error:
                raise NotProven(f"{LEAVES}, position {position}: {error}") from error
            yield leaf


class Numbers:
    """The series that are numbered from 1 without gaps: what of them is missing so far."""

    def __init__(self) -> None:
        self.withheld = 0
        self.highest: dict[tuple[str, ...], int] = {}
        self.gaps: dict[tuple[str, ...], list[tuple[int, int, int]]] = {}

    def add(self, leaf: Leaf) -> None:
        """Take the numbers of one leaf. Refuses a number that its series has already."""
        content, where = leaf.content or {}, f"{LEAVES}, position {leaf.position}"
        self.withheld += leaf.content is None
        if content.get("submitter"):
            said = _members(content, where, exactly=False, submitter=str, number=int)
            self.take(("submitter", said["submitter"]), said["number"], leaf.position)
        if leaf.kind == ENTRY:
            for each in _members(content, where, exactly=False, numbers=list)["numbers"]:
                said = _members(each, where, exactly=False, asset=str, kind=str, number=int, owner=str, year=int)
                series = ("book", said["owner"], said["kind"], said["asset"], str(said["year"]))
                self.take(series, said["number"], leaf.position)

    def take(self, series: tuple[str, ...], number: int, position: int) -> None:
        """Take the next number of a series, or one that fills a gap."""
        last, gaps = self.highest.get(series, 0), self.gaps.get(series, [])
        inside = next((gap for gap in gaps if gap[0] <= number <= gap[1]), None)
        named = f"{LEAVES}, position {position}: number {number} of {' '.join(series)}"
        _require(number > last or inside, f"{named} was given before, or is none.")
        start, end, at = inside or (last + 1, number, position)
        pieces = ((start, number - 1, at), (number + 1, end, at))
        if inside or number > last + 1:
            self.gaps[series] = [gap for gap in (*gaps, *pieces) if gap != inside and gap[0] <= gap[1]]
        self.highest[series] = max(last, number)

    def refuse_gaps(self) -> list[str]:
        """Refuse more missing numbers of a series than positions are withheld; say where theirs may be among them."""
        cautions = []
        for series, gaps in self.gaps.items():
            missing = sum(end + 1 - start for start, end, _ in gaps)
            for start, end, position in gaps[:1]:
                numbers = f"number {start}" if start == end else f"numbers {start} to {end}"
                first = f"{numbers} of {' '.join(series)} (before position {position})"
                _require(missing <= self.withheld, f"Missing: {first}. A record was left out of the log.")
                cautions.append(f"not shown: {first}; {self.withheld} positions are withheld, which may hold {missing}")
        return cautions


def trial_balance(leaves: Iterable[Leaf]) -> dict[str, tuple[int, int]]:
    """Return the debits and credits of every account that the entries among the leaves move."""
    totals: dict[str, tuple[int, int]] = {}
    for leaf in leaves:
        where = f"{LEAVES}, position {leaf.position}"
        rows = _members(leaf.content, where, exactly=False, rows=list)["rows"] if leaf.kind == ENTRY else []
        for row in rows:
            said = _members(row, where, exactly=False, amount=str, credit=str, debit=str)
            _require(re.fullmatch("[1-9][0-9]{0,37}", said["amount"]), f"{where}: an amount is no positive number.")
            for account, debit, credit in ((said["debit"], 1, 0), (said["credit"], 0, 1)):
                debits, credits_ = totals.get(account, (0, 0))
                totals[account] = debits + debit * int(said["amount"]), credits_ + credit * int(said["amount"])
    return totals


def _rows(path: Path, *columns: str) -> Iterator[dict[str, str]]:
    """Read a table row by row, without the apostrophe that keeps spreadsheets from calculating a text."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for number, row in enumerate(csv.DictReader(file, strict=True), 1):
                missing = [name for name in columns if row.get(name) is None]
                _require(not missing, f"{path.name}, row {number}: there is no {''.join(missing[:1])}.")
                yield {name: row[name].removeprefix("'") for name in columns}
    except (csv.Error, UnicodeDecodeError) as error:
        raise NotProven(f"{path.name} is not CSV: {error}.") from error


def compare_accounts(path: Path, totals: Mapping[str, tuple[int, int]]) -> None:
    """Refuse a table of accounts (columns account, debits, credits) that is not what the leaves add up to."""
    seen: set[str] = set()
    for row in _rows(path, *ACCOUNTS):
        account, shown = row["account"], f"{row['debits']} and {row['credits']}"
        where = f"{path.name}: account {account}"
        _require(account and account not in seen, f"{where} stands twice, or has no code.")
        seen.add(account)
        summed = "{} and {}".format(*totals.get(account, (0, 0)))
        _require(shown == summed, f"{where} shows debits and credits {shown}; its entries add up to {summed}.")
    missing = sorted(totals.keys() - seen)
    _require(not missing, f"{path.name}: account {''.join(missing[:1])} is missing, and entries move it.")


def entries_in_tables(folder: Path) -> Iterator[dict[str, Any]]:
    """Put together each entry of `entries.csv` with its rows of `transfers.csv`, as leaves tell it but for its numbers.

    Both tables stand in the order of the entries.
    """
    texts = ("approver", "document", "idempotency_key", "proposer", "reverses", "run", "template")
    whole = ("happened_at_ms", "recorded_at_ms", "template_version")
    moved = {"amount": "amount", "asset": "asset", "credit": "credit_account", "debit": "debit_account"}
    transfers = _rows(folder / "transfers.csv", "entry", "ordinal", *moved.values())
    transfer = next(transfers, None)
    for row in _rows(folder / "entries.csv", "entry", *texts, *whole):
        entry: dict[str, Any] = {name: row[name] for name in texts} | {name: _whole(row[name]) for name in whole}
        entry["rows"] = []
        while transfer is not None and transfer["entry"] == row["entry"]:
            entry["rows"].append({name: transfer[column] for name, column in moved.items()})
            where = f"transfers.csv: entry {row['entry']}, row {transfer['ordinal']}"
            _require(transfer["ordinal"] == str(len(entry["rows"])), f"{where} is out of order.")
            transfer = next(transfers, None)
        yield entry
    left = transfer and transfer["entry"]
    _require(transfer is None, f"transfers.csv: entry {left} is missing from entries.csv, or out of its order there.")


class Tally:
    """What the entries among the leaves add up to, and a sum of keyed digests that stands for all of them in any order.

    The key is new for every run: nobody could choose other entries with the same sum.
    """

    def __init__(self) -> None:
        self.key = os.urandom(64)
        self.sum = 0

    def digest(self, entry: Mapping[str, Any]) -> int:
        """Digest an entry as it stands in the tables."""
        told = canonical({name: value for name, value in entry.items() if name != "numbers"})
        return int.from_bytes(hashlib.blake2b(told, key=self.key).digest())

    def watch(self, leaves: Iterable[Leaf]) -> Iterator[Leaf]:
        """Pass leaves on, and add up the entries among them."""
        for leaf in leaves:
            if leaf.kind == ENTRY and leaf.content is not None:
                self.sum += self.digest(leaf.content)
            yield leaf

    def compare(self, folder: Path) -> None:
        """Refuse tables whose entries are not those of the leaves, and name one that is not."""
        if self.sum == sum(map(self.digest, entries_in_tables(folder))):
            return
        sealed = {
            self.digest(leaf.content): leaf for leaf in read_leaves(folder) if leaf.kind == ENTRY and leaf.content
        }
        for entry in entries_in_tables(folder):
            key, leaf = entry["idempotency_key"], sealed.pop(self.digest(entry), None)
            _require(leaf, f"entries.csv and transfers.csv: the entry {key} is not in the log, or not like this.")
        position = min((leaf.position for leaf in sealed.values()), default=0)
        raise NotProven(f"entries.csv: the entry of position {position} is missing.")


def _refuse_folder(folder: Path) -> dict[str, dict[str, Any]]:
    """Return what the manifest says of each file. Refuses names that lead elsewhere, links, and files not named."""
    document = parse_json(_text(folder / MANIFEST).encode(), MANIFEST)
    said = _members(document, MANIFEST, format=str, position=int, files=dict)
    _require(said["format"] == "quanbu.export/1", "This reads quanbu.export/1.")
    for name, file in said["files"].items():
        plain = re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}", name) and name != MANIFEST
        _require(plain, f"{MANIFEST} names {name[:100]}, which is no plain file name: it would lead out of the folder.")
        _members(file, f"{MANIFEST}, {name}", sha256=str, bytes=int, rows=int)
    with os.scandir(folder) as entries:
        found = {entry.name: entry.is_file(follow_symlinks=False) for entry in entries}
    for name in sorted(found):
        _require(found[name], f"{name} is a link or a folder; an export has files only.")
        _require(name in said["files"] or name == MANIFEST, f"{name} lies there, and the manifest does not name it.")
    for name in (CHECKPOINT, LEAVES, *said["files"]):
        _require(name in said["files"] and name in found, f"{name} is missing from the folder or from the manifest.")
    rows = said["files"][LEAVES]["rows"]
    _require(rows == said["position"], f"{MANIFEST}: position {said['position']} is not the number of leaves, {rows}.")
    files: dict[str, dict[str, Any]] = said["files"]
    return files


def _refuse_tree(tree: Frontier, checkpoint: Checkpoint) -> None:
    """Refuse leaves that are not those of the checkpoint."""
    short = f"{LEAVES} ends at position {tree.size}, and the checkpoint has {checkpoint.size}: position {tree.size + 1}"
    _require(tree.size >= checkpoint.size, f"{short} is missing, and all after it.")
    beyond = f"Position {checkpoint.size + 1} is not in the checkpoint, which ends at {checkpoint.size}."
    _require(tree.size <= checkpoint.size, beyond)
    wrong = f"The leaves do not add up to the root of the checkpoint: at least one of 1 to {tree.size} was changed."
    _require(tree.root() == checkpoint.root, f"{wrong} An older export names it (consistency OLD NEW).", ProofInvalid)


@dataclass(frozen=True)
class Exported:
    """What an export proves, and the debits and credits of every account that its entries move."""

    attested: Attested
    withheld: int
    totals: dict[str, tuple[int, int]]
    cautions: tuple[str, ...]


def check_export(folder: Path, trust: Trust) -> Exported:
    """Refuse an export unless its leaves are all those of a checkpoint that is believed, and its files agree."""
    files, trust = _refuse_folder(folder), _with_successions(folder, trust)
    attested, tree, numbers = trust.check(_text(folder / CHECKPOINT)), Frontier(), Numbers()

    def counted() -> Iterator[Leaf]:
        for leaf in read_leaves(folder):
            tree.append(leaf.hash)
            numbers.add(leaf)
            yield leaf

    tally = Tally()
    totals = trial_balance(tally.watch(counted()))
    _refuse_tree(tree, attested.checkpoint)
    cautions = [*attested.cautions, *numbers.refuse_gaps()]
    for name, said in files.items():
        with (folder / name).open("rb") as file:
            digest, size = hashlib.file_digest(file, "sha256").hexdigest(), file.tell()
        wrong = f"{name} is not the file that the manifest names: {size} bytes, SHA-256 {digest}."
        _require((digest, size) == (said["sha256"], said["bytes"]), wrong)
    if numbers.withheld:
        cautions.append(f"{numbers.withheld} positions are withheld: the tables cannot be compared")
    elif files.keys() >= set(TABLES):
        compare_accounts(folder / "accounts.csv", totals)
        tally.compare(folder)
    else:
        cautions.append(f"without {', '.join(sorted(set(TABLES) - files.keys()))} no table is compared")
    return Exported(attested, numbers.withheld, totals, tuple(cautions))


def _opened(folder: Path, trust: Trust, *, anchored: bool = False) -> Attested:
    _refuse_folder(folder)
    return _with_successions(folder, trust).check(_text(folder / CHECKPOINT), anchored=anchored)


def _with_successions(folder: Path, trust: Trust) -> Trust:
    """Add the successions that lie in an export, `succession-1.txt` and so on, to those that were shown before."""
    return replace(trust, successions=(*trust.successions, *map(_text, sorted(folder.glob("succession-*.txt")))))


def check_continuation(olds: Iterable[Checkpoint], folder: Path, trust: Trust) -> Attested:
    """Refuse an export unless its leaves begin with those of every older checkpoint."""
    attested, tree, agreed = _opened(folder, trust), Frontier(), 0
    leaves, new = read_leaves(folder), attested.checkpoint
    for old in sorted(olds, key=lambda old: old.size):
        _require(old.origin == new.origin, f"The checkpoints are of two logs: {old.origin} and {new.origin}.")
        for leaf in islice(leaves, old.size - tree.size):
            tree.append(leaf.hash)
        short = f"The export ends at position {tree.size}, and the log had {old.size}: position {tree.size + 1}"
        _require(tree.size == old.size, f"{short} is missing, and all after it.")
        wrong = f"Of the {old.size} leaves of the older checkpoint at least one was changed, from {agreed + 1} on."
        more = "A checkpoint in between narrows it down, and an older export names it."
        _require(tree.root() == old.root, f"{wrong} {more}", ProofInvalid)
        agreed = old.size
    for leaf in leaves:
        tree.append(leaf.hash)
    _refuse_tree(tree, new)
    return attested


def compare_exports(old: Path, new: Path, trust: Trust) -> Attested:
    """Refuse a newer export unless its leaves begin with all those of the older one; name the first that differs."""
    before, after = _opened(old, trust, anchored=True), _opened(new, trust)
    trees = Frontier(), Frontier()
    for old_leaf, new_leaf in zip_longest(read_leaves(old), read_leaves(new)):
        if new_leaf is None:
            raise NotProven(f"Position {old_leaf.position} and all after it are missing from the newer export.")
        if old_leaf is not None:
            kinds = f"{old_leaf.kind or 'withheld'} in the older export, {new_leaf.kind or 'withheld'} in the newer"
            same = old_leaf.hash == new_leaf.hash
            _require(same, f"Position {old_leaf.position} differs: {kinds}. History was changed there.", ProofInvalid)
            trees[0].append(old_leaf.hash)
        trees[1].append(new_leaf.hash)
    _refuse_tree(trees[0], before.checkpoint)
    _refuse_tree(trees[1], after.checkpoint)
    return after


# Witnesses


def read_private_key(path: Path) -> Ed25519PrivateKey:
    """Read a private key of Ed25519 from a PEM file."""
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise NotProven(f"{path.name} is no private key in PEM without a password.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise NotProven(f"{path.name} is no key of Ed25519.")
    return key


def continued(old: Checkpoint | None, new: Checkpoint, proof: Any) -> None:
    """Refuse a checkpoint that does not continue the last one that a witness saw; it is None the first time."""
    if old is None:
        return
    _require(old.origin == new.origin, f"The state is of the log {old.origin}, this is of {new.origin}.")
    _require(new.size >= old.size, f"A log never goes back: it had {old.size} leaves, and here are {new.size}.")
    if new.size == old.size:
        _require(new.root == old.root, f"Two roots of {new.size} leaves differ: the log shows two histories.")
    elif old.size:
        _require(proof is not None, f"{old.size} leaves were cosigned last: --proof must show that these go on.")
        verify_document(proof, old, new)


def witness(options: argparse.Namespace) -> None:
    """Cosign a checkpoint that continues the last one, and remember it before anybody sees the signature.

    Locks: the new state is written under a name that only one can create, so that two never sign at once.
    """
    note, state = Note.parse(_text(options.checkpoint)), Path(options.state)
    new, coming = Checkpoint.parse(note.text), state.with_name(state.name + ".new")
    log = tuple(key for key in (options.log, options.succession) if key)
    Trust(log).check(str(note))
    if new.extensions:
        step = Succession.parse(note)
        stated = step.new == options.succession and options.log in {step.old, step.new}
        unsure = f"This hands the log to the key {step.new} ({step.reason}). Ask the log by another way, and give"
        _require(stated, f"{unsure} --succession with that key if it is so.")
    key = read_private_key(options.key)
    own = key.public_key().public_bytes_raw() not in {each.public_key for each in log}
    _require(own, "A log is no witness of itself: this is its own key.")
    try:
        handle = os.open(coming, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError as error:
        raise NotProven(f"{coming} exists: another cosign runs, or one was cut off and it may be deleted.") from error
    try:
        with open(handle, "w", encoding="utf-8", newline="\n") as file:  # noqa: PTH123 (a descriptor has no path)
            old = Checkpoint.parse(Note.parse(_text(state)).text) if state.exists() else None
            continued(old, new, options.proof and parse_json(_text(options.proof).encode(), options.proof.name))
            signature = cosign(new.text, options.name, key, time.time_ns() // 10**9)
            file.write(str(note))
            file.flush()
            os.fsync(file.fileno())
        coming.replace(state)
    except BaseException:
        coming.unlink(missing_ok=True)
        raise
    if os.name == "posix":
        folder = os.open(state.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
    if old is None:
        sys.stderr.write(f"First checkpoint of {new.origin}: its {new.size} leaves are trusted as they are.\n")
    _say(str(signature))


def keygen(options: argparse.Namespace) -> None:
    """Make a private key that only its owner reads; say its public keys."""
    key = Ed25519PrivateKey.generate()
    names = public_key(options.name, key), public_key(options.name, key, COSIGNATURE)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    with open(os.open(options.out, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:  # noqa: PTH123
        file.write(pem)
    _say(f"as a log      {names[0]}", f"as a witness  {names[1]}")


# The program


def _say(*lines: str) -> None:
    """Print lines; what a terminal could mistake for a command is shown as its code."""
    for line in lines:
        shown = (each if each.isprintable() else each.encode("unicode_escape").decode() for each in line)
        sys.stdout.write("".join(shown) + "\n")


def _say_attested(attested: Attested | Proven) -> None:
    for key in attested.signers:
        _say(f"  signed by    {key}")
    for key, at_s in attested.cosigners:
        when = datetime.fromtimestamp(at_s, UTC).isoformat() if at_s < 2**37 else f"second {at_s}"
        _say(f"  cosigned by  {key.name} at {when}")
    for caution in attested.cautions:
        _say(f"  but          {caution}")


def _receipt(options: argparse.Namespace, trust: Trust) -> None:
    document, file = parse_json(_text(options.receipt).encode(), options.receipt.name), []
    proven = check_receipt(document, trust.keys, witnesses=trust.witnesses, witnesses_required=trust.required,
                           successions=trust.successions)  # fmt: skip
    if options.file:
        with options.file.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        told = proven.content.get("told")
        members = proven.content | (told if type(told) is dict else {})
        names = [name for name, value in members.items() if value == digest]
        _require(names, f"{options.file.name} is not what this receipt is about: its SHA-256 {digest} is not in it.")
        file = [f"  file         {options.file.name} is the one: its SHA-256 is the {names[0]}."]
    _say(f"Proven: {proven.kind} stands at position {proven.position} of {proven.size}.")
    _say_attested(proven)
    _say(f"  content      {canonical(proven.content).decode()}", *file)


def _consistency(options: argparse.Namespace, trust: Trust) -> None:
    olds, new = options.old, options.new
    if olds[0].is_dir():
        if len(olds) > 1 or not new.is_dir():
            raise argparse.ArgumentTypeError("an export is compared with one other export")
        attested = compare_exports(olds[0], new, trust)
    else:
        before = [trust.check(_text(old), anchored=True).checkpoint for old in olds]
        if new.is_dir():
            attested = check_continuation(before, new, trust)
        else:
            document = parse_json(_text(new).encode(), new.name)
            attested = [check_consistency(old, document, trust) for old in before][-1]
    _say(f"Proven: the {attested.checkpoint.size} leaves of {attested.checkpoint.origin} continue the older ones.")
    _say_attested(attested)


def _export(options: argparse.Namespace, trust: Trust) -> None:
    exported = check_export(options.folder, trust)
    checkpoint = exported.attested.checkpoint
    _say(f"Proven: {checkpoint.size} leaves of {checkpoint.origin}, whole and in order, {exported.withheld} withheld.")
    _say_attested(replace(exported.attested, cautions=exported.cautions))
    _say(f"  entries move {len(exported.totals)} accounts")


def _key(algorithm: int) -> Callable[[str], VerifierKey]:
    def read(text: str) -> VerifierKey:
        try:
            key = VerifierKey.parse(text)
        except NotProven as error:
            raise argparse.ArgumentTypeError(str(error)) from error
        if key.algorithm != algorithm:
            raise argparse.ArgumentTypeError(f"{key.name} is a key of a {'log' if algorithm != ED25519 else 'witness'}")
        return key

    return read


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Verify the log of Quanbu without Quanbu. Exit codes: 0 proven, 1 not proven, 2 called wrongly.",
        epilog="@FILE reads arguments from a file, one a line: the keys that you trust.",
        fromfile_prefix_chars="@",
    )
    acts = parser.add_subparsers(required=True, metavar="receipt|consistency|export|cosign|keygen")
    for name, act, words in (
        ("receipt", _receipt, "that a record stands in the log"),
        ("consistency", _consistency, "that a newer log begins with an older one: checkpoints, a proof, exports"),
        ("export", _export, "that an export is whole and is the log"),
    ):
        sub = acts.add_parser(name, help=f"prove {words}")
        sub.add_argument("--key", type=_key(ED25519), action="append", required=True, metavar="VKEY",
                         help="a key of the log that you trust; repeat it for more")  # fmt: skip
        sub.add_argument("--witness", type=_key(COSIGNATURE), action="append", default=[], metavar="VKEY",
                         help="a witness that you trust; repeat it for more")  # fmt: skip
        sub.add_argument("--required", type=int, metavar="N", help="how many of them must have cosigned; default: all")
        sub.add_argument("--succession", type=Path, action="append", default=[], metavar="FILE",
                         help="a succession of keys that you know of")  # fmt: skip
        sub.set_defaults(act=act)
        if name == "receipt":
            sub.add_argument("receipt", type=Path)
            sub.add_argument("--file", type=Path, help="the file that the receipt should be about")
        elif name == "consistency":
            sub.add_argument("old", type=Path, nargs="+", help="older checkpoints, or an older export")
            sub.add_argument("new", type=Path, help="a proof, or a newer export")
        else:
            sub.add_argument("folder", type=Path)
    sub = acts.add_parser("cosign", help="sign, as a witness, a checkpoint that continues the last one")
    sub.add_argument("checkpoint", type=Path)
    sub.add_argument("--key", type=Path, required=True, help="your private key (PEM)")
    sub.add_argument("--name", required=True, help="your name as a witness")
    sub.add_argument("--log", type=_key(ED25519), required=True, metavar="VKEY", help="the key of the log")
    sub.add_argument("--state", type=Path, required=True, help="where the last checkpoint is kept; one file a log")
    sub.add_argument("--proof", type=Path, help="the proof from the last checkpoint to this one")
    sub.add_argument("--succession", type=_key(ED25519), metavar="VKEY",
                     help="the new key, when you made sure that it replaces the old one")  # fmt: skip
    sub.set_defaults(act=witness)
    sub = acts.add_parser("keygen", help="make a key")
    sub.add_argument("--name", required=True)
    sub.add_argument("--out", type=Path, required=True)
    sub.set_defaults(act=keygen)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; return 0 when all is proven, 1 when it is not, 2 when it was called wrongly."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        if options.act in {witness, keygen}:
            options.act(options)
        else:
            required = len(options.witness) if options.required is None else options.required
            if not 0 <= required <= len({key.public_key for key in options.witness}):
                parser.error(f"--required {required}: {len(options.witness)} witnesses are named.")
            known = tuple(_text(path) for path in options.succession)
            options.act(options, Trust(tuple(options.key), tuple(options.witness), required, known))
    except NotProven as error:
        _say(f"Not proven: {error}")
        return 1
    except (OSError, argparse.ArgumentTypeError) as error:
        sys.stderr.write(f"Called wrongly: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
