"""Refused acts, as they are kept."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ledger import privileges


class RefusedAct(models.Model):
    """A request to write that was refused: who asked for what, when, and why not. The id is the refusal's own.

    Its canonical content has the digest of its record in the log; see `ledger.refusals.rules`. That a row is small, its
    members are named and its digest is one, the migration adds: models cannot say it in a line.
    """

    privileges = privileges.APPEND

    id = models.TextField(primary_key=True)
    actor = models.TextField(help_text="Who asked: a login or an opaque code; empty for a stranger.")
    act = models.TextField(help_text="What was asked for: method and address, command, or templates posted.")
    about = models.JSONField(help_text="What it was about, by codes.")
    code = models.TextField(help_text="Why it was refused.")
    fields = models.JSONField(help_text="The refusal's own fields, cut to a bounded length.")
    inputs_digest = models.BinaryField(max_length=32, null=True)
    asked_at_ms = models.BigIntegerField()

    class Meta:
        db_table = "ledger_refusal"
        constraints = [
            models.CheckConstraint(condition=Q(id__regex=r"^req_[0-9A-Z]{26}$"), name="refusal_must_have_its_id"),
            models.CheckConstraint(
                condition=Q(act__regex=r"^.", code__regex=r"^[a-z0-9_]{1,100}$"),
                name="refusal_must_say_what_and_why",
            ),
        ]
        indexes = [
            models.Index(fields=["asked_at_ms"], name="refusal_by_time"),
            models.Index(fields=["actor", "asked_at_ms"], name="refusal_by_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.act}: {self.code}"
