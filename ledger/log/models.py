"""Records waiting to be sealed, and the sealed positions."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ledger import privileges


class Record(models.Model):
    """The digest of something that happened; written once, in the transaction of the act."""

    privileges = privileges.APPEND

    kind = models.TextField(help_text="What happened, past tense: usage_file.received, run.finished.")
    subject = models.TextField(help_text="The id of what it happened to.")
    digest = models.BinaryField(max_length=32)
    recorded_at_ms = models.BigIntegerField()

    class Meta:
        db_table = "ledger_log_record"
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject"], name="record_must_be_written_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class Leaf(models.Model):
    """A record's position in the log."""

    privileges = privileges.READ

    position = models.BigIntegerField(primary_key=True)
    record = models.OneToOneField(Record, models.PROTECT, related_name="leaf")

    class Meta:
        db_table = "ledger_log_leaf"
        constraints = [
            models.CheckConstraint(condition=Q(position__gt=0), name="leaf_position_must_be_positive"),
        ]

    def __str__(self) -> str:
        return str(self.position)
