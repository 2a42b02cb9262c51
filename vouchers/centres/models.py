"""Centres, clusters, device classes, price lists and evidence sources."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Cast

from ledger import privileges
from vouchers.people.models import CODE, Organisation


def single_point(column: str) -> Func:
    """Express an id as a range of one point, so that an exclusion over it needs no extension outside the core."""
    return Func(
        Cast(column, models.BigIntegerField()),
        Cast(column, models.BigIntegerField()),
        Value("[]"),
        function="int8range",
    )


def span(starts: str, ends: str) -> Func:
    """Express two instant columns as a half-open range."""
    return Func(F(starts), F(ends), function="int8range")


class DeviceClass(models.Model):
    """A kind of device whose time is counted."""

    privileges = privileges.KEEP

    class Unit(models.TextChoices):
        """What one device of the class is."""

        GPU = "gpu", "accelerator"
        CORE = "core", "processor core"

    code = models.TextField(unique=True)
    name = models.TextField()
    unit = models.TextField(choices=Unit.choices)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(code__regex=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,30}$"), name="device_class_code_must_be_a_code"
            )
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def asset(self) -> str:
        """The asset in which the books count this class: one device for one millisecond."""
        return f"{'GPUms' if self.unit == self.Unit.GPU else 'COREms'}:{self.code}"


class Centre(models.Model):
    """A computing centre, run by one organisation."""

    privileges = privileges.KEEP

    code = models.TextField(unique=True)
    name = models.TextField()
    organisation = models.OneToOneField(Organisation, models.PROTECT, related_name="centre")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(code__regex=CODE), name="centre_code_must_be_a_code")]

    def __str__(self) -> str:
        return self.code


class Cluster(models.Model):
    """One scheduler of a centre. Days end at midnight of `time_zone`; exported times are read in `export_time_zone`."""

    privileges = privileges.KEEP

    centre = models.ForeignKey(Centre, models.PROTECT, related_name="clusters")
    code = models.TextField()
    time_zone = models.TextField()
    export_time_zone = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["centre", "code"], name="cluster_code_must_be_unique_in_its_centre"),
            models.CheckConstraint(condition=Q(code__regex=CODE), name="cluster_code_must_be_a_code"),
        ]

    def __str__(self) -> str:
        return f"{self.centre}/{self.code}"


class ClusterDevice(models.Model):
    """What a cluster's scheduler calls a device class: `gpu`, `a100`, `cpu`."""

    privileges = privileges.KEEP

    cluster = models.ForeignKey(Cluster, models.PROTECT, related_name="devices")
    scheduler_type = models.TextField()
    device_class = models.ForeignKey(DeviceClass, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cluster", "scheduler_type"], name="scheduler_type_must_be_one_class")
        ]

    def __str__(self) -> str:
        return f"{self.cluster}: {self.scheduler_type}"


class ClusterAccount(models.Model):
    """The account under which one beneficiary's jobs appear on a cluster."""

    privileges = privileges.KEEP

    cluster = models.ForeignKey(Cluster, models.PROTECT, related_name="accounts")
    name = models.TextField()
    holder = models.ForeignKey(Organisation, models.PROTECT, related_name="cluster_accounts")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cluster", "name"], name="cluster_account_must_have_one_holder")]

    def __str__(self) -> str:
        return f"{self.cluster}: {self.name}"


class EvidenceSource(models.Model):
    """Somebody who observes use at a centre, and the trust domain they speak from."""

    privileges = privileges.KEEP

    class TrustDomain(models.TextChoices):
        """Whose word a fact is. Two facts of one domain are one witness speaking twice."""

        CENTRE = "centre", "the centre"
        ENTERPRISE = "enterprise", "the enterprise"
        AGENCY = "agency", "the agency or its agent"
        THIRD_PARTY = "third_party", "a third party"

    centre = models.ForeignKey(Centre, models.PROTECT, related_name="evidence_sources")
    code = models.TextField()
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="evidence_sources")
    trust_domain = models.TextField(choices=TrustDomain.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["centre", "code"], name="evidence_source_must_be_unique_in_its_centre"),
            models.CheckConstraint(condition=Q(code__regex=CODE), name="evidence_source_code_must_be_a_code"),
        ]

    def __str__(self) -> str:
        return f"{self.centre}/{self.code}"


class Price(models.Model):
    """What an hour of one device of a class costs at a centre in [starts, ends), in the currency's smallest unit.

    Dated and never edited: a new price is a new row, and two rows of one centre and class never overlap.
    """

    privileges = privileges.APPEND

    centre = models.ForeignKey(Centre, models.PROTECT, related_name="prices")
    price_list = models.TextField()
    device_class = models.ForeignKey(DeviceClass, models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    minor_per_hour = models.BigIntegerField()
    starts_at_ms = models.BigIntegerField()
    ends_at_ms = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(minor_per_hour__gte=0), name="price_must_not_be_negative"),
            models.CheckConstraint(
                condition=Q(starts_at_ms__lt=F("ends_at_ms")), name="price_must_end_after_it_starts"
            ),
            ExclusionConstraint(
                name="prices_must_not_overlap",
                expressions=[
                    (single_point("centre_id"), RangeOperators.OVERLAPS),
                    (single_point("device_class_id"), RangeOperators.OVERLAPS),
                    (span("starts_at_ms", "ends_at_ms"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.centre} {self.price_list} {self.device_class}"
