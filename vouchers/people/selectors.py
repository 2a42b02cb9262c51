"""Reading what concerns every organisation, scoped by act."""

from __future__ import annotations

from django.db.models import QuerySet

from ledger.errors import NotFound
from ledger.log.models import Leaf, Record
from ledger.log.selectors import records_handed_in_by
from ledger.refusals.models import RefusedAct
from vouchers.people.actors import Actor, organisations_visible_to


def refusals_read_by(actor: Actor) -> QuerySet[RefusedAct]:
    """Return every refusal that is kept, newest first. Refuses: ActNotPermitted."""
    actor.require("refusals.read")
    return RefusedAct.objects.order_by("-id")


def records_read_by(actor: Actor) -> QuerySet[Record]:
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
