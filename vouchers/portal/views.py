"""Programmes and vouchers, with value by state as the books have it; refusals; the log and its receipts."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ledger.books import statements
from ledger.errors import NotFound
from ledger.log.proofs import receipt as receipt_of
from ledger.log.selectors import checkpoints, note_of, tree_size
from ledger.portal.pages import page_of
from ledger.refusals.selectors import narrowed
from vouchers.issuance.selectors import vouchers_visible_to
from vouchers.orders.selectors import orders_visible_to
from vouchers.people.actors import Actor
from vouchers.people.selectors import records_read_by, refusals_read_by, require_readable_position
from vouchers.portal.access import signed_in
from vouchers.portal.value import value_of_all, values_of
from vouchers.programmes.selectors import policy_in_force, programmes_visible_to, reads_books_of


@require_safe
@signed_in
def programmes(request: HttpRequest, actor: Actor) -> HttpResponse:
    """List the programmes that concern the reader, with the value of the vouchers that they may see."""
    page = page_of(request, programmes_visible_to(actor).order_by("code"))
    values = value_of_all(vouchers_visible_to(actor).filter(programme__in=list(page)))
    return render(
        request, "vouchers/programmes.html", {"page": page, "rows": [(one, values.get(one.id)) for one in page]}
    )


@require_safe
@signed_in
def programme(request: HttpRequest, actor: Actor, code: str) -> HttpResponse:
    """Show a programme: its rules in force, its value by state, its vouchers."""
    found = programmes_visible_to(actor).select_related("department", "finance", "operator").filter(code=code).first()
    if found is None:
        raise NotFound(kind="programme", name=code)
    version, policy = policy_in_force(found)
    own = vouchers_visible_to(actor).filter(programme=found)
    page = page_of(request, own.select_related("holder").order_by("code"))
    context = {"programme": found, "version": version, "policy": policy, "page": page, "vouchers": values_of(page)}
    context |= {"value": value_of_all(own).get(found.id), "reads_books": reads_books_of(actor, found)}
    return render(request, "vouchers/programme.html", context)


@require_safe
@signed_in
def vouchers(request: HttpRequest, actor: Actor) -> HttpResponse:
    """List the vouchers that the reader may see; `programme` narrows the list."""
    found = vouchers_visible_to(actor).select_related("programme", "holder").order_by("code")
    chosen = request.GET.get("programme", "")
    if chosen:
        found = found.filter(programme__code=chosen)
    page = page_of(request, found)
    return render(request, "vouchers/vouchers.html", {"page": page, "vouchers": values_of(page), "chosen": chosen})


@require_safe
@signed_in
def voucher(request: HttpRequest, actor: Actor, code: str) -> HttpResponse:
    """Show a voucher: value by state, its orders, and every movement of its value; `state` narrows the movements."""
    found = vouchers_visible_to(actor).select_related("programme", "holder").filter(code=code).first()
    if found is None:
        raise NotFound(kind="voucher", name=code)
    moved = statements.movements_of_voucher(found.programme.code, found.code)
    state = request.GET.get("state", "")
    if state:
        moved = statements.touching(moved, account_type=f"B.{state.capitalize()}")
    orders = orders_visible_to(actor).filter(voucher=found).select_related("cluster_account__cluster__centre")
    context = {"voucher": found, "page": page_of(request, moved), "state": state}
    context |= {"orders": orders.select_related("device_class").order_by("code"), "value": values_of([found])[0][1]}
    context["reads_books"] = reads_books_of(actor, found.programme)
    return render(request, "vouchers/voucher.html", context)


@require_safe
@signed_in
def refusals(request: HttpRequest, actor: Actor) -> HttpResponse:
    """List what was refused, newest first; who asked, what for, why not and when narrow the list."""
    chosen = {name: request.GET.get(name, "").strip() for name in ("actor", "act", "code", "since", "until")}
    found = narrowed(refusals_read_by(actor), **{name: text for name, text in chosen.items() if text})
    return render(request, "vouchers/refusals.html", {"page": page_of(request, found), "chosen": chosen})


@require_safe
@signed_in
def log(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show the newest checkpoint, for everybody to keep, and what the reader may have receipts of."""
    newest = checkpoints().first()
    context = {
        "size": tree_size(),
        "checkpoint": newest,
        "note": note_of(newest) if newest else "",
        "cosigned_by": sorted({each.name for each in newest.signatures.all() if each.witness}) if newest else [],
        "reads_all": bool(actor.organisations_for("log.read")),
        "page": page_of(request, records_read_by(actor)),
    }
    return render(request, "vouchers/log.html", context)


@require_safe
@signed_in
def receipt(_request: HttpRequest, actor: Actor, position: int) -> JsonResponse:
    """Give the receipt of a position, for the reader to keep."""
    require_readable_position(actor, position)
    answer = JsonResponse(receipt_of(position), json_dumps_params={"ensure_ascii": False, "indent": 2})
    answer["Content-Disposition"] = f'attachment; filename="receipt-{position}.json"'
    return answer
