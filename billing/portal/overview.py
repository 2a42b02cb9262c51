"""What concerns the person who signed in, and what each code means."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from billing.codes import CODES
from billing.metering.selectors import usage_files_visible_to
from billing.portal.selectors import waiting_for
from billing.reconciliation.selectors import runs_visible_to
from billing.settlement.selectors import statements_visible_to
from vouchers.issuance.selectors import vouchers_visible_to
from vouchers.people.actors import Actor
from vouchers.portal.access import signed_in
from vouchers.portal.value import value_of_all, values_of
from vouchers.programmes.selectors import programmes_visible_to

NEWEST = 5
SHOWN = 12


@require_safe
@signed_in
def overview(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show what waits for the reader, their programmes and vouchers, and what came last."""
    visible = vouchers_visible_to(actor)
    values = value_of_all(visible)
    own = visible.filter(holder__in=actor.organisation_ids).select_related("programme").order_by("code")
    files = usage_files_visible_to(actor).select_related("cluster__centre", "source")
    context = {
        "waiting": waiting_for(actor),
        "programmes": [(one, values.get(one.id)) for one in programmes_visible_to(actor).order_by("code")[:SHOWN]],
        "vouchers": values_of(own[:SHOWN]),
        "statements": statements_visible_to(actor).order_by("-issued_at_ms", "-id").select_related("answer")[:NEWEST],
        "runs": runs_visible_to(actor).order_by("-recorded_at_ms", "-id")[:NEWEST],
        "files": files.order_by("-recorded_at_ms", "-id")[:NEWEST],
    }
    return render(request, "overview.html", context)


@require_safe
@signed_in
def finding_codes(request: HttpRequest, actor: Actor) -> HttpResponse:  # noqa: ARG001 (everybody may read them)
    """Say what each code of a finding or cut means, who bears it and what resolves it."""
    return render(request, "billing/finding_codes.html", {"codes": CODES})
