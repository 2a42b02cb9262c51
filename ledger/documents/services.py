"""Keeping a document."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import BinaryIO

from django.conf import settings
from django.db import transaction

from ledger import clock
from ledger.documents.models import Chunk, Document
from ledger.errors import Refusal
from ledger.log import services as log

CHUNK_BYTES = 1024 * 1024


class DocumentTooLarge(Refusal):
    """The file has more bytes than this installation accepts."""

    code = "document_is_too_large"
    message = "{name} has more than {limit_bytes} bytes."
    remedy = "Split it, for example by day, or ask the operator to raise QUANBU_DOCUMENT_BYTES_MAX."
    http_status = 413


class DocumentEmpty(Refusal):
    """The file has no bytes."""

    code = "document_must_not_be_empty"
    message = "{name} is empty."
    remedy = "Send the file again; a centre without use declares a nil day instead."
    http_status = 422


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    while chunk := stream.read(CHUNK_BYTES):
        yield chunk


@transaction.atomic
def keep(*, stream: BinaryIO, name: str, media_type: str) -> Document:
    """Keep the bytes of `stream` from its present position and return their document.

    The log has a record of it. Memory: one chunk. Refuses: DocumentTooLarge, DocumentEmpty. Repeats: the same bytes
    are the same document; the first name and type stand. The stream must be seekable: it is read once for its digest
    and once to be kept.
    """
    start = stream.tell()
    digest, size_bytes = hashlib.sha256(), 0
    for chunk in _chunks(stream):
        digest.update(chunk)
        size_bytes += len(chunk)
        if size_bytes > settings.DOCUMENT_BYTES_MAX:
            raise DocumentTooLarge(name=name, limit_bytes=settings.DOCUMENT_BYTES_MAX)
    if size_bytes == 0:
        raise DocumentEmpty(name=name)
    sha256 = digest.hexdigest()
    # ON CONFLICT DO NOTHING waits for a rival's commit: whoever was first also wrote the chunks.
    Document.objects.bulk_create(
        [
            Document(
                sha256=sha256,
                size_bytes=size_bytes,
                media_type=media_type,
                # A name may hold anything its sender likes: what cannot be shown, or stored, is left out.
                name="".join(filter(str.isprintable, name))[:200],
                recorded_at_ms=clock.now_ms(),
            )
        ],
        ignore_conflicts=True,
    )
    document = Document.objects.get(sha256=sha256)
    if not document.chunks.exists():
        stream.seek(start)
        for ordinal, chunk in enumerate(_chunks(stream)):
            Chunk.objects.create(document=document, ordinal=ordinal, content=chunk)
        log.record(kind="document.kept", subject=sha256, digest=digest.digest())
    return document
