"""Reading orders, scoped by who asks."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from vouchers.orders.models import Order
from vouchers.people.actors import Actor
from vouchers.programmes.selectors import programmes_run_by


def orders_visible_to(actor: Actor) -> QuerySet[Order]:
    """Return the orders that the actor's organisation placed or serves, or all of the programmes that it runs."""
    own = actor.organisation_ids
    return Order.objects.filter(
        Q(voucher__programme__in=programmes_run_by(actor))
        | Q(voucher__holder__in=own)
        | Q(cluster_account__cluster__centre__organisation__in=own)
    ).select_related("voucher__programme", "voucher__holder", "cluster_account__cluster__centre", "device_class")
