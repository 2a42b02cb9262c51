"""Writing records and sealing them."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import connection, transaction

from ledger import clock
from ledger.log.models import Record


def record(*, kind: str, subject: str, digest: bytes) -> None:
    """Write down that something happened, in the transaction of the act itself. See `record_all`."""
    record_all(kind=kind, digests={subject: digest})


def record_all(*, kind: str, digests: Mapping[str, bytes]) -> None:
    """Write down that something happened to each subject, in the transaction of the act itself.

    Repeats: writing the same kind and subject again is a bug and violates `record_must_be_written_once`.
    """
    now_ms = clock.now_ms()
    Record.objects.bulk_create(
        Record(kind=kind, subject=subject, digest=digest, recorded_at_ms=now_ms) for subject, digest in digests.items()
    )


def seal() -> int:
    """Give every committed record its position and every committed entry its numbers; return the last position.

    Locks: one sealer at a time. Repeats: seals what came since; nothing when nothing came.
    Call it outside the transaction of an act: a record becomes visible to the sealer when its act has committed.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT ledger_seal_v1()")
        return int(cursor.fetchone()[0])
