"""Statement lines: what was claimed for one order in one period, what is allowed, and why."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from billing.metering.selectors import usage_files_visible_to
from billing.portal import selectors, waterfall
from billing.reconciliation.selectors import amounts_of, line_visible_to, lines_visible_to, runs_visible_to
from ledger.portal.pages import page_of
from vouchers.issuance.selectors import vouchers_visible_to
from vouchers.people.actors import Actor
from vouchers.portal.access import signed_in
from vouchers.programmes.selectors import reads_books_of

FILTERS = {
    "programme": "programme__code",
    "period": "period",
    "order": "order__code",
    "voucher": "order__voucher__code",
}


@require_safe
@signed_in
def lines(request: HttpRequest, actor: Actor) -> HttpResponse:
    """List statement lines; programme, period, order and voucher narrow the list."""
    chosen = {name: request.GET.get(name, "").strip() for name in FILTERS}
    wanted = {column: chosen[name] for name, column in FILTERS.items() if chosen[name]}
    page = page_of(request, lines_visible_to(actor).filter(**wanted).order_by("-period", "code"))
    return render(
        request,
        "billing/lines.html",
        {"page": page, "chosen": chosen, "lines": selectors.with_latest_adjudication(page)},
    )


@require_safe
@signed_in
def line(request: HttpRequest, actor: Actor, code: str) -> HttpResponse:
    """Explain one line by its last run, or by `run`: figures, cuts, and the attempts behind them."""
    found = line_visible_to(actor, code)
    decided = selectors.adjudication_of(found, request.GET.get("run", ""))
    chosen = request.GET.get("code", "")
    page = page_of(request, selectors.parts_of(decided, code=chosen))
    files = usage_files_visible_to(actor).filter(id__in={part.fact.file_id for part in page})
    context = {
        "line": found,
        "adjudication": decided,
        "steps": waterfall.of_line(amounts_of(decided)),
        "cuts": decided.adjustments.order_by("code"),
        "history": found.adjudications.select_related("run", "approval").order_by("-id"),
        "page": page,
        "chosen": chosen,
        "visible_files": set(files.values_list("id", flat=True)),
        "visible_runs": set(runs_visible_to(actor).filter(adjudications__line=found).values_list("id", flat=True)),
        "sees_voucher": vouchers_visible_to(actor).filter(id=found.order.voucher_id).exists(),
        "reads_books": reads_books_of(actor, found.programme),
    }
    return render(request, "billing/line.html", context)
