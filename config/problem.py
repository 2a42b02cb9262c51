"""Errors become answers here and nowhere else: RFC 9457 problem details for machines, a page for people.

Source: RFC 9457 (problem details); the media type is `application/problem+json`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.settings import api_settings
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
    """DRF's exception handler: every answer that is not a success is a problem document.

    An exception that nobody foresaw is a bug and stays one: it goes on, and is answered with 500.
    """
    if isinstance(error, Refusal):
        return Response(problem_of(error), status=error.http_status, content_type=MEDIA_TYPE)
    if isinstance(error, (SuspiciousOperation, RecursionError)):
        error = exceptions.ParseError("The request is not one that can be read.")
    response = exception_handler(error, context)
    if response is None:
        return None
    code, title, errors = _words_of(error)
    problem: dict[str, Any] = {
        "type": f"urn:quanbu:problem:{code}",
        "title": title,
        "status": response.status_code,
        "code": code,
        "instance": f"urn:quanbu:request:{ids.new('req')}",
    }
    response.data = problem | ({"errors": errors} if errors else {})
    response.content_type = MEDIA_TYPE
    return response


def _words_of(error: Exception) -> tuple[str, str, list[dict[str, str]]]:
    """Return an error's code, its sentence, and what is wrong with each field."""
    if isinstance(error, exceptions.ValidationError):
        return "request_is_invalid", "The request has errors.", list(_field_errors(error.get_full_details(), ""))
    if isinstance(error, exceptions.APIException):
        return str(error.get_codes()), str(error.detail), []
    if isinstance(error, Http404):
        return exceptions.NotFound.default_code, str(exceptions.NotFound.default_detail), []
    return exceptions.PermissionDenied.default_code, str(exceptions.PermissionDenied.default_detail), []


def _field_errors(details: Any, field: str) -> Iterator[dict[str, str]]:
    """Yield every error of a validation, flat, each with the name of its field (`a.b` for one inside another)."""
    if isinstance(details, list):
        for detail in details:
            yield from _field_errors(detail, field)
    elif set(details) == {"message", "code"}:
        yield {"field": field, "code": details["code"], "message": details["message"]}
    else:
        for name, detail in details.items():
            inner = "" if name == api_settings.NON_FIELD_ERRORS_KEY else str(name)
            yield from _field_errors(detail, ".".join(filter(None, (field, inner))))


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
        return render(
            request, "refusal.html", {"problem": problem_of(error), "refusal": error}, status=error.http_status
        )
