"""Runs, and what they found: links, findings, parts, lines and their adjudications. All append-only."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from billing.metering.models import UsageFact
from ledger import privileges
from vouchers.centres.models import Centre, DeviceClass, Price
from vouchers.orders.models import Order
from vouchers.people.models import Organisation
from vouchers.programmes.models import Programme, ProgrammeVersion


class Run(models.Model):
    """One execution of the engine for a programme's period. Nothing of it is ever edited; a new look is a new run."""

    privileges = privileges.APPEND

    id = models.TextField(primary_key=True)
    programme = models.ForeignKey(Programme, models.PROTECT, related_name="runs")
    version = models.ForeignKey(ProgrammeVersion, models.PROTECT, related_name="+")
    period = models.TextField()
    kind = models.TextField()
    number = models.PositiveIntegerField(help_text="1 for the first run of its period and kind; the highest stands.")
    cut_off = models.BigIntegerField(help_text="The last position of the log whose facts it saw.")
    manifest = models.JSONField()
    manifest_digest = models.CharField(max_length=64)
    proposer = models.TextField()
    recorded_at_ms = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "period", "kind", "manifest_digest"], name="run_must_be_recorded_once"
            ),
            models.UniqueConstraint(fields=["programme", "period", "kind", "number"], name="run_must_have_its_number"),
        ]

    def __str__(self) -> str:
        return self.id


class StatementLine(models.Model):
    """Programme × payee × beneficiary × order × period: the grain of the books."""

    privileges = privileges.APPEND

    code = models.TextField(unique=True)
    programme = models.ForeignKey(Programme, models.PROTECT, related_name="lines")
    period = models.TextField()
    order = models.ForeignKey(Order, models.PROTECT, related_name="lines")
    payee = models.ForeignKey(Centre, models.PROTECT, related_name="lines")
    beneficiary = models.ForeignKey(Organisation, models.PROTECT, related_name="lines")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "period"], name="line_must_be_one_order_and_period")]

    def __str__(self) -> str:
        return self.code


class Adjudication(models.Model):
    """What one run allows of one line: milliseconds of the order's device class, amounts in minor units."""

    privileges = privileges.APPEND

    run = models.ForeignKey(Run, models.PROTECT, related_name="adjudications")
    line = models.ForeignKey(StatementLine, models.PROTECT, related_name="adjudications")
    claimed_ms = models.BigIntegerField()
    allowed_ms = models.BigIntegerField()
    claimed_minor = models.BigIntegerField()
    allowed_minor = models.BigIntegerField()
    subsidy_minor = models.BigIntegerField()
    enterprise_minor = models.BigIntegerField()
    explanation = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "line"], name="line_must_be_adjudicated_once_in_a_run"),
            models.CheckConstraint(
                condition=Q(allowed_minor=F("subsidy_minor") + F("enterprise_minor")),
                name="allowed_must_be_subsidy_and_enterprise_share",
            ),
            models.CheckConstraint(
                condition=Q(
                    claimed_ms__gte=F("allowed_ms"), claimed_minor__gte=F("allowed_minor"), subsidy_minor__gte=0
                ),
                name="allowed_must_not_exceed_claimed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.line_id}"


class Adjustment(models.Model):
    """What a run cut from a line, by code and bearer: the difference between claimed and allowed, or within allowed."""

    privileges = privileges.APPEND

    class Bearer(models.TextChoices):
        """Who bears a cut."""

        CENTRE = "centre", "the centre"
        ENTERPRISE = "enterprise", "the enterprise"
        HELD = "held", "nobody yet: held until decided"

    adjudication = models.ForeignKey(Adjudication, models.PROTECT, related_name="adjustments")
    code = models.TextField()
    bearer = models.TextField(choices=Bearer.choices)
    quantity_ms = models.BigIntegerField()
    amount_minor = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["adjudication", "code"], name="adjustment_must_be_listed_once"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.amount_minor}"


class Part(models.Model):
    """A piece of one attempt under one line and one price: the rows behind a line's figures."""

    privileges = privileges.APPEND

    adjudication = models.ForeignKey(Adjudication, models.PROTECT, related_name="parts")
    fact = models.ForeignKey(UsageFact, models.PROTECT, related_name="parts")
    price = models.ForeignKey(Price, models.PROTECT, related_name="+", db_index=False)
    claimed_ms = models.BigIntegerField()
    allowed_ms = models.BigIntegerField()
    code = models.TextField(help_text="Why the rest is not allowed; empty when everything is.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["adjudication", "fact", "price"], name="part_must_be_counted_once"),
            models.CheckConstraint(
                condition=Q(allowed_ms__gte=0, allowed_ms__lte=F("claimed_ms")), name="part_must_not_exceed_its_claim"
            ),
            models.CheckConstraint(
                condition=Q(code="", allowed_ms=F("claimed_ms")) | ~Q(code=""), name="part_cut_must_have_a_code"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.fact_id}: {self.allowed_ms}/{self.claimed_ms}"


class Link(models.Model):
    """A claim and a piece of evidence that met, and on which rung."""

    privileges = privileges.APPEND

    run = models.ForeignKey(Run, models.PROTECT, related_name="links")
    rung = models.TextField()
    claim = models.ForeignKey(UsageFact, models.PROTECT, related_name="+")
    evidence = models.ForeignKey(UsageFact, models.PROTECT, related_name="+", db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "claim", "evidence"], name="link_must_be_found_once")]

    def __str__(self) -> str:
        return f"{self.rung}: {self.claim_id}–{self.evidence_id}"


class Finding(models.Model):
    """What a run found about one attempt and device class, with the code of `billing.codes`."""

    privileges = privileges.APPEND

    run = models.ForeignKey(Run, models.PROTECT, related_name="findings")
    code = models.TextField()
    fact = models.ForeignKey(UsageFact, models.PROTECT, related_name="findings")
    device_class = models.ForeignKey(DeviceClass, models.PROTECT, related_name="+", db_index=False)
    quantity_ms = models.BigIntegerField(help_text="The device time it is about.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "code", "fact", "device_class"], name="finding_must_be_made_once")
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.fact_id}"
