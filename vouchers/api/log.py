"""The log, for whom it binds: checkpoints and proofs for everybody, receipts for who handed in and for auditors."""

from __future__ import annotations

from django.conf import settings
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response

from ledger.api.acts import act_once
from ledger.api.answers import IDEMPOTENCY_KEY, answers
from ledger.api.log_serializers import (
    CheckpointSerializer,
    ConsistencyQuestion,
    ConsistencySerializer,
    CosignatureSerializer,
    CosignedSerializer,
    LogReceiptSerializer,
    LogSerializer,
    ReceiptQuestion,
    RecordSerializer,
)
from ledger.api.pages import NewestPosition
from ledger.api.questions import asked_of
from ledger.errors import NotFound
from ledger.log.models import Checkpoint, Record
from ledger.log.proofs import consistency, receipt
from ledger.log.selectors import checkpoints, successions, tree_size, verifier_keys
from ledger.requests.services import Told
from vouchers.api.base import Endpoint, VisibleOnly
from vouchers.api.filters import CheckpointFilter, RecordFilter
from vouchers.people.actors import Actor
from vouchers.people.selectors import records_read_by, require_readable_position
from vouchers.people.services import hand_in_cosignature

SIZE = OpenApiParameter("size", OpenApiTypes.INT64, OpenApiParameter.PATH, description="The checkpoint's size.")


class Log(Endpoint):
    """The log as a whole."""

    @extend_schema(responses=answers({200: LogSerializer}))
    def get(self, _request: Request) -> Response:
        """Say who the log is, how long, by which keys it signs, and which witnesses it knows."""
        told = {
            "origin": settings.CHECKPOINT_ORIGIN,
            "size": tree_size(),
            "keys": verifier_keys(),
            "successions": successions(),
            "witnesses": settings.WITNESSES,
            "witnesses_required": settings.WITNESSES_REQUIRED,
        }
        return Response(LogSerializer(told).data)


@extend_schema_view(
    list=extend_schema(responses=answers({200: CheckpointSerializer(many=True)}, 400, 404)),
    retrieve=extend_schema(parameters=[SIZE], responses=answers({200: CheckpointSerializer}, 404)),
)
class Checkpoints(VisibleOnly[Checkpoint]):
    """Signed checkpoints, newest first; of several of one size the newest is the member."""

    kind = "checkpoint"
    queryset = Checkpoint.objects.none()
    lookup_field = "head_id"
    serializer_class = CheckpointSerializer
    filterset_class = CheckpointFilter

    def visible_to(self, _actor: Actor) -> QuerySet[Checkpoint]:
        """Return all of them: a checkpoint is for everybody."""
        return checkpoints()


class Consistency(Endpoint):
    """The proof that a checkpoint continues an older one."""

    @extend_schema(
        parameters=[SIZE, ConsistencyQuestion], responses=answers({200: ConsistencySerializer}, 400, 404, 422)
    )
    def get(self, request: Request, head_id: int) -> Response:
        """Prove that the checkpoint of this size continues the log of the size `since`."""
        found = checkpoints().filter(head_id=head_id).first()
        if found is None:
            raise NotFound(kind="checkpoint", name=head_id)
        return Response(consistency(asked_of(request, ConsistencyQuestion)["since"], found))


class Cosignatures(Endpoint):
    """Cosignatures of a checkpoint."""

    parser_classes = [JSONParser]

    @extend_schema(
        request=CosignatureSerializer,
        parameters=[SIZE, IDEMPOTENCY_KEY],
        responses=answers({201: CosignedSerializer}, 400, 403, 404, 409, 413, 415, 422),
    )
    def post(self, request: Request, head_id: int) -> Response:
        """Hand in a witness's cosignature of the checkpoint of this size."""
        form = CosignatureSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        line, actor = form.validated_data["signature"], self.actor

        def cosign() -> Told:
            kept = hand_in_cosignature(size=head_id, line=line, actor=actor)
            return Told(status.HTTP_201_CREATED, {"size": head_id, "witness": kept.name})

        return act_once(request, actor=actor.login, inputs={"signature": line}, act=cosign)


@extend_schema_view(list=extend_schema(responses=answers({200: RecordSerializer(many=True)}, 400, 404)))
class Records(VisibleOnly[Record]):
    """What the person's organisations handed in, as it stands in the log; for auditors what anybody did."""

    kind = "record"
    queryset = Record.objects.none()
    serializer_class = RecordSerializer
    filterset_class = RecordFilter
    pagination_class = NewestPosition

    def visible_to(self, actor: Actor) -> QuerySet[Record]:
        """Return the records that the actor may have receipts of."""
        return records_read_by(actor)


class Receipt(Endpoint):
    """The receipt of a position."""

    @extend_schema(
        parameters=[
            OpenApiParameter("position", OpenApiTypes.INT64, OpenApiParameter.PATH),
            ReceiptQuestion,
        ],
        responses=answers({200: LogReceiptSerializer}, 400, 404, 409),
    )
    def get(self, request: Request, position: int) -> Response:
        """Prove what stands at a position of the log, to who handed it in and to auditors."""
        size = asked_of(request, ReceiptQuestion)["size"]
        require_readable_position(self.actor, position)
        return Response(receipt(position, size=size))
