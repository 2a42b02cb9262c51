"""Errors become answers here and nowhere else: RFC 9457 problem details for machines, a page for people.

What a request to write is refused for is kept as evidence on the way (`ledger.refusals`): here the act's transaction
is over, whatever became of it.

Source: RFC 9457 (problem details); the media type is `application/problem+json`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import exception_handler

from ledger import ids
from ledger.errors import Refusal
from ledger.refusals.rules import Asked, digest_of
from ledger.refusals.services import keep

MEDIA_TYPE = "application/problem+json"
#: Methods that ask for nothing to be done (RFC 9110, 9.2.1): what they are refused for is no evidence.
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
PLACE = re.compile(r"<(?:\w+:)?(\w+)>")


class RequestForbidden(Refusal):
    """A person who signed in asked for something that nobody may do there. The answer is the protocol's own."""

    code = "permission_denied"
    message = "The request is not permitted."
    remedy = "Use the pages and addresses that are offered to you."
    http_status = 403


def problem_of(refusal: Refusal) -> dict[str, Any]:
    """Return the problem details of a refusal."""
    return {
        "type": f"urn:quanbu:problem:{refusal.code}",
        "title": refusal.sentence,
        "status": refusal.http_status,
        "detail": refusal.advice,
        "code": refusal.code,
        "instance": f"urn:quanbu:request:{refusal.id}",
    }


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: every answer that is not a success is a problem document.

    An exception that nobody foresaw is a bug and stays one: it goes on, and is answered with 500.
    """
    _keep_of_api(error, context)
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


def _keep_of_api(error: Exception, context: dict[str, Any]) -> None:
    """Keep what an endpoint refused to do; it says who asked, about what, and whether anything was to be done."""
    view, request = context["view"], context["request"]
    if request.method in SAFE_METHODS or not view.acts:
        return
    about = {**context["kwargs"], **view.about}
    if isinstance(error, Refusal):
        keep(error, lambda: Asked(_act_of(request), view.asker, about))
    elif view.asker and isinstance(error, (PermissionDenied, exceptions.PermissionDenied)):
        keep(RequestForbidden(), lambda: Asked(_act_of(request), view.asker, about))


def _keep_of_page(error: Refusal | PermissionDenied, request: HttpRequest) -> None:
    """Keep what a page refused to do, with the digest of the form that was sent."""
    if request.method in SAFE_METHODS:
        return
    asker = request.user.get_username()
    about: Mapping[str, Any] = request.resolver_match.kwargs if request.resolver_match else {}
    if isinstance(error, Refusal):
        keep(error, lambda: Asked(_act_of(request), asker, about, _digest_of_form(request)))
    elif asker:
        keep(RequestForbidden(), lambda: Asked(_act_of(request), asker, about))


def _act_of(request: HttpRequest) -> str:
    """Name what a request asks for, the same for every object: its method and the pattern of its address."""
    route = request.resolver_match.route if request.resolver_match else ""
    return f"{request.method} /" + PLACE.sub(r"{\1}", route)


def _digest_of_form(request: HttpRequest) -> bytes:
    form = {name: request.POST.getlist(name) for name in request.POST if name != "csrfmiddlewaretoken"}
    return digest_of({"method": request.method, "path": request.path, "inputs": form})


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
        """Turn a refusal into a page, and keep it where something was to be done; anything else goes on."""
        if isinstance(error, (Refusal, PermissionDenied)):
            _keep_of_page(error, request)
        if not isinstance(error, Refusal):
            return None
        return render(
            request, "refusal.html", {"problem": problem_of(error), "refusal": error}, status=error.http_status
        )
