"""Handing out stored documents: always a download, never shown by the browser, whatever their name or content."""

from __future__ import annotations

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

from ledger.documents.models import Document
from ledger.documents.selectors import content_of


def attachment(document: Document) -> StreamingHttpResponse:
    """Return a document's bytes as an attachment of no particular type."""
    disposition = content_disposition_header(as_attachment=True, filename=document.name)
    headers = {
        "Content-Disposition": disposition or "attachment",
        "Content-Length": str(document.size_bytes),
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingHttpResponse(content_of(document), content_type="application/octet-stream", headers=headers)
