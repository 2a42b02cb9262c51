"""Programmes and their versions."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from ledger import privileges
from vouchers.people.models import CODE, Organisation


class Programme(models.Model):
    """A voucher scheme. Its code is also the code of its fund."""

    privileges = privileges.KEEP

    code = models.TextField(unique=True)
    name = models.TextField()
    department = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    finance = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    operator = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    starts_at_ms = models.BigIntegerField()
    ends_at_ms = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(code__regex=CODE), name="programme_code_must_be_a_code"),
            models.CheckConstraint(
                condition=Q(starts_at_ms__lt=F("ends_at_ms")), name="programme_must_end_after_it_starts"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class ProgrammeVersion(models.Model):
    """A programme's parameters as they stood from a version on. `vouchers.programmes.rules.Policy` types them."""

    privileges = privileges.APPEND

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    parameters = models.JSONField()
    digest = models.BinaryField(max_length=32)
    recorded_at_ms = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["programme", "version"], name="programme_version_must_be_written_once")
        ]

    def __str__(self) -> str:
        return f"{self.programme} v{self.version}"
