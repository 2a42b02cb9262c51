"""Runs: what was claimed, what is allowed and why, and the approval of their lines."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST, require_safe

from billing.portal import selectors, waterfall
from billing.reconciliation.models import Run
from billing.reconciliation.selectors import runs_visible_to, summary_of
from billing.settlement import services as settlement
from ledger.log import services as log
from ledger.portal.pages import page_of
from vouchers.people.actors import Actor
from vouchers.portal.access import signed_in


@require_safe
@signed_in
def runs(request: HttpRequest, actor: Actor) -> HttpResponse:
    """List the runs that the reader may see, newest first; `programme` narrows the list."""
    found = runs_visible_to(actor).order_by("-recorded_at_ms", "-id")
    chosen = request.GET.get("programme", "")
    if chosen:
        found = found.filter(programme__code=chosen)
    standing = selectors.standing_runs(actor).filter(id=OuterRef("pk"))
    page = page_of(request, found.annotate(stands=Exists(standing)))
    return render(request, "billing/runs.html", {"page": page, "chosen": chosen})


@require_safe
@signed_in
def run(request: HttpRequest, actor: Actor, run_id: str) -> HttpResponse:
    """Show a run: from claimed to allowed, its findings, its lines, and what its approver may do."""
    found = selectors.run_visible_to(actor, run_id)
    told, chosen, waiting = summary_of(found), request.GET.get("code", ""), selectors.waiting_for(actor)
    context = {
        "run": found,
        "summary": told,
        "steps": waterfall.of_run(told),
        "stands": selectors.standing_runs(actor).filter(id=found.id).exists(),
        "waits": selectors.lines_of_run(found, waiting=True).count(),
        "to_approve": found in waiting.to_approve,
        "to_issue": found in waiting.to_issue,
        "chosen": chosen,
        "page": page_of(request, selectors.lines_of_run(found, code=chosen)),
        "statements": found.statements.select_related("payee", "answer").order_by("code"),
    }
    return render(request, "billing/run.html", context)


@require_safe
@signed_in
def findings(request: HttpRequest, actor: Actor, run_id: str) -> HttpResponse:
    """List what a run found, attempt by attempt; `code` narrows the list."""
    found = selectors.run_visible_to(actor, run_id)
    chosen = request.GET.get("code", "")
    page = page_of(request, selectors.findings_of(found, code=chosen))
    return render(request, "billing/findings.html", {"run": found, "page": page, "chosen": chosen})


@require_POST
@signed_in
def approve(request: HttpRequest, actor: Actor, run_id: str) -> HttpResponse:
    """Approve every line of a run that stands, and issue its statements."""
    found = selectors.run_visible_to(actor, run_id)
    which = _which(found)
    approvals = settlement.approve(**which, actor=actor)
    settlement.issue(**which, actor=actor)
    log.seal()
    _say_approved(request, len(approvals))
    messages.success(request, gettext("The statements are issued."))
    return redirect("run", run_id=found.id)


@require_POST
@signed_in
def approve_lines(request: HttpRequest, actor: Actor, run_id: str) -> HttpResponse:
    """Approve the ticked lines of a run that stands."""
    found = selectors.run_visible_to(actor, run_id)
    approvals = settlement.approve(**_which(found), actor=actor, lines=request.POST.getlist("line"))
    log.seal()
    _say_approved(request, len(approvals))
    return redirect("run", run_id=found.id)


@require_POST
@signed_in
def issue(request: HttpRequest, actor: Actor, run_id: str) -> HttpResponse:
    """Issue the statements of a run that stands and whose lines are all approved."""
    found = selectors.run_visible_to(actor, run_id)
    settlement.issue(**_which(found), actor=actor)
    log.seal()
    messages.success(request, gettext("The statements are issued."))
    return redirect("run", run_id=found.id)


def _which(run: Run) -> dict[str, str]:
    """Name a run to the services, so that they refuse when it no longer stands."""
    return {"programme": run.programme.code, "period": run.period, "kind": run.kind, "seen": run.id}


def _say_approved(request: HttpRequest, count: int) -> None:
    if count:
        said = ngettext("%(count)d line is approved.", "%(count)d lines are approved.", count)
        messages.success(request, said % {"count": count})
    else:
        messages.warning(request, gettext("Nothing was approved: tick the lines that you approve."))
