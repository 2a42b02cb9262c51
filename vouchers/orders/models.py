"""Orders."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q

from ledger import privileges
from vouchers.centres.models import ClusterAccount, DeviceClass, single_point, span
from vouchers.issuance.models import Voucher
from vouchers.people.models import CODE


class Order(models.Model):
    """Use of one device class under one cluster account in [starts, ends), paid in part by one voucher.

    Of one account, class and instant there is at most one order, so that every millisecond of use has one payer.
    """

    privileges = privileges.APPEND

    code = models.TextField(unique=True)
    voucher = models.ForeignKey(Voucher, models.PROTECT, related_name="orders")
    cluster_account = models.ForeignKey(ClusterAccount, models.PROTECT, related_name="orders")
    device_class = models.ForeignKey(DeviceClass, models.PROTECT, related_name="+")
    held_minor = models.BigIntegerField(help_text="Public share held for it when it was placed.")
    starts_at_ms = models.BigIntegerField()
    ends_at_ms = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(code__regex=CODE), name="order_code_must_be_a_code"),
            models.CheckConstraint(condition=Q(held_minor__gt=0), name="order_must_hold_something"),
            models.CheckConstraint(
                condition=Q(starts_at_ms__lt=F("ends_at_ms")), name="order_must_end_after_it_starts"
            ),
            ExclusionConstraint(
                name="orders_of_one_account_must_not_overlap",
                expressions=[
                    (single_point("cluster_account_id"), RangeOperators.OVERLAPS),
                    (single_point("device_class_id"), RangeOperators.OVERLAPS),
                    (span("starts_at_ms", "ends_at_ms"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return self.code
