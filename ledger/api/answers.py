"""What an endpoint may answer, for the published schema."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

PROBLEM_TYPE = "application/problem+json"
SENTENCES = {
    400: "The request has errors; `errors` names each.",
    401: "Nobody signed in, or with a wrong password.",
    403: "The person's roles do not include the act.",
    404: "There is no such thing, or the person may not know of it. The answer is the same for both.",
    409: "It contradicts what stands, or the key stands for other inputs.",
    413: "The request is larger than this installation takes.",
    415: "The body has another media type than the endpoint takes.",
    422: "The request is understood and cannot be honoured as it is.",
}

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    type={"type": "string", "pattern": "^[!-~]{1,200}$"},
    location=OpenApiParameter.HEADER,
    required=True,
    description="The sender's own name for this act. The same key with the same inputs gives the first answer again, "
    "with the header `Idempotent-Replayed: true`; with other inputs it is refused.",
)


class FieldErrorSerializer(serializers.Serializer[Any]):
    """What is wrong with one field of a request."""

    field = serializers.CharField(help_text="The field's name; empty for the request as a whole.")
    code = serializers.CharField()
    message = serializers.CharField()


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457 problem details."""

    type = serializers.CharField(help_text="`urn:quanbu:problem:` and the code.")
    title = serializers.CharField(help_text="What is wrong, in one sentence.")
    status = serializers.IntegerField()
    detail = serializers.CharField(required=False, help_text="What would satisfy the request.")
    code = serializers.CharField(help_text="Stable; docs/reference/errors.md lists them.")
    instance = serializers.CharField(help_text="Names this one answer.")
    errors = FieldErrorSerializer(  # type: ignore[assignment] # a member of the document, not DRF's own errors
        many=True, required=False, help_text="Present when fields are wrong."
    )


def answers(success: dict[int, Any], *problems: int) -> dict[Any, Any]:
    """Return the documented answers of an endpoint: its successes, 401, and the problems named."""
    return success | {
        (status, PROBLEM_TYPE): OpenApiResponse(ProblemSerializer, description=SENTENCES[status])
        for status in sorted({401, *problems})
    }
