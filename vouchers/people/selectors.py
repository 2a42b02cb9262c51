"""Reading what concerns every organisation, scoped by act."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from ledger.errors import NotFound
from ledger.log.models import Leaf
from ledger.log.selectors import records_handed_in_by
from ledger.refusals.models import RefusedAct
from vouchers.people.actors import Actor, organisations_visible_to


def refusals_read_by(actor: Actor) -> QuerySet[RefusedAct]:
    """Return every refusal that is kept, newest first. Refuses: ActNotPermitted."""
    actor.require("refusals.read")
    return RefusedAct.objects.order_by("-id")


def records_read_by(actor: Actor) -> QuerySet[Any]:
    """Return the sealed records that an actor may have receipts of: their organisations' own; all, for an auditor."""
    if actor.organisations_for("log.read"):
        return records_handed_in_by(None)
    return records_handed_in_by(organisations_visible_to(actor).values_list("code", flat=True))


def require_readable_position(actor: Actor, position: int) -> None:
    """See that an actor may have the receipt of a position. Refuses: NotFound, the same whether it is there or not."""
    if actor.organisations_for("log.read"):
        found = Leaf.objects.filter(position=position).exists()
    else:
        found = records_read_by(actor).filter(leaf__position=position).exists()
    if not found:
        raise NotFound(kind="position", name=position)


def position_read_by(actor: Actor, subject: str) -> int | None:
    """Return where a record of this subject stands in the log, if the actor may have its receipt and it is sealed."""
    return records_read_by(actor).filter(subject=subject).values_list("position", flat=True).first()
