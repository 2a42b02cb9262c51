"""Writing records, sealing them, and signing what was sealed: what the floors above do to the log."""

from __future__ import annotations

from django.db import connection, transaction

from ledger import clock, ids
from ledger.log.checkpoints import sign_if_due
from ledger.log.records import record, record_all

__all__ = ["record", "record_all", "seal", "seal_once"]

MOST = 20_000
"""How many records, and how many entries, one transaction seals at most."""


def seal(*, sign_at_once: bool = False) -> int:
    """Seal what has committed: give every record and entry its position, and sign a checkpoint when one is due.

    `sign_at_once`: also when none is due yet. Returns the last position. Locks: one sealer at a time; nobody who
    records or posts waits. Repeats: seals what came since; nothing when nothing came.
    Call it outside the transaction of an act: a record becomes visible to the sealer when its act has committed.
    """
    size, added = seal_once()
    while added >= MOST:
        size, added = seal_once()
    sign_if_due(at_once=sign_at_once)
    return size


def seal_once(most: int = MOST) -> tuple[int, int]:
    """Seal so many records and so many entries at most, in one transaction; return the tree's size and what was added.

    Locks, repeats: see `seal`.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ledger_seal_v1(%s, %s, %s)", [ids.secret(), clock.now_ms(), most])
        size, added = cursor.fetchone()
    return int(size), int(added)
