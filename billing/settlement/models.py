"""Approvals, statements and their answers. All append-only."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from billing.reconciliation.models import Adjudication, Run
from ledger import privileges
from ledger.documents.models import Document
from vouchers.centres.models import Centre


class Approval(models.Model):
    """A department's approval of one adjudicated line; `entry` is null when nothing moved in the books."""

    privileges = privileges.APPEND

    adjudication = models.OneToOneField(Adjudication, models.PROTECT, related_name="approval")
    proposer = models.TextField()
    approver = models.TextField()
    approved_at_ms = models.BigIntegerField()
    entry = models.OneToOneField("ledger.Entry", models.PROTECT, related_name="+", null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(approver=F("proposer")), name="approval_approver_must_not_be_proposer")
        ]

    def __str__(self) -> str:
        return f"{self.adjudication_id} by {self.approver}"


class Statement(models.Model):
    """What one payee is told of one run. The document is the statement itself, in canonical JSON."""

    privileges = privileges.APPEND

    code = models.TextField(unique=True)
    run = models.ForeignKey(Run, models.PROTECT, related_name="statements")
    payee = models.ForeignKey(Centre, models.PROTECT, related_name="statements")
    document = models.ForeignKey(Document, models.PROTECT, related_name="+")
    claimed_minor = models.BigIntegerField()
    allowed_minor = models.BigIntegerField()
    subsidy_minor = models.BigIntegerField()
    enterprise_minor = models.BigIntegerField()
    held_minor = models.BigIntegerField()
    centre_minor = models.BigIntegerField()
    issued_by = models.TextField()
    issued_at_ms = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "payee"], name="statement_must_be_issued_once"),
            models.CheckConstraint(
                condition=Q(claimed_minor=F("allowed_minor") + F("held_minor") + F("centre_minor")),
                name="statement_must_account_for_every_claim",
            ),
            models.CheckConstraint(
                condition=Q(allowed_minor=F("subsidy_minor") + F("enterprise_minor")),
                name="statement_allowed_must_be_shared",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Answer(models.Model):
    """The payee's answer to a statement, given once."""

    privileges = privileges.APPEND

    class Kind(models.TextChoices):
        """What the payee says."""

        CONFIRMED = "confirmed", "confirmed"
        DISPUTED = "disputed", "disputed"

    statement = models.OneToOneField(Statement, models.PROTECT, related_name="answer")
    kind = models.TextField(choices=Kind.choices)
    reason = models.TextField(blank=True)
    answered_by = models.TextField()
    answered_at_ms = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="confirmed") | (Q(kind="disputed") & ~Q(reason="")), name="dispute_must_have_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.statement_id} {self.kind}"
