"""Keeping refusals. What goes wrong here is logged and never hides the refusal from whoever is to hear it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from typing import ParamSpec, TypeVar

import rfc8785
from django.db import connection, transaction

from ledger import clock
from ledger.errors import Refusal
from ledger.log import services as log
from ledger.refusals.models import RefusedAct
from ledger.refusals.rules import UNDESCRIBED, Asked, Evidence, behind, bounded, evidence_of
from ledger.sql import load

ROOM = "ledger.refusals"
RECORDED_AS = "act.refused"
STRANGER_EVERY_MS = 3_600_000

logger = logging.getLogger(__name__)
P = ParamSpec("P")
R = TypeVar("R")


def keep(refusal: Refusal, describe: Callable[[], Asked]) -> None:
    """Keep a refusal, and those behind it that a service had heard. For boundaries: the act's transaction is over.

    A stranger's refusals of one kind are kept once in `STRANGER_EVERY_MS`, so that nobody without a login can fill the
    table. Refuses nothing and raises nothing: what cannot be kept is logged. Locks: the refusal's id.
    Repeats: a refusal is kept once, whoever keeps it and however often.
    """
    asked = _described(refusal, lambda: describe().with_what_is_told_by(refusal))
    _try_to_keep(refusal, asked, stranger_every_ms=STRANGER_EVERY_MS)
    for one in behind(refusal):
        _try_to_keep(one, one.asked or UNDESCRIBED)


def kept_if_refused(describe: Callable[P, Asked]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a service keep what it refuses, in its caller's transaction, so that a caller who goes on leaves evidence.

    `describe` says what a call asked for. Where the caller's transaction is rolled back, this is too, and the boundary
    that hears the refusal, or another made of it, keeps it. Repeats: see `keep`.
    """

    def keeping(service: Callable[P, R]) -> Callable[P, R]:
        @wraps(service)
        def heard(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return service(*args, **kwargs)
            except Refusal as refusal:
                refusal.asked = _described(refusal, lambda: describe(*args, **kwargs))
                _try_to_keep(refusal, refusal.asked)
                raise

        return heard

    return keeping


def _described(refusal: Refusal, describe: Callable[[], Asked]) -> Asked:
    try:
        return describe()
    except Exception as error:  # noqa: BLE001 (whatever it is, the refusal goes on)
        _tell(refusal, UNDESCRIBED, error)
        return UNDESCRIBED


def _try_to_keep(refusal: Refusal, asked: Asked, *, stranger_every_ms: int = 0) -> None:
    try:
        _write(evidence_of(refusal, asked, clock.now_ms()), stranger_every_ms)
    except Exception as error:  # noqa: BLE001 (whatever it is, the refusal goes on)
        _tell(refusal, asked, error)


def _tell(refusal: Refusal, asked: Asked, error: Exception) -> None:
    """Say in the log of the process what could not be kept, without values: the database's words are cut to a line."""
    reason = (str(error).splitlines() or [""])[0]
    act, actor, reason = bounded(asked.act), bounded(asked.actor, 100), bounded(reason)
    logger.error("A refusal could not be kept: %s, %s by %r: %s", refusal.code, act, actor, reason)


@transaction.atomic
def _write(evidence: Evidence, stranger_every_ms: int) -> None:
    """Write the refusal and its record. In a caller's transaction this is a savepoint."""
    since_ms = evidence.asked_at_ms - stranger_every_ms
    same = RefusedAct.objects.filter(actor="", act=evidence.act, code=evidence.code, asked_at_ms__gt=since_ms)
    if stranger_every_ms and not evidence.actor and same.exists():
        return
    members = {name: rfc8785.dumps(getattr(evidence, name)).decode() for name in ("about", "fields")}
    with connection.cursor() as cursor:
        cursor.execute(load(ROOM, "keep_refusal"), asdict(evidence) | members)
        is_new = cursor.rowcount == 1
    if is_new:
        log.record(kind=RECORDED_AS, subject=evidence.id, digest=evidence.digest)
