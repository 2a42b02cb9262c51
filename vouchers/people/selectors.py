"""Reading what concerns every organisation, scoped by act."""

from __future__ import annotations

from django.db.models import QuerySet

from ledger.refusals.models import RefusedAct
from vouchers.people.actors import Actor


def refusals_read_by(actor: Actor) -> QuerySet[RefusedAct]:
    """Return every refusal that is kept, newest first. Refuses: ActNotPermitted."""
    actor.require("refusals.read")
    return RefusedAct.objects.order_by("-id")
