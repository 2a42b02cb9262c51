"""Answered requests."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ledger import privileges


class Request(models.Model):
    """An act that was done under a key, and what its sender was told. Kept for ever, like the keys of the books.

    `answer` is the JSON text that was sent, so that a repetition gets the same members in the same order.
    """

    privileges = privileges.APPEND

    actor = models.TextField(help_text="The sender's login.")
    key = models.TextField()
    inputs_digest = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField()
    answer = models.TextField()
    recorded_at_ms = models.BigIntegerField()

    class Meta:
        db_table = "ledger_request"
        constraints = [
            models.UniqueConstraint(fields=["actor", "key"], name="request_key_must_be_used_once"),
            models.CheckConstraint(condition=Q(key__regex=r"^[!-~]{1,200}$"), name="request_key_must_be_visible"),
            models.CheckConstraint(
                condition=Q(status__gte=200, status__lt=300), name="request_must_have_been_answered"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.actor} {self.key}"
