"""The log as a stranger would rebuild it: contents from the rows, leaves from the contents, the tree from the leaves.

Nothing here reads what sealing computed, but for the salts: contents are made by `rfc8785` from the ORM's rows, and the
root by the textbook's recursion.
"""

import hashlib
import json
import select
import time
from contextlib import contextmanager
from pathlib import Path

import rfc8785
from django.db import connections
from django.test import override_settings
from storm import PATIENCE_S

from ledger.books.models import Entry
from ledger.log import verifier
from ledger.log.models import Head, Leaf, Record

SWITCH = """
DO $$
DECLARE guarded regclass;
BEGIN
    FOR guarded IN SELECT DISTINCT tgrelid::regclass FROM pg_trigger WHERE tgname = 'history_must_not_change' LOOP
        EXECUTE format('ALTER TABLE %s {} TRIGGER USER', guarded);
    END LOOP;
    ALTER TABLE ledger_log_record ENABLE TRIGGER record_must_await_sealing;
END
$$
"""


@contextmanager
def unguarded():
    """The owner's cursor, with the triggers of all tables switched off that keep history from being changed."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(SWITCH.format("DISABLE"))
        yield cursor
        cursor.execute(SWITCH.format("ENABLE"))


def signing(folder: Path, **settings):
    """Sign with a key in a folder, made on first use, as often as something was sealed."""
    key = {"CHECKPOINT_KEY_FILE": str(folder / "key.pem"), "CHECKPOINT_KEY_IS_OURS": True, "CHECKPOINT_SECONDS": 0}
    return override_settings(**key | settings)


def content_of_record(record: Record) -> bytes:
    """What the leaf of a record commits to."""
    fields = {name: getattr(record, name) for name in ("kind", "subject", "submitter", "number", "recorded_at_ms")}
    told = {"told": json.loads(record.told)} if record.told else {}
    return rfc8785.dumps(fields | {"digest": bytes(record.digest).hex()} | told)


def content_of_entry(entry: Entry) -> bytes:
    """What the leaf of an entry commits to."""
    same = ("idempotency_key", "proposer", "approver", "document", "run", "template_version", "happened_at_ms",
            "recorded_at_ms")  # fmt: skip
    rows = sorted(entry.transfers.all(), key=lambda row: row.ordinal)
    numbers = sorted(entry.numbers.all(), key=lambda each: (each.book.kind, each.book.owner, each.book.asset))
    return rfc8785.dumps(
        {name: getattr(entry, name) for name in same}
        | {
            "template": entry.template_id,
            "reverses": entry.reverses.idempotency_key if entry.reverses else "",
            "rows": [
                {
                    "debit": row.debit_account.code,
                    "credit": row.credit_account.code,
                    "amount": str(row.amount),
                    "asset": row.book.asset,
                }
                for row in rows
            ],
            "numbers": [
                {name: getattr(each.book, name) for name in ("kind", "owner", "asset")}
                | {"year": each.year, "number": each.number}
                for each in numbers
            ],
        }
    )


def contents() -> list[tuple[Leaf, str, bytes]]:
    """Every leaf in order, with the kind and the content that the rows under it make."""
    leaves = list(Leaf.objects.order_by("position").select_related("record"))
    whole = Entry.objects.select_related("reverses").prefetch_related(
        "numbers__book", "transfers__book", "transfers__debit_account", "transfers__credit_account"
    )
    entries = whole.in_bulk([leaf.entry_id for leaf in leaves if leaf.entry_id])
    return [
        (leaf, leaf.record.kind, content_of_record(leaf.record))
        if leaf.record
        else (leaf, "entry.posted", content_of_entry(entries[leaf.entry_id]))
        for leaf in leaves
    ]


def hash_of(kind: str, salt: bytes, content: bytes) -> bytes:
    """The hash of a leaf, as the verifier makes it."""
    return verifier.leaf_hash(verifier.leaf_data(kind, salt, content))


def root_of(hashes: list[bytes]) -> bytes:
    """The root over leaves, by the definition of RFC 9162 section 2.1.1."""
    if len(hashes) < 2:
        return hashes[0] if hashes else hashlib.sha256().digest()
    half = 1 << (len(hashes) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root_of(hashes[:half]) + root_of(hashes[half:])).digest()


def rebuilt() -> list[bytes]:
    """The hashes of all leaves, from the rows and the salts; the positions must run from 1 without a gap."""
    rows = contents()
    assert [leaf.position for leaf, _, _ in rows] == list(range(1, len(rows) + 1))
    return [hash_of(kind, bytes(leaf.salt), content) for leaf, kind, content in rows]


def wait_until(holds, *, listening_to=()):
    """Ask until something holds, and listen meanwhile, so that whoever speaks is asked about at once."""
    end_s = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end_s, "what is waited for does not come"
        select.select(listening_to, [], [], 0.02)


def waiting_for_a_lock() -> list[int]:
    """The processes of this database's server that wait for a lock on a table."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT l.pid FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.database"
            " WHERE NOT l.granted AND l.relation IS NOT NULL AND d.datname = current_database()"
        )
        return [pid for (pid,) in cursor.fetchall()]


def assert_everything_is_sealed_once():
    """Every record and entry stands at one position, nothing else does, and the tree is that of a stranger."""
    leaves = list(Leaf.objects.values_list("position", "record_id", "entry_id"))
    assert sorted(position for position, _, _ in leaves) == list(range(1, len(leaves) + 1))
    assert sorted(record for _, record, _ in leaves if record) == sorted(Record.objects.values_list("id", flat=True))
    assert sorted(entry for _, _, entry in leaves if entry) == sorted(Entry.objects.values_list("id", flat=True))
    hashes, tree = rebuilt(), verifier.Frontier()
    roots = dict(Head.objects.values_list("size", "root"))
    for position, each in enumerate(hashes, 1):
        tree.append(each)
        if position in roots:
            assert bytes(roots.pop(position)) == tree.root(), f"head of {position}"
    assert not roots
    assert tree.root() == root_of(hashes)
