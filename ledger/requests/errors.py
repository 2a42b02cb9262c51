"""What a request is refused for before any act is tried."""

from __future__ import annotations

from ledger.errors import Refusal


class IdempotencyKeyMissing(Refusal):
    """The request would write, and nobody could tell it from its own repetition."""

    code = "idempotency_key_is_missing"
    message = "The request has no Idempotency-Key header of 1 to 200 visible ASCII characters."
    remedy = "Give every act a key of its own, such as a UUID, and send the same key when you try the same act again."
    http_status = 400


class RequestTooLarge(Refusal):
    """The request has more bytes than this installation takes over HTTP."""

    code = "request_is_too_large"
    message = "The request has {size_bytes} bytes; at most {limit_bytes} are taken."
    remedy = (
        "Split the file, for example by day, submit it with `manage.py submit_usage`, or ask the operator to raise "
        "QUANBU_API_UPLOAD_BYTES_MAX."
    )
    http_status = 413
