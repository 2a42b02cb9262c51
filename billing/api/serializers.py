"""The proof and the payment in JSON. Each document has the members that the command line prints."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from billing.metering.formats import FORMATS
from billing.metering.models import UsageFile
from billing.reconciliation.models import Adjudication, Adjustment, Part, Run, StatementLine
from billing.settlement.models import Answer, Statement
from ledger.api.fields import InstantField

MINOR = ("claimed_minor", "allowed_minor", "subsidy_minor", "enterprise_minor")


class UsageFileSerializer(serializers.ModelSerializer[UsageFile]):
    """A usage file that was received, and what became of its rows. `source` is null for a centre's own claim."""

    centre = serializers.CharField(source="cluster.centre.code")
    cluster = serializers.CharField(source="cluster.code")
    source = serializers.CharField(  # type: ignore[assignment] # a member of the document, not DRF's own source
        source="source.code", default=None, allow_null=True
    )
    file = serializers.CharField(source="document.name")
    digest = serializers.CharField(source="document_id")
    counts = serializers.SerializerMethodField()
    recorded_at = InstantField(source="recorded_at_ms")

    class Meta:
        model = UsageFile
        fields = [
            "id",
            "centre",
            "cluster",
            "source",
            "format",
            "file",
            "digest",
            "rows",
            "counts",
            "submitted_by",
            "recorded_at",
        ]

    def get_counts(self, file: UsageFile) -> dict[str, int]:
        """Return how many rows had each outcome."""
        return {
            "accepted": file.accepted,
            "duplicate": file.duplicate,
            "revised": file.revised,
            "conflict": file.conflict,
            "parked": file.parked,
            "rejected": file.rejected,
        }


class SubmissionSerializer(serializers.Serializer[Any]):
    """A usage file on its way in, or with `source` an evidence file."""

    file = serializers.FileField(allow_empty_file=True)
    centre = serializers.CharField()
    cluster = serializers.CharField()
    source = serializers.CharField(  # type: ignore[assignment] # a member of the request, not DRF's own source
        required=False, help_text="The evidence source that speaks; left out for a claim."
    )
    format = serializers.CharField(
        required=False, help_text=f"One of {', '.join(sorted(FORMATS))}; may be left out when a profile names it."
    )
    profile = serializers.FileField(
        required=False, allow_empty_file=True, help_text="A mapping profile in YAML; docs/reference/usage-files.md."
    )
    dry_run = serializers.BooleanField(
        default=False, help_text="Say what would happen and write nothing; needs no Idempotency-Key."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ask for the format where no profile can name it."""
        if "format" not in attrs and "profile" not in attrs:
            raise serializers.ValidationError({"format": "Name the format, or send a profile."}, code="required")
        return attrs


class FiguresSerializer(serializers.Serializer[Any]):
    """Device time in milliseconds."""

    gpu_ms = serializers.IntegerField()
    core_ms = serializers.IntegerField()
    wall_ms = serializers.IntegerField()


class MeteredSerializer(FiguresSerializer):
    """What the attempts of a file add up to; days are those of the cluster's time zone."""

    by_class = serializers.DictField(child=FiguresSerializer())
    by_state = serializers.DictField(child=FiguresSerializer())
    by_account = serializers.DictField(child=FiguresSerializer())
    by_day = serializers.DictField(child=FiguresSerializer())


class ReceiptSerializer(serializers.Serializer[Any]):
    """The stored file's id, and when it was received."""

    id = serializers.CharField()
    recorded_at = serializers.DateTimeField()


class ReturnedLineSerializer(serializers.Serializer[Any]):
    """A row that was not taken in, with its code and reason."""

    line = serializers.IntegerField()
    outcome = serializers.CharField()
    code = serializers.CharField()
    reason = serializers.CharField()
    raw = serializers.CharField()


class SlipSerializer(serializers.Serializer[Any]):
    """The return slip: what became of every row. `receipt` is null for a dry run."""

    file = serializers.CharField()
    rows = serializers.IntegerField()
    accepted = serializers.IntegerField()
    duplicate = serializers.IntegerField()
    revised = serializers.IntegerField()
    conflict = serializers.IntegerField()
    parked = serializers.IntegerField()
    rejected = serializers.DictField(child=serializers.IntegerField(), help_text="Rows by code.")
    parked_by_code = serializers.DictField(child=serializers.IntegerField())
    digest = serializers.CharField(help_text="SHA-256 of the bytes.")
    receipt = ReceiptSerializer(allow_null=True)
    metered = MeteredSerializer()
    returned = ReturnedLineSerializer(many=True, help_text="The first thousand rows that went back.")


class RunSerializer(serializers.ModelSerializer[Run]):
    """A run: which facts it saw, and the digest of everything it found."""

    programme = serializers.CharField(source="programme.code")
    recorded_at = InstantField(source="recorded_at_ms")

    class Meta:
        model = Run
        fields = ["id", "programme", "period", "kind", "cut_off", "manifest_digest", "proposer", "recorded_at"]


class CutSerializer(serializers.ModelSerializer[Adjustment]):
    """What is not paid from public money for one reason, and who bears it."""

    class Meta:
        model = Adjustment
        fields = ["code", "bearer", "quantity_ms", "amount_minor"]


class SummedCutSerializer(CutSerializer):
    """Cuts of one code over the lines of a run."""

    lines = serializers.IntegerField()

    class Meta(CutSerializer.Meta):
        fields = ["code", "bearer", "lines", "quantity_ms", "amount_minor"]


class FoundSerializer(serializers.Serializer[Any]):
    """How often something was found, and the device time it is about."""

    count = serializers.IntegerField()
    quantity_ms = serializers.IntegerField()


class ScopeSerializer(serializers.Serializer[Any]):
    """Which claims of the clusters the run was about."""

    claims = serializers.IntegerField()
    on_lines = serializers.IntegerField()
    of_other_accounts = serializers.IntegerField()


class RunSummarySerializer(serializers.Serializer[Any]):
    """What a run came to."""

    run = serializers.CharField()
    programme = serializers.CharField()
    period = serializers.CharField()
    kind = serializers.CharField()
    cut_off = serializers.IntegerField()
    manifest_digest = serializers.CharField()
    lines = serializers.IntegerField()
    claimed_ms = serializers.IntegerField()
    allowed_ms = serializers.IntegerField()
    claimed_minor = serializers.IntegerField()
    allowed_minor = serializers.IntegerField()
    subsidy_minor = serializers.IntegerField()
    enterprise_minor = serializers.IntegerField()
    adjusted = SummedCutSerializer(many=True)
    findings = serializers.DictField(child=FoundSerializer(), help_text="By code; docs/reference/findings.md.")
    scope = ScopeSerializer()


class AdjudicationSerializer(serializers.ModelSerializer[Adjudication]):
    """What the latest run allows of a line."""

    run = serializers.CharField(source="run_id")

    class Meta:
        model = Adjudication
        fields = ["run", "claimed_ms", "allowed_ms", *MINOR]


class StatementLineSerializer(serializers.ModelSerializer[StatementLine]):
    """A statement line with the figures of the latest run. `adjudications` are prefetched, latest first."""

    line = serializers.CharField(source="code")
    programme = serializers.CharField(source="programme.code")
    order = serializers.CharField(source="order.code")
    voucher = serializers.CharField(source="order.voucher.code")
    payee = serializers.CharField(source="payee.code")
    beneficiary = serializers.CharField(source="beneficiary.code")
    device_class = serializers.CharField(source="order.device_class.code")
    latest = serializers.SerializerMethodField()

    class Meta:
        model = StatementLine
        fields = [
            "line",
            "programme",
            "period",
            "order",
            "voucher",
            "payee",
            "beneficiary",
            "device_class",
            "latest",
        ]

    @extend_schema_field(AdjudicationSerializer)
    def get_latest(self, line: StatementLine) -> Any:
        """Return the figures of the latest run; a line is made by its first."""
        return AdjudicationSerializer(line.adjudications.all()[0]).data


class RunNamedSerializer(serializers.Serializer[Any]):
    """Which run it was."""

    id = serializers.CharField()
    kind = serializers.CharField()
    digest = serializers.CharField()


class PriceRowSerializer(serializers.Serializer[Any]):
    """Allowed device time under one price."""

    price_list = serializers.CharField()
    device_class = serializers.CharField()
    minor_per_hour = serializers.IntegerField()
    allowed_ms = serializers.IntegerField()
    allowed_minor = serializers.IntegerField()


class CapSerializer(serializers.Serializer[Any]):
    """A ceiling that was tested, and whether it bound."""

    cap = serializers.CharField()
    limit_minor = serializers.IntegerField()
    binds = serializers.BooleanField()


class ExplanationSerializer(serializers.Serializer[Any]):
    """How a line's amount came about."""

    base = PriceRowSerializer(many=True)
    rate_bps = serializers.IntegerField()
    subsidy_before_caps_minor = serializers.IntegerField()
    caps = CapSerializer(many=True)
    rounding = serializers.CharField()


class PartSerializer(serializers.ModelSerializer[Part]):
    """A row behind a line: a piece of one attempt under one price. `code` says why the rest is not allowed."""

    attempt = serializers.CharField(source="fact.attempt_key")
    version = serializers.IntegerField(source="fact.version")
    file = serializers.CharField(source="fact.file_id")
    line = serializers.IntegerField(source="fact.line")
    state = serializers.CharField(source="fact.state")
    started_at = InstantField(source="fact.started_at_ms", allow_null=True)
    price_list = serializers.CharField(source="price.price_list")
    minor_per_hour = serializers.IntegerField(source="price.minor_per_hour")

    class Meta:
        model = Part
        fields = [
            "attempt",
            "version",
            "file",
            "line",
            "state",
            "started_at",
            "price_list",
            "minor_per_hour",
            "claimed_ms",
            "allowed_ms",
            "code",
        ]


class ExplainedLineSerializer(serializers.Serializer[Any]):
    """Why a line was allowed what it was; `…/parts` lists the rows behind it."""

    line = serializers.CharField()
    programme = serializers.CharField()
    period = serializers.CharField()
    order = serializers.CharField()
    voucher = serializers.CharField()
    payee = serializers.CharField()
    beneficiary = serializers.CharField()
    device_class = serializers.CharField()
    claimed_ms = serializers.IntegerField()
    allowed_ms = serializers.IntegerField()
    claimed_minor = serializers.IntegerField()
    allowed_minor = serializers.IntegerField()
    subsidy_minor = serializers.IntegerField()
    enterprise_minor = serializers.IntegerField()
    adjustments = CutSerializer(many=True)
    run = RunNamedSerializer()
    approved = serializers.BooleanField()
    explanation = ExplanationSerializer()
    parts_count = serializers.IntegerField()


class GivenAnswerSerializer(serializers.ModelSerializer[Answer]):
    """The payee's answer to a statement."""

    by = serializers.CharField(source="answered_by")

    class Meta:
        model = Answer
        fields = ["kind", "reason", "by"]


class AnswerSerializer(serializers.Serializer[Any]):
    """What a payee says to a statement. A dispute needs a reason that names lines."""

    kind = serializers.ChoiceField(Answer.Kind.choices)
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=10_000)


class StatementSerializer(serializers.ModelSerializer[Statement]):
    """A statement to one payee of one run, with its answer; `answer` is null while the payee has not answered."""

    statement = serializers.CharField(source="code")
    programme = serializers.CharField(source="run.programme.code")
    period = serializers.CharField(source="run.period")
    run = serializers.CharField(source="run.kind")
    payee = serializers.CharField(source="payee.code")
    document_sha256 = serializers.CharField(source="document_id")
    issued_at = InstantField(source="issued_at_ms")
    answer = serializers.SerializerMethodField()

    class Meta:
        model = Statement
        fields = [
            "statement",
            "programme",
            "period",
            "run",
            "payee",
            *MINOR,
            "held_minor",
            "centre_minor",
            "document_sha256",
            "issued_at",
            "answer",
        ]

    @extend_schema_field(GivenAnswerSerializer(allow_null=True))
    def get_answer(self, statement: Statement) -> Any:
        """Return the answer that stands."""
        given = getattr(statement, "answer", None)
        return GivenAnswerSerializer(given).data if given else None
