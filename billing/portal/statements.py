"""Statements: what a payee is told of a run, and its answer."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from billing.portal import selectors
from billing.portal.downloads import attachment
from billing.reconciliation.selectors import runs_visible_to
from billing.settlement import services as settlement
from billing.settlement.selectors import answer_to, statement_visible_to, statements_visible_to
from ledger.log import services as log
from ledger.portal.pages import page_of
from vouchers.people.actors import Actor
from vouchers.portal.access import signed_in


@require_safe
@signed_in
def statements(request: HttpRequest, actor: Actor) -> HttpResponse:
    """List the statements that the reader may see, newest first; `programme` narrows the list."""
    found = statements_visible_to(actor).select_related("answer").order_by("-issued_at_ms", "-id")
    chosen = request.GET.get("programme", "")
    if chosen:
        found = found.filter(run__programme__code=chosen)
    return render(request, "billing/statements.html", {"page": page_of(request, found), "chosen": chosen})


@require_safe
@signed_in
def statement(request: HttpRequest, actor: Actor, code: str) -> HttpResponse:
    """Show a statement: figures, lines, the payee's answer or the form for it."""
    found = statement_visible_to(actor, code)
    context = {
        "statement": found,
        "answer": answer_to(found),
        "to_answer": found in selectors.waiting_for(actor).to_answer,
        "page": page_of(request, selectors.lines_of_statement(found)),
        "run_visible": runs_visible_to(actor).filter(id=found.run_id).exists(),
    }
    return render(request, "billing/statement.html", context)


@require_POST
@signed_in
def answer(request: HttpRequest, actor: Actor, code: str, kind: str) -> HttpResponse:
    """Confirm or dispute a statement; `kind` is said by the address."""
    settlement.answer(statement=code, kind=kind, reason=request.POST.get("reason", ""), actor=actor)
    log.seal()
    messages.success(request, gettext("Your answer is recorded."))
    return redirect("statement", code=code)


@require_safe
@signed_in
def statement_document(request: HttpRequest, actor: Actor, code: str) -> StreamingHttpResponse:  # noqa: ARG001
    """Give the statement's document, whose digest stands in the log."""
    return attachment(statement_visible_to(actor, code).document)
