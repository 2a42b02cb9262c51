"""Writing down that something happened, in the transaction of the act itself."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import rfc8785
from django.db import connection

from ledger import clock


def record(
    *, kind: str, subject: str, told: Mapping[str, Any] | None = None, digest: bytes = b"", submitter: str = ""
) -> int:
    """Write down that something happened, in the transaction of the act itself: what is `told` of it, or a digest.

    See `record_all`. What is told stands in the receipt, for whom the receipt is for: codes, digests and numbers.
    """
    if told is not None:
        return record_all(kind=kind, told={subject: told}, submitter=submitter)
    return _write(kind, {subject: (digest, "")}, submitter)


def record_all(*, kind: str, told: Mapping[str, Mapping[str, Any]], submitter: str = "") -> int:
    """Write down what is told of each subject, in the transaction of the act itself.

    `submitter` is the opaque code of who handed it in, or empty for an act of the house. Returns the number of the
    first among that submitter's records, 0 for the house. Locks: the submitter's count, to the end of the transaction,
    so that the numbers have no gap: record last. Repeats: writing the same kind and subject again is a bug and violates
    `record_must_be_written_once`.
    """
    texts = {subject: rfc8785.dumps(each) for subject, each in told.items()}
    digests = {subject: (hashlib.sha256(text).digest(), text.decode()) for subject, text in texts.items()}
    return _write(kind, digests, submitter)


def _write(kind: str, records: Mapping[str, tuple[bytes, str]], submitter: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ledger_record_v1(%s, %s::text[], %s::bytea[], %s::text[], %s, %s)",
            [
                kind,
                list(records),
                [digest for digest, _ in records.values()],
                [told for _, told in records.values()],
                submitter,
                clock.now_ms(),
            ],
        )
        return int(cursor.fetchone()[0])
