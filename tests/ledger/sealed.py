"""A small log built by hand, with everything that may be shown of it: checkpoints, receipts, proofs, exports."""

import csv
import hashlib
import io
import json
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.log.verifier import (
    COSIGNATURE,
    EMPTY_ROOT,
    Checkpoint,
    Note,
    Succession,
    canonical,
    consistency_ranges,
    cosign,
    inclusion_ranges,
    leaf_data,
    leaf_hash,
    node_hash,
    public_key,
    sign,
)

ORIGIN = "quanbu.example/log"


def private(seed: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)


def log_key(seed: int, name: str = ORIGIN):
    return public_key(name, private(seed))


def witness_key(seed: int, name: str):
    return public_key(name, private(seed), COSIGNATURE)


def root_of(hashes: list[bytes]) -> bytes:
    """The recursive definition of RFC 9162 section 2.1.1."""
    if len(hashes) < 2:
        return hashes[0] if hashes else EMPTY_ROOT
    middle = 1 << (len(hashes) - 1).bit_length() - 1
    return node_hash(root_of(hashes[:middle]), root_of(hashes[middle:]))


def inclusion(index: int, hashes: list[bytes]) -> list[bytes]:
    return [root_of(hashes[start:end]) for start, end in inclusion_ranges(index, len(hashes))]


def consistency(first: int, hashes: list[bytes]) -> list[bytes]:
    return [root_of(hashes[start:end]) for start, end in consistency_ranges(first, len(hashes))]


def signed(text: str, *seeds: int, witnesses: tuple[tuple[int, str], ...] = (), at_s: int = 1_790_000_000) -> str:
    """A note over a text, signed by these keys of the log and cosigned by these witnesses."""
    signatures = [sign(text, ORIGIN, private(seed)) for seed in seeds]
    signatures += [cosign(text, name, private(seed), at_s) for seed, name in witnesses]
    return str(Note(text, tuple(signatures)))


def entry(position: int, amount: str, *, number: int | None = None, submitter: str = "", own: int = 0) -> dict:
    told = {
        "approver": "", "document": f"=决定 {position}", "happened_at_ms": position, "recorded_at_ms": 2 * position,
        "idempotency_key": f"entry-{position}", "template": "ISSUE", "template_version": 1, "proposer": "'ops",
        "reverses": "", "run": "",
        "rows": [{"amount": amount, "asset": "CNY", "credit": "B:可用", "debit": "B:funding"}],
        "numbers": [{"asset": "CNY", "kind": "B", "number": number or position, "owner": "QC26", "year": 2026}],
    }  # fmt: skip
    return told | ({"submitter": submitter, "number": own} if submitter else {})


@dataclass
class Log:
    """Records (kind, content), each with a salt made of its position; `withheld` positions show their hash alone."""

    records: list = field(default_factory=list)
    withheld: set = field(default_factory=set)
    seed: int = 1

    def salt(self, position: int) -> bytes:
        return hashlib.sha256(b"salt %d" % position).digest()[:16]

    @property
    def hashes(self) -> list[bytes]:
        return [
            leaf_hash(leaf_data(kind, self.salt(position), canonical(content)))
            for position, (kind, content) in enumerate(self.records, 1)
        ]

    def checkpoint(self, size: int | None = None, *extensions: str) -> Checkpoint:
        hashes = self.hashes[:size]
        return Checkpoint(ORIGIN, len(hashes), root_of(hashes), extensions)

    def note(self, size: int | None = None, **options) -> str:
        return signed(self.checkpoint(size).text, self.seed, **options)

    def succession(self, size: int, old: int, new: int, reason: str, *seeds: int, **options) -> str:
        lines = Succession.lines(log_key(old), log_key(new), reason)
        return signed(self.checkpoint(size, *lines).text, *seeds, **options)

    def receipt(self, position: int, size: int | None = None, *, note: str = "", succession: tuple = ()) -> dict:
        kind, content = self.records[position - 1]
        return {
            "format": "quanbu.receipt/1", "suite": "sha256-ed25519", "kind": kind, "content": content,
            "salt": self.salt(position).hex(), "position": position,
            "proof": [each.hex() for each in inclusion(position - 1, self.hashes[:size])],
            "checkpoint": note or self.note(size), "succession": list(succession),
        }  # fmt: skip

    def proof(self, first: int, second: int | None = None) -> dict:
        hashes = self.hashes[:second]
        return {
            "format": "quanbu.consistency/1", "first_size": first, "second_size": len(hashes),
            "proof": [each.hex() for each in consistency(first, hashes)], "checkpoint": self.note(second),
        }  # fmt: skip

    def lines(self) -> list[dict]:
        return [
            {"position": position, "leaf_hash": self.hashes[position - 1].hex()}
            if position in self.withheld
            else {"position": position, "kind": kind, "salt": self.salt(position).hex(), "content": content}
            for position, (kind, content) in enumerate(self.records, 1)
        ]

    def export(self, folder: Path, lines: list | None = None, note: str = "", **files: str) -> Path:
        """Write an export; `lines` in place of the log's own, and other files by name (with `_csv` for `.csv`)."""
        folder.mkdir(exist_ok=True)
        lines = self.lines() if lines is None else lines
        texts = [line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines]
        (folder / "leaves.jsonl").write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
        (folder / "checkpoint.txt").write_text(note or self.note(), encoding="utf-8")
        for name, text in (self.tables() | files).items():
            (folder / name.replace("_csv", ".csv")).write_text(text, encoding="utf-8")
        write_manifest(folder, len(texts))
        return folder

    def tables(self) -> dict[str, str]:
        """The tables of accounts, entries and transfers, as an export has them."""
        entries = [content for kind, content in self.records if kind == "entry.posted"]
        columns = ["approver", "document", "happened_at_ms", "idempotency_key", "proposer", "recorded_at_ms",
                   "reverses", "run", "template", "template_version"]  # fmt: skip
        rows = [["entry", *columns]] + [
            [number, *(guarded(entry[name]) for name in columns)] for number, entry in enumerate(entries, 1)
        ]
        moved = [["entry", "ordinal", "asset", "debit_account", "credit_account", "amount"]] + [
            [number, ordinal, row["asset"], row["debit"], row["credit"], row["amount"]]
            for number, entry in enumerate(entries, 1)
            for ordinal, row in enumerate(entry["rows"], 1)
        ]
        return {"accounts_csv": self.accounts(), "entries_csv": table(rows), "transfers_csv": table(moved)}

    def accounts(self) -> str:
        totals: dict[str, list[int]] = {}
        for kind, content in self.records:
            for row in content["rows"] if kind == "entry.posted" else ():
                totals.setdefault(row["debit"], [0, 0])[0] += int(row["amount"])
                totals.setdefault(row["credit"], [0, 0])[1] += int(row["amount"])
        return table([["account", "debits", "credits"], *([code, *both] for code, both in totals.items())])


def guarded(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@'" and value else value


def table(rows: list) -> str:
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    return file.getvalue()


def write_manifest(folder: Path, position: int) -> None:
    named = {
        path.name: {
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "bytes": path.stat().st_size,
            "rows": position,
        }
        for path in folder.iterdir()
        if path.name != "manifest.json"
    }
    document = {"format": "quanbu.export/1", "position": position, "files": named}
    (folder / "manifest.json").write_text(json.dumps(document), encoding="utf-8")


def small_log(size: int = 12, seed: int = 1) -> Log:
    """Entries of one book with documents in between."""
    records, entries = [], 0
    for position in range(1, size + 1):
        if position % 4 == 0:
            digest = hashlib.sha256(b"file %d" % position).hexdigest()
            own = {"submitter": "north", "number": position // 4}
            records.append(("document.kept", {"digest": digest, "name": f"用量-{position}.csv", **own}))
        else:
            entries += 1
            records.append(("entry.posted", entry(position, str(100 * position), number=entries)))
    return Log(records, seed=seed)
