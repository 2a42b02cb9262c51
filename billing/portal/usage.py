"""Usage files: return slips, the lines that went back, the attempts taken in, and the file as it was sent."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from billing.metering.selectors import usage_file_visible_to, usage_files_visible_to
from billing.portal import selectors
from billing.portal.downloads import attachment
from billing.reconciliation.selectors import lines_visible_to, runs_visible_to
from ledger.portal.pages import page_of
from vouchers.people.actors import Actor
from vouchers.people.selectors import position_read_by
from vouchers.portal.access import signed_in

VIEWS = ("by_class", "by_state", "by_account", "by_day")


@require_safe
@signed_in
def usage_files(request: HttpRequest, actor: Actor) -> HttpResponse:
    """List the usage and evidence files that the reader may see, newest first."""
    files = usage_files_visible_to(actor).select_related("cluster__centre", "source")
    return render(
        request, "billing/usage_files.html", {"page": page_of(request, files.order_by("-recorded_at_ms", "-id"))}
    )


@require_safe
@signed_in
def usage_file(request: HttpRequest, actor: Actor, file_id: str) -> HttpResponse:
    """Show a file's return slip: counts, control totals, and each line that went back with its remedy."""
    file = usage_file_visible_to(actor, file_id)
    chosen = {name: request.GET.get(name, "") for name in ("outcome", "code")}
    context = {
        "file": file,
        "position": position_read_by(actor, file.id),
        "chosen": chosen,
        "by_code": selectors.returned_by_code(file),
        "totals": [(view, sorted(file.metered.get(view, {}).items())) for view in VIEWS],
        "page": page_of(request, selectors.returned_lines_of(file, **chosen)),
    }
    return render(request, "billing/usage_file.html", context)


@require_safe
@signed_in
def attempts(request: HttpRequest, actor: Actor, file_id: str) -> HttpResponse:
    """List the attempts taken from a file; a class, state, account or day narrows the list."""
    file = usage_file_visible_to(actor, file_id)
    chosen = {view: request.GET.get(view, "") for view in VIEWS}
    page = page_of(request, selectors.attempts_of(file, **chosen))
    return render(request, "billing/attempts.html", {"file": file, "page": page, "chosen": chosen})


@require_safe
@signed_in
def usage_line(request: HttpRequest, actor: Actor, file_id: str, number: int) -> HttpResponse:
    """Show what became of one line of a file, and every statement line that it is part of."""
    file = usage_file_visible_to(actor, file_id)
    attempt, returned = selectors.line_of_file(file, number)
    context = {"file": file, "number": number, "attempt": attempt, "returned": returned}
    if attempt is not None:
        context["adjudications"] = selectors.adjudications_of(attempt, lines_visible_to(actor))
        context["findings"] = attempt.findings.filter(run__in=runs_visible_to(actor)).select_related("run")
    return render(request, "billing/usage_line.html", context)


@require_safe
@signed_in
def usage_file_content(request: HttpRequest, actor: Actor, file_id: str) -> StreamingHttpResponse:  # noqa: ARG001
    """Give the file back byte for byte."""
    return attachment(usage_file_visible_to(actor, file_id).document)
