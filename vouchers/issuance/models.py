"""Vouchers."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from ledger import privileges
from vouchers.people.models import CODE, Organisation
from vouchers.programmes.models import Programme


class Voucher(models.Model):
    """A right to public money under a programme, for one holder, in [valid_from, valid_until)."""

    privileges = privileges.APPEND

    code = models.TextField(unique=True)
    programme = models.ForeignKey(Programme, models.PROTECT, related_name="vouchers")
    holder = models.ForeignKey(Organisation, models.PROTECT, related_name="vouchers")
    award = models.TextField(help_text="The number of the award decision.")
    face_minor = models.BigIntegerField()
    valid_from_ms = models.BigIntegerField()
    valid_until_ms = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(code__regex=CODE), name="voucher_code_must_be_a_code"),
            models.CheckConstraint(condition=Q(face_minor__gt=0), name="voucher_face_must_be_positive"),
            models.CheckConstraint(
                condition=Q(valid_from_ms__lt=F("valid_until_ms")), name="voucher_must_end_after_it_starts"
            ),
        ]

    def __str__(self) -> str:
        return self.code
