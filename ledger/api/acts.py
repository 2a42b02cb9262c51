"""Acts over HTTP: one service call under the sender's key, then the log is sealed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, cast

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from rest_framework.request import Request
from rest_framework.response import Response

from ledger.errors import Refusal
from ledger.log import services as log
from ledger.refusals.rules import digest_of as digest_of_inputs
from ledger.requests.errors import RequestTooLarge
from ledger.requests.services import Told, once


def act_once(request: Request, *, actor: str, inputs: Mapping[str, Any], act: Callable[[], Told]) -> Response:
    """Do the act under the request's Idempotency-Key, seal the log once it has committed, and answer.

    Refuses: IdempotencyKeyMissing, IdempotencyConflict; what the act refuses. Repeats: see `once`.
    """
    whole = {"method": request.method, "path": request.path, "inputs": dict(inputs)}
    try:
        told = once(actor=actor, key=request.headers.get("Idempotency-Key", ""), inputs=whole, act=act)
    except Refusal as refusal:
        refusal.inputs_digest = digest_of_inputs(whole)
        raise
    # A record is sealed after its act has committed. A repetition seals too, should the first have died in between.
    log.seal()
    response = Response(told.document, status=told.status)
    if told.replayed:
        response["Idempotent-Replayed"] = "true"
    return response


def check_size(request: Request) -> None:
    """Refuse a request that says it is too large, before a byte of it is read. Refuses: RequestTooLarge.

    A body without a stated length is never read: the server takes it as empty.
    """
    stated = request.META.get("CONTENT_LENGTH") or "0"
    size_bytes = int(stated) if stated.isdecimal() else 0
    if size_bytes > settings.API_UPLOAD_BYTES_MAX:
        raise RequestTooLarge(size_bytes=size_bytes, limit_bytes=settings.API_UPLOAD_BYTES_MAX)


def digest_of(upload: UploadedFile[Any]) -> str:
    """Return the SHA-256 of an uploaded file in hexadecimal, and leave the file at its beginning."""
    digest = hashlib.file_digest(cast("Any", upload.file), "sha256").hexdigest()
    upload.seek(0)
    return digest
