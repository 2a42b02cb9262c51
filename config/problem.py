"""Errors become answers here and nowhere else: RFC 9457 problem details for machines, a page for people.

Source: RFC 9457 (problem details); the media type is `application/problem+json`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from ledger import ids
from ledger.errors import Refusal

MEDIA_TYPE = "application/problem+json"


def problem_of(refusal: Refusal) -> dict[str, Any]:
    """Return the problem details of a refusal."""
    return {
        "type": f"urn:quanbu:problem:{refusal.code}",
        "title": refusal.sentence,
        "status": refusal.http_status,
        "detail": refusal.advice,
        "code": refusal.code,
        "instance": f"urn:quanbu:request:{ids.new('req')}",
    }


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: every answer that is not a success is a problem document."""
    if isinstance(error, Refusal):
        return Response(problem_of(error), status=error.http_status, content_type=MEDIA_TYPE)
    response = exception_handler(error, context)
    if response is None:
        return None
    code = "request_is_invalid"
    if isinstance(error, exceptions.APIException):
        code = error.get_codes() if isinstance(error.get_codes(), str) else code  # type: ignore[assignment]
    response.data = {
        "type": f"urn:quanbu:problem:{code}",
        "title": _title(error),
        "status": response.status_code,
        "code": code,
        "errors": response.data,
        "instance": f"urn:quanbu:request:{ids.new('req')}",
    }
    response.content_type = MEDIA_TYPE
    return response


def _title(error: Exception) -> str:
    if isinstance(error, exceptions.ValidationError):
        return "The request has errors."
    return str(getattr(error, "detail", error))


class RefusalMiddleware:
    """Shows a person what was refused and what would satisfy it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Turn a refusal into a page; anything else is a bug and goes on."""
        if not isinstance(error, Refusal):
            return None
        return render(request, "refusal.html", {"problem": problem_of(error)}, status=error.http_status)
