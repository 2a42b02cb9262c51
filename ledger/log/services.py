"""Writing records and sealing them."""

from __future__ import annotations

from django.db import connection, transaction

from ledger import clock
from ledger.log.models import Record


def record(*, kind: str, subject: str, digest: bytes) -> None:
    """Write down that something happened, in the transaction of the act itself.

    Repeats: writing the same kind and subject again is a bug and violates `record_must_be_written_once`.
    """
    Record.objects.create(kind=kind, subject=subject, digest=digest, recorded_at_ms=clock.now_ms())


def seal() -> int:
    """Give every committed record its position and return the last position.

    Locks: one sealer at a time. Repeats: seals what came since; nothing when nothing came.
    Call it outside the transaction of an act: a record becomes visible to the sealer when its act has committed.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT ledger_seal_v1()")
        return int(cursor.fetchone()[0])
