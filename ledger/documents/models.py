"""Documents by digest, and their chunks."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ledger import privileges


class Document(models.Model):
    """A file's digest, size and type. `name` is what its first sender called it: shown, never trusted."""

    privileges = privileges.APPEND

    sha256 = models.CharField(primary_key=True, max_length=64)
    size_bytes = models.BigIntegerField()
    media_type = models.TextField()
    name = models.TextField()
    recorded_at_ms = models.BigIntegerField()

    class Meta:
        db_table = "ledger_document"
        constraints = [
            models.CheckConstraint(condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="document_digest_must_be_sha256"),
            models.CheckConstraint(condition=Q(size_bytes__gt=0), name="document_must_not_be_empty"),
            models.CheckConstraint(
                condition=Q(media_type__in=["text/csv", "text/plain", "application/json", "application/yaml"]),
                name="document_type_must_be_accepted",
            ),
        ]

    def __str__(self) -> str:
        return self.sha256


class Chunk(models.Model):
    """A piece of a document's bytes, 1 MiB or less, numbered from 0."""

    privileges = privileges.APPEND

    document = models.ForeignKey(Document, models.PROTECT, related_name="chunks")
    ordinal = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        db_table = "ledger_document_chunk"
        constraints = [models.UniqueConstraint(fields=["document", "ordinal"], name="chunk_must_have_one_place")]

    def __str__(self) -> str:
        return f"{self.document_id}#{self.ordinal}"
