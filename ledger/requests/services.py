"""Acting once under a key."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import rfc8785
from django.db import connection, transaction

from ledger import clock
from ledger.books.errors import IdempotencyConflict
from ledger.requests.errors import IdempotencyKeyMissing
from ledger.requests.models import Request

KEY = re.compile(r"[!-~]{1,200}")


@dataclass(frozen=True, slots=True)
class Told:
    """What a sender is told: an HTTP status and a JSON document, and whether it was told before."""

    status: int
    document: dict[str, Any]
    replayed: bool = False


@transaction.atomic(durable=True)
def once(*, actor: str, key: str, inputs: Mapping[str, Any], act: Callable[[], Told]) -> Told:
    """Do an act under its sender's key, or tell again what was told when it was done.

    The key and what the act writes commit together; an act that is refused leaves its key free. `inputs` are plain
    JSON values, files by their digest. Refuses: IdempotencyKeyMissing; IdempotencyConflict when the key stands for
    other inputs; what the act refuses. Locks: this actor's key, so that of two requests at once the second waits.
    Repeats: the same inputs return the first answer, and nothing is done.
    """
    if KEY.fullmatch(key) is None:
        raise IdempotencyKeyMissing
    digest = hashlib.sha256(rfc8785.dumps(dict(inputs))).digest()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"request:{actor}:{key}"])
    known = Request.objects.filter(actor=actor, key=key).first()
    if known is not None:
        if bytes(known.inputs_digest) != digest:
            raise IdempotencyConflict(entry=key)
        return Told(known.status, json.loads(known.answer), replayed=True)
    told = act()
    Request.objects.create(
        actor=actor,
        key=key,
        inputs_digest=digest,
        status=told.status,
        answer=json.dumps(told.document, ensure_ascii=False),
        recorded_at_ms=clock.now_ms(),
    )
    return told
