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

import base64
import hashlib
import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SUITE = "sha256-ed25519"
EMPTY_ROOT = hashlib.sha256().digest()
ED25519, COSIGNATURE = 0x01, 0x04
LARGEST_INTEGER, LARGEST_SIZE = 2**53 - 1, 2**63 - 1
DEEPEST, LONGEST_BYTES = 64, 16 * 1024 * 1024
LONGEST_NOTE = 1_000_000
COSIGNED = "cosignature/v1\n"
SMALL_ORDER = {0, 1}


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
    path = [first_root, *proof] if first & (first - 1) == 0 else proof
    ones = (first ^ (first - 1)).bit_length() - 1
    roots = _climb((first - 1) >> ones, (second - 1) >> ones, path[0], path[1:])
    wrong = f"The {second} leaves do not begin with the {first} of before: history was changed."
    _require(roots == (first_root, second_root), wrong, ProofInvalid)


# JSON and leaves


def _ordered(value: object, depth: int = 0) -> object:
    match value:
        case _ if depth > DEEPEST:
            raise NotProven(f"The JSON is more than {DEEPEST} levels deep.")
        case None | bool() | str():
            return value
        case int() if abs(value) <= LARGEST_INTEGER:
            return int(value)
        case list() | tuple():
            return [_ordered(each, depth + 1) for each in value]
        case dict() if all(isinstance(name, str) for name in value):
            return {
                name: _ordered(value[name], depth + 1) for name in sorted(value, key=lambda n: n.encode("utf-16-be"))
            }
    raise NotProven(f"A {type(value).__name__} cannot be hashed: large numbers and fractions are written as text.")


def canonical(value: object) -> bytes:
    """Write a value as RFC 8785 does. Refuses what differs between programs: fractions, large integers, half pairs."""
    try:
        return json.dumps(_ordered(value), ensure_ascii=False, separators=(",", ":")).encode()
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


def parse_json(data: bytes, where: str) -> Any:
    """Read JSON; refuse what two programs could read differently: names given twice, fractions, NaN, bad UTF-8."""
    hooks = {"object_pairs_hook": _once, "parse_float": _whole, "parse_constant": _whole, "parse_int": _whole}
    try:
        return json.loads(data.decode(), **hooks)
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
        try:
            if len(blob) != (64 if at_s is None else 72) or (at_s or 0) > LARGEST_SIZE or text.startswith(COSIGNED):
                raise InvalidSignature
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
        _require(
            shaped, "A checkpoint is a line with the log's name, one with its size, one with its root.", NoteInvalid
        )
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
            raise NoteInvalid(
                "A succession has three more lines: `succession` and `replaces`, each a key, and `reason`."
            )
        new, old = VerifierKey.parse(said[1]), VerifierKey.parse(said[2])
        alike = {key.name for key in (old, new)} == {checkpoint.origin} and old.public_key != new.public_key
        _require(alike and old.algorithm == new.algorithm == ED25519, "A log replaces its key by another.", NoteInvalid)
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
        for step in sorted(map(Succession.parse, self.successions), key=lambda step: step.checkpoint.size):
            before = found.get(step.old)
            if step.old not in found or (before and before.checkpoint == step.checkpoint):
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
        _require(
            same, f"Two signed roots of {checkpoint.size} leaves differ: the log shows two histories.", NoteInvalid
        )

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
        _require(len(cosigners) >= self.required, few, NoteInvalid)
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


def check_consistency(old: Checkpoint, document: Any, trust: Trust) -> Attested:
    """Refuse unless a proof shows that its checkpoint, which is believed, continues an older one."""
    said = _members(document, "The proof", format=str, first_size=int, second_size=int, proof=list, checkpoint=str)
    _require(said["format"] == "quanbu.consistency/1", "This reads quanbu.consistency/1.")
    attested = trust.check(said["checkpoint"])
    new = attested.checkpoint
    _require(old.origin == new.origin, f"The checkpoints are of two logs: {old.origin} and {new.origin}.")
    sizes = (said["first_size"], said["second_size"]) == (old.size, new.size)
    _require(sizes, f"The proof is not from {old.size} leaves to {new.size}.", ProofInvalid)
    proof = [_unhex(each, 32, "A hash of the proof") for each in said["proof"]]
    verify_consistency(first=old.size, second=new.size, first_root=old.root, second_root=new.root, proof=proof)
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
        where = f"leaves.jsonl, position {position}"
        _require(len(line) <= LONGEST_BYTES and line.endswith(b"\n"), f"{where}: the line is cut off or too long.")
        said = parse_json(line, where)
        if type(said) is dict and "leaf_hash" in said:
            _members(said, where, position=int, leaf_hash=str)
            leaf = cls(position, _unhex(said["leaf_hash"], 32, where))
        else:
            _members(said, where, position=int, kind=str, salt=str, content=dict)
            data = leaf_data(said["kind"], _unhex(said["salt"], 16, where), canonical(said["content"]))
            leaf = cls(position, leaf_hash(data), said["kind"], said["content"])
        _require(said["position"] == position, f"{where} is missing: position {said['position']} stands in its place.")
        return leaf


def read_leaves(folder: Path) -> Iterator[Leaf]:
    """Read the leaves of an export one by one, and say how far it is where somebody looks on."""
    with (folder / "leaves.jsonl").open("rb") as file:
        for position in count(1):
            if not (line := file.readline(LONGEST_BYTES + 1)):
                return
            if not position % 50_000 and sys.stderr.isatty():
                sys.stderr.write(f"\r{position} leaves read\r")
            yield Leaf.parse(line, position)
