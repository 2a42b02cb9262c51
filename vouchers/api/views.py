"""Who am I, programmes, vouchers, orders, refusals."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from ledger.api.answers import answers
from ledger.refusals.models import RefusedAct
from vouchers.api.base import Endpoint, VisibleOnly
from vouchers.api.filters import OrderFilter, ProgrammeFilter, RefusalFilter, VoucherFilter
from vouchers.api.serializers import (
    MeSerializer,
    OrderSerializer,
    ProgrammeInForceSerializer,
    ProgrammeSerializer,
    RefusedActSerializer,
    VoucherSerializer,
)
from vouchers.issuance.models import Voucher
from vouchers.issuance.selectors import value_of, vouchers_visible_to
from vouchers.orders.models import Order
from vouchers.orders.selectors import orders_visible_to
from vouchers.people.actors import Actor
from vouchers.people.models import User
from vouchers.people.permissions import ACTS
from vouchers.people.selectors import refusals_read_by
from vouchers.programmes.models import Programme
from vouchers.programmes.selectors import programmes_visible_to


class Me(Endpoint):
    """The person who asks."""

    @extend_schema(responses=answers({200: MeSerializer}))
    def get(self, request: Request) -> Response:
        """Say who is signed in, for which organisations, in which roles, and what that lets them do."""
        actor, user = self.actor, request.user
        assert isinstance(user, User)
        memberships = list(user.memberships.select_related("organisation").order_by("organisation__code", "role"))
        organisations = {membership.organisation_id: membership.organisation for membership in memberships}
        me = {
            "login": actor.login,
            "name": user.name,
            "organisations": list(organisations.values()),
            "roles": memberships,
            "acts": [
                {
                    "act": act,
                    "meaning": meaning,
                    "organisations": sorted(organisations[own].code for own in actor.organisations_for(act)),
                }
                for act, (meaning, _) in ACTS.items()
                if actor.organisations_for(act)
            ],
        }
        return Response(MeSerializer(me).data)


@extend_schema_view(
    list=extend_schema(responses=answers({200: ProgrammeSerializer(many=True)}, 400, 404)),
    retrieve=extend_schema(responses=answers({200: ProgrammeInForceSerializer}, 404)),
)
class Programmes(VisibleOnly[Programme]):
    """The programmes that the person's organisations run, pay, audit or take part in."""

    kind = "programme"
    queryset = Programme.objects.none()
    serializer_class = ProgrammeInForceSerializer
    list_serializer = ProgrammeSerializer
    filterset_class = ProgrammeFilter

    def visible_to(self, actor: Actor) -> QuerySet[Programme]:
        """Return the programmes that the actor may know of."""
        return programmes_visible_to(actor).select_related("department", "finance", "operator")


@extend_schema_view(
    list=extend_schema(responses=answers({200: VoucherSerializer(many=True)}, 400, 404)),
    retrieve=extend_schema(responses=answers({200: VoucherSerializer}, 404)),
)
class Vouchers(VisibleOnly[Voucher]):
    """Vouchers with their value by state, as the books stand."""

    kind = "voucher"
    queryset = Voucher.objects.none()
    serializer_class = VoucherSerializer
    filterset_class = VoucherFilter

    def visible_to(self, actor: Actor) -> QuerySet[Voucher]:
        """Return the vouchers that the actor may see."""
        return vouchers_visible_to(actor)

    def get_serializer(self, *args: Any, **kwargs: Any) -> BaseSerializer[Any]:
        """Hand the serializer the value of what it is to write, read in one query."""
        rows = args[0] if kwargs.get("many") else args[:1]
        context = {**self.get_serializer_context(), "values": value_of(rows)}
        return VoucherSerializer(*args, context=context, **kwargs)


@extend_schema_view(
    list=extend_schema(responses=answers({200: OrderSerializer(many=True)}, 400, 404)),
    retrieve=extend_schema(responses=answers({200: OrderSerializer}, 404)),
)
class Orders(VisibleOnly[Order]):
    """Orders placed by the person's organisations, served by them, or of a programme that they run."""

    kind = "order"
    queryset = Order.objects.none()
    serializer_class = OrderSerializer
    filterset_class = OrderFilter

    def visible_to(self, actor: Actor) -> QuerySet[Order]:
        """Return the orders that the actor may see."""
        return orders_visible_to(actor)


@extend_schema_view(
    list=extend_schema(responses=answers({200: RefusedActSerializer(many=True)}, 400, 403, 404)),
    retrieve=extend_schema(responses=answers({200: RefusedActSerializer}, 403, 404)),
)
class Refusals(VisibleOnly[RefusedAct]):
    """Requests to write that were refused: who asked for what, when, and why not. For auditors and the operator."""

    kind = "refusal"
    queryset = RefusedAct.objects.none()
    lookup_field = "id"
    serializer_class = RefusedActSerializer
    filterset_class = RefusalFilter

    def visible_to(self, actor: Actor) -> QuerySet[RefusedAct]:
        """Return the refusals that the actor may read. Refuses: ActNotPermitted."""
        return refusals_read_by(actor)
