"""Reading the refusals that are kept. The floors above say who may."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from ledger.errors import kinds
from ledger.refusals.errors import RefusalFilterUnanswerable
from ledger.refusals.models import RefusedAct
from ledger.refusals.rules import bounded, instant_of

INSTANT_MS_MAX = 7_258_118_400_000


def narrowed(
    rows: QuerySet[RefusedAct],
    *,
    actor: str | None = None,
    act: str | None = None,
    code: str | None = None,
    since: str | None = None,
    until: str | None = None,
) -> QuerySet[RefusedAct]:
    """Keep the refusals of an actor (empty for strangers), an act and a code, asked since and before an instant.

    `since` and `until` are written as people write them: an instant with its offset, or a day of the portal's zone,
    which is included. Refuses: RefusalFilterUnanswerable, where nothing could ever fit, so that an empty list always
    means that there was no such refusal.
    """
    texts = {"actor": actor, "act": act, "code": code}
    for name, text in texts.items():
        if text is not None and bounded(text) != text:
            raise RefusalFilterUnanswerable(filter=name, value=bounded(text), reason="no such text is ever kept")
    if code is not None and code not in kinds() and not RefusedAct.objects.filter(code=code).exists():
        raise RefusalFilterUnanswerable(filter="code", value=code, reason="there is no such code")
    asked: dict[str, Any] = {name: text for name, text in texts.items() if text is not None}
    if since is not None:
        asked["asked_at_ms__gte"] = _instant("since", since, ends=False)
    if until is not None:
        asked["asked_at_ms__lt"] = _instant("until", until, ends=True)
    if since is not None and until is not None and asked["asked_at_ms__gte"] >= asked["asked_at_ms__lt"]:
        raise RefusalFilterUnanswerable(filter="until", value=until, reason="it is not after the first")
    return rows.filter(**asked)


def _instant(name: str, text: str, *, ends: bool) -> int:
    try:
        instant_ms = instant_of(text, settings.TIME_ZONE, ends=ends)
    except (ValueError, OverflowError):
        raise RefusalFilterUnanswerable(
            filter=name, value=bounded(text), reason="it is no day and no instant"
        ) from None
    if not 0 <= instant_ms <= INSTANT_MS_MAX:
        raise RefusalFilterUnanswerable(filter=name, value=text, reason="it lies outside 1970 to 2199")
    return instant_ms
