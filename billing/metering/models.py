"""Usage files, the facts taken from them, and the lines that went back."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from ledger import privileges
from ledger.documents.models import Document
from vouchers.centres.models import Cluster, DeviceClass, EvidenceSource


class UsageFile(models.Model):
    """One file received for one cluster: a claim of its centre (no source) or evidence from a source.

    The counts are those of its return slip and add up to its rows.
    """

    privileges = privileges.APPEND

    id = models.TextField(primary_key=True)
    cluster = models.ForeignKey(Cluster, models.PROTECT, related_name="usage_files")
    source = models.ForeignKey(EvidenceSource, models.PROTECT, related_name="usage_files", null=True)
    document = models.ForeignKey(Document, models.PROTECT, related_name="+")
    format = models.TextField()
    profile_digest = models.TextField(help_text="SHA-256 of the mapping profile it was read with, or empty.")
    rows = models.BigIntegerField()
    accepted = models.BigIntegerField()
    duplicate = models.BigIntegerField()
    revised = models.BigIntegerField()
    conflict = models.BigIntegerField()
    parked = models.BigIntegerField()
    rejected = models.BigIntegerField()
    metered = models.JSONField(help_text="Control totals of the attempts that the file reports.")
    submitted_by = models.TextField()
    recorded_at_ms = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    rows=F("accepted") + F("duplicate") + F("revised") + F("conflict") + F("parked") + F("rejected")
                ),
                name="usage_file_must_account_for_every_row",
            ),
            models.UniqueConstraint(
                fields=["cluster", "source", "document", "format", "profile_digest"],
                nulls_distinct=False,
                name="usage_file_must_be_received_once",
            ),
        ]

    def __str__(self) -> str:
        return self.id


class UsageFact(models.Model):
    """One attempt of one job as one party reported it; a correction is a row with the next version, never an edit.

    `key_digest` is the first 16 bytes of SHA-256 of the attempt's key inside its cluster. The interval is half-open;
    `elapsed_ms` is the allocated, not suspended time in it.
    """

    privileges = privileges.APPEND

    file = models.ForeignKey(UsageFile, models.PROTECT, related_name="facts")
    line = models.BigIntegerField()
    cluster = models.ForeignKey(Cluster, models.PROTECT, related_name="+", db_index=False)
    source = models.ForeignKey(EvidenceSource, models.PROTECT, related_name="+", null=True, db_index=False)
    attempt_key = models.TextField()
    key_digest = models.UUIDField()
    version = models.PositiveIntegerField()
    content_digest = models.BinaryField(max_length=32)
    account = models.TextField()
    state = models.TextField()
    submitted_at_ms = models.BigIntegerField(null=True)
    started_at_ms = models.BigIntegerField(null=True)
    ended_at_ms = models.BigIntegerField(null=True)
    elapsed_ms = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cluster", "source", "key_digest", "version"],
                nulls_distinct=False,
                name="usage_fact_version_must_be_recorded_once",
            ),
            models.CheckConstraint(
                condition=Q(started_at_ms__isnull=True, elapsed_ms=0) | Q(started_at_ms__lte=F("ended_at_ms")),
                name="usage_fact_must_end_after_it_starts",
            ),
            models.CheckConstraint(condition=Q(elapsed_ms__gte=0), name="usage_fact_elapsed_must_not_be_negative"),
        ]
        indexes = [models.Index(fields=["cluster", "account", "ended_at_ms"], name="usage_fact_by_account")]

    def __str__(self) -> str:
        return f"{self.attempt_key} v{self.version}"


class UsageQuantity(models.Model):
    """How much time of one device class an attempt took: devices in thousandths, and their time in milliseconds."""

    privileges = privileges.APPEND

    fact = models.ForeignKey(UsageFact, models.PROTECT, related_name="quantities")
    device_class = models.ForeignKey(DeviceClass, models.PROTECT, related_name="+", db_index=False)
    device_milli = models.BigIntegerField()
    quantity_ms = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["fact", "device_class"], name="usage_quantity_must_be_counted_once"),
            models.CheckConstraint(
                condition=Q(device_milli__gt=0, quantity_ms__gte=0), name="usage_quantity_must_not_be_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.fact_id}: {self.quantity_ms}"


class ReturnedLine(models.Model):
    """A line that was not taken in: rejected, parked or in conflict, with its code, its reason and its text."""

    privileges = privileges.APPEND

    file = models.ForeignKey(UsageFile, models.PROTECT, related_name="returned_lines")
    line = models.BigIntegerField()
    outcome = models.TextField(choices=[(name, name) for name in ("rejected", "parked", "conflict")])
    code = models.TextField()
    reason = models.TextField()
    raw = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["file", "line"], name="returned_line_must_be_listed_once")]

    def __str__(self) -> str:
        return f"{self.file_id}:{self.line} {self.code}"
