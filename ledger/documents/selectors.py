"""Reading a document back."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.documents.models import Document


def content_of(document: Document) -> Iterator[bytes]:
    """Yield the document's bytes, chunk by chunk, as they were sent."""
    chunks = document.chunks.order_by("ordinal").values_list("content", flat=True)
    for content in chunks.iterator(chunk_size=4):
        yield bytes(content)
