"""Reading vouchers, scoped by who asks, and what they are worth."""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection
from django.db.models import Q, QuerySet

from ledger.sql import load
from vouchers.issuance.models import Voucher
from vouchers.people.actors import Actor
from vouchers.programmes.selectors import programmes_run_by

ROOM = "vouchers.issuance"
STATES = ("available", "frozen", "held", "redeemed", "expired", "revoked")


def vouchers_visible_to(actor: Actor) -> QuerySet[Voucher]:
    """Return the vouchers that the actor's organisation holds, or all of the programmes that it runs, pays or audits.

    A centre sees the orders placed with it, not what its customers hold.
    """
    return Voucher.objects.filter(
        Q(programme__in=programmes_run_by(actor)) | Q(holder__in=actor.organisation_ids)
    ).select_related("programme", "holder")


def value_of(vouchers: Collection[Voucher]) -> dict[int, dict[str, int]]:
    """Return what each voucher (by id) has in each state, in minor units, as the books stand; one query for all."""
    value = {voucher.id: dict.fromkeys(STATES, 0) for voucher in vouchers}
    if not value:
        return value
    with connection.cursor() as cursor:
        cursor.execute(load(ROOM, "value_of_vouchers"), {"vouchers": list(value)})
        for voucher_id, state, value_minor in cursor.fetchall():
            value[voucher_id][state] = int(value_minor)
    return value
