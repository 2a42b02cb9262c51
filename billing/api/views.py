"""Usage files, runs, statement lines and the rows behind them, statements and their answers."""

from __future__ import annotations

import hashlib
from typing import Any, cast

from django.core.files.uploadedfile import UploadedFile
from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.filters import PartFilter, RunFilter, StatementFilter, StatementLineFilter, UsageFileFilter
from billing.api.serializers import (
    AnswerSerializer,
    ExplainedLineSerializer,
    PartSerializer,
    RunSerializer,
    RunSummarySerializer,
    SlipSerializer,
    StatementLineSerializer,
    StatementSerializer,
    SubmissionSerializer,
    UsageFileSerializer,
)
from billing.metering import services as metering
from billing.metering.formats import load_profile
from billing.metering.models import UsageFile
from billing.metering.selectors import is_received, require_known_origin, slip_of, usage_files_visible_to
from billing.metering.services import Origin, Upload
from billing.reconciliation.models import Adjudication, Part, Run, StatementLine
from billing.reconciliation.selectors import (
    explanation_of,
    line_visible_to,
    lines_visible_to,
    runs_visible_to,
    summary_of,
)
from billing.settlement import services as settlement
from billing.settlement.models import Statement
from billing.settlement.selectors import statement_as_json, statement_visible_to, statements_visible_to
from ledger.api.acts import act_once, digest_of
from ledger.api.answers import IDEMPOTENCY_KEY, answers
from ledger.requests.services import Told
from vouchers.api.base import Endpoint, VisibleOnly
from vouchers.people.actors import Actor


@extend_schema_view(
    list=extend_schema(responses=answers({200: UsageFileSerializer(many=True)}, 400, 404)),
    retrieve=extend_schema(responses=answers({200: SlipSerializer}, 404)),
)
class UsageFiles(VisibleOnly[UsageFile]):
    """Usage and evidence files that were received; a member is its return slip, as it was given."""

    kind = "usage file"
    queryset = UsageFile.objects.none()
    lookup_field = "id"
    serializer_class = SlipSerializer
    list_serializer = UsageFileSerializer
    filterset_class = UsageFileFilter
    parser_classes = [MultiPartParser]

    def visible_to(self, actor: Actor) -> QuerySet[UsageFile]:
        """Return the files that the actor may see."""
        return usage_files_visible_to(actor)

    def document_of(self, row: UsageFile) -> Any:
        """Return the file's slip."""
        return slip_of(row)

    @extend_schema(
        request=SubmissionSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses=answers({200: SlipSerializer, 201: SlipSerializer}, 400, 403, 404, 409, 413, 415, 422),
    )
    def create(self, request: Request) -> Response:
        """Submit a usage file of the centre, or evidence with `source`: receive, stage, validate, store.

        201 with the return slip; 200 for a dry run, and for bytes that were received before.
        """
        form = SubmissionSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        sent, actor = form.validated_data, self.actor
        named = {"centre": sent["centre"], "cluster": sent["cluster"], "source": sent.get("source")}
        self.about, self.acts = named, not sent["dry_run"]
        require_known_origin(actor, **named)
        origin = metering.find_origin(**named)
        upload, inputs = _upload_of(sent)
        if sent["dry_run"]:
            return Response(metering.dry_run(upload=upload, origin=origin).as_json())

        def submit() -> Told:
            return _submit(upload, origin, actor, inputs["file"])

        return act_once(request, actor=actor.login, inputs=named | inputs, act=submit)


def _upload_of(sent: dict[str, Any]) -> tuple[Upload, dict[str, Any]]:
    """Return a submission as the service takes it, and the part of its inputs that the files are."""
    file: UploadedFile[Any] = sent["file"]
    profile_bytes = sent["profile"].read() if "profile" in sent else None
    profile = load_profile(profile_bytes) if profile_bytes is not None else None
    profile_digest = hashlib.sha256(profile_bytes).hexdigest() if profile_bytes is not None else ""
    name = file.name or ""
    format_name = sent.get("format") or (profile.format if profile else "")
    inputs = {"file": digest_of(file), "name": name, "format": format_name, "profile": profile_digest}
    return Upload(cast("Any", file.file), name, format_name, profile, profile_digest), inputs


def _submit(upload: Upload, origin: Origin, actor: Actor, sha256: str) -> Told:
    """Submit the file and say whether it is new."""
    assert origin.cluster is not None
    known = is_received(cluster=origin.cluster, source=origin.source, sha256=sha256)
    slip = metering.submit(upload=upload, origin=origin, actor=actor)
    return Told(status.HTTP_200_OK if known else status.HTTP_201_CREATED, slip.as_json())


@extend_schema_view(
    list=extend_schema(responses=answers({200: RunSerializer(many=True)}, 400, 404)),
    retrieve=extend_schema(responses=answers({200: RunSummarySerializer}, 404)),
)
class Runs(VisibleOnly[Run]):
    """Runs of the programmes that the person's organisations run, pay or audit; a member is its summary."""

    kind = "run"
    queryset = Run.objects.none()
    lookup_field = "id"
    serializer_class = RunSummarySerializer
    list_serializer = RunSerializer
    filterset_class = RunFilter

    def visible_to(self, actor: Actor) -> QuerySet[Run]:
        """Return the runs that the actor may see."""
        return runs_visible_to(actor)

    def document_of(self, row: Run) -> Any:
        """Return what the run came to."""
        return RunSummarySerializer(summary_of(row)).data


@extend_schema_view(
    list=extend_schema(responses=answers({200: StatementLineSerializer(many=True)}, 400, 404)),
    retrieve=extend_schema(responses=answers({200: ExplainedLineSerializer}, 404)),
)
class StatementLines(VisibleOnly[StatementLine]):
    """Statement lines of which the person's organisations are payee or beneficiary, or of programmes that they run."""

    kind = "statement line"
    queryset = StatementLine.objects.none()
    serializer_class = ExplainedLineSerializer
    list_serializer = StatementLineSerializer
    filterset_class = StatementLineFilter

    def visible_to(self, actor: Actor) -> QuerySet[StatementLine]:
        """Return the lines that the actor may see, each with its adjudications, latest first."""
        latest_first = Prefetch("adjudications", Adjudication.objects.order_by("-id"))
        return lines_visible_to(actor).prefetch_related(latest_first)

    def document_of(self, row: StatementLine) -> Any:
        """Say why the line was allowed what it was."""
        return ExplainedLineSerializer(explanation_of(row)).data


@extend_schema_view(list=extend_schema(responses=answers({200: PartSerializer(many=True)}, 400, 404)))
class Parts(VisibleOnly[Part]):
    """The rows behind a statement line: pieces of attempts, as the latest run saw them."""

    kind = "part"
    queryset = Part.objects.none()
    serializer_class = PartSerializer
    filterset_class = PartFilter

    def visible_to(self, actor: Actor) -> QuerySet[Part]:
        """Return the rows of a line that the actor may see. Refuses: NotFound for any other line."""
        line = line_visible_to(actor, self.kwargs["code"])
        latest = line.adjudications.order_by("-id").values("id")[:1]
        return Part.objects.filter(adjudication__in=latest).select_related("fact", "price")


@extend_schema_view(
    list=extend_schema(responses=answers({200: StatementSerializer(many=True)}, 400, 404)),
    retrieve=extend_schema(responses=answers({200: StatementSerializer}, 404)),
)
class Statements(VisibleOnly[Statement]):
    """Statements addressed to the person's centre, or of programmes that their organisations run."""

    kind = "statement"
    queryset = Statement.objects.none()
    serializer_class = StatementSerializer
    filterset_class = StatementFilter

    def visible_to(self, actor: Actor) -> QuerySet[Statement]:
        """Return the statements that the actor may see, each with its answer."""
        return statements_visible_to(actor).select_related("run__programme", "payee", "answer")


class StatementAnswer(Endpoint):
    """The payee's answer to a statement."""

    parser_classes = [JSONParser]

    @extend_schema(
        request=AnswerSerializer,
        parameters=[IDEMPOTENCY_KEY],
        responses=answers({200: StatementSerializer}, 400, 403, 404, 409, 415, 422),
    )
    def post(self, request: Request, code: str) -> Response:
        """Confirm or dispute a statement, once, as its payee; the answer is the statement with it."""
        form = AnswerSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        sent, actor = dict(form.validated_data), self.actor

        def answer() -> Told:
            settlement.answer(statement=code, actor=actor, **sent)
            return Told(status.HTTP_200_OK, statement_as_json(statement_visible_to(actor, code)))

        return act_once(request, actor=actor.login, inputs=sent, act=answer)
