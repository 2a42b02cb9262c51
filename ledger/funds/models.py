"""The share rules of funds. Read-only to the runtime role; `declare_shares` is the one way in."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ledger import privileges

#: What may stand as a key of an account.
KEY = r"^[A-Za-z0-9._:/-]{1,40}$"


class PaymentsFollow(models.TextChoices):
    """When the levels' authority must have been used in their shares."""

    AT_ONCE = "at_once", "with every payment"
    AFTER_CLEARING = "after_clearing", "after every clearing between the levels"


class Fund(models.Model):
    """A fund whose shares were declared: its code is the first key of its accounts."""

    privileges = privileges.READ

    code = models.TextField(primary_key=True)
    payments_follow = models.TextField(choices=PaymentsFollow.choices)
    declared_at_ms = models.BigIntegerField()

    class Meta:
        db_table = "ledger_fund"
        constraints = [
            models.CheckConstraint(condition=Q(code__regex=KEY), name="fund_must_have_a_code"),
            models.CheckConstraint(
                condition=Q(payments_follow__in=PaymentsFollow.values), name="fund_payments_must_follow_a_known_rule"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class FundShare(models.Model):
    """A level of a fund: its place, which decides between equal remainders, and its weight."""

    privileges = privileges.READ

    fund = models.ForeignKey(Fund, models.PROTECT, related_name="shares")
    level = models.TextField()
    place = models.PositiveIntegerField(help_text="The place at which the level was named, from 1.")
    weight = models.BigIntegerField()

    class Meta:
        db_table = "ledger_fund_share"
        constraints = [
            models.UniqueConstraint(fields=["fund", "level"], name="share_level_must_be_named_once"),
            models.UniqueConstraint(fields=["fund", "place"], name="share_must_have_one_place"),
            models.CheckConstraint(condition=Q(level__regex=KEY), name="share_level_must_have_a_code"),
            models.CheckConstraint(
                condition=Q(weight__gte=1, weight__lte=999_999), name="share_weight_must_be_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.fund_id}/{self.level}: {self.weight}"
