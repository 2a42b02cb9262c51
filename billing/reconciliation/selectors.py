"""Reading runs, lines and findings, scoped by who asks."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from billing.reconciliation.models import Adjudication, Run, StatementLine
from ledger import clock
from ledger.errors import NotFound
from ledger.units import hours_from_ms
from vouchers.people.actors import Actor
from vouchers.programmes.selectors import programmes_run_by

PARTS_SHOWN = 200


def runs_visible_to(actor: Actor) -> QuerySet[Run]:
    """Return the runs of programmes that the actor's organisation runs, pays or audits."""
    return Run.objects.filter(programme__in=programmes_run_by(actor)).select_related("programme", "version")


def lines_visible_to(actor: Actor) -> QuerySet[StatementLine]:
    """Return the statement lines an actor may see: its own as payee or beneficiary, or all of a programme it runs."""
    own = actor.organisation_ids
    return StatementLine.objects.filter(
        Q(programme__in=programmes_run_by(actor)) | Q(payee__organisation__in=own) | Q(beneficiary__in=own)
    ).select_related("programme", "order__voucher", "order__device_class", "payee", "beneficiary")


def line_visible_to(actor: Actor, code: str) -> StatementLine:
    """Return one line. Refuses: NotFound, the same whether it is foreign or unknown."""
    line = lines_visible_to(actor).filter(code=code).first()
    if line is None:
        raise NotFound(kind="statement line", name=code)
    return line


def summary_of(run: Run) -> dict[str, Any]:
    """Return what a run came to: claimed, allowed, adjusted by code and bearer, findings, and its manifest digest."""
    totals = run.adjudications.aggregate(
        lines=Count("id"),
        **{
            name: Sum(name, default=0)
            for name in (
                "claimed_ms",
                "allowed_ms",
                "claimed_minor",
                "allowed_minor",
                "subsidy_minor",
                "enterprise_minor",
            )
        },
    )
    cuts = (
        run.adjudications.exclude(adjustments=None)
        .values_list("adjustments__code", "adjustments__bearer")
        .annotate(lines=Count("id"), ms=Sum("adjustments__quantity_ms"), minor=Sum("adjustments__amount_minor"))
        .order_by("adjustments__code")
    )
    return {
        "run": run.id,
        "programme": run.programme.code,
        "period": run.period,
        "kind": run.kind,
        "cut_off": run.cut_off,
        "manifest_digest": run.manifest_digest,
        **totals,
        "adjusted": [
            {"code": code, "bearer": bearer, "lines": lines, "quantity_ms": ms, "amount_minor": minor}
            for code, bearer, lines, ms, minor in cuts
        ],
        "findings": dict(sorted(run.manifest["outputs"]["findings"].items())),
        "scope": run.manifest["outputs"]["scope"],
    }


def explanation_of(line: StatementLine) -> dict[str, Any]:
    """Say why a line was allowed what it was, by its latest adjudication, down to the attempts behind it."""
    adjudication = line.adjudications.select_related("run", "approval").order_by("-id").first()
    if adjudication is None:
        raise NotFound(kind="adjudication of line", name=line.code)
    parts = adjudication.parts.select_related("fact", "price").order_by("fact__started_at_ms", "id")
    return {
        "line": line.code,
        "programme": line.programme.code,
        "period": line.period,
        "order": line.order.code,
        "voucher": line.order.voucher.code,
        "payee": line.payee.code,
        "beneficiary": line.beneficiary.code,
        "device_class": line.order.device_class.code,
        **amounts_of(adjudication),
        "run": {"id": adjudication.run.id, "kind": adjudication.run.kind, "digest": adjudication.run.manifest_digest},
        "approved": hasattr(adjudication, "approval"),
        "explanation": adjudication.explanation,
        "parts_count": parts.count(),
        "parts": [
            {
                "attempt": part.fact.attempt_key,
                "version": part.fact.version,
                "file": part.fact.file_id,
                "line": part.fact.line,
                "state": part.fact.state,
                "started_at": clock.iso_utc(part.fact.started_at_ms) if part.fact.started_at_ms is not None else None,
                "claimed_ms": part.claimed_ms,
                "allowed_ms": part.allowed_ms,
                "claimed_hours": hours_from_ms(part.claimed_ms),
                "allowed_hours": hours_from_ms(part.allowed_ms),
                "code": part.code,
            }
            for part in parts[:PARTS_SHOWN]
        ],
    }


def amounts_of(adjudication: Adjudication) -> dict[str, Any]:
    """Return an adjudication's figures and cuts."""
    return {
        "claimed_ms": adjudication.claimed_ms,
        "allowed_ms": adjudication.allowed_ms,
        "claimed_minor": adjudication.claimed_minor,
        "allowed_minor": adjudication.allowed_minor,
        "subsidy_minor": adjudication.subsidy_minor,
        "enterprise_minor": adjudication.enterprise_minor,
        "adjustments": [
            {
                "code": cut.code,
                "bearer": cut.bearer,
                "quantity_ms": cut.quantity_ms,
                "amount_minor": cut.amount_minor,
            }
            for cut in adjudication.adjustments.order_by("code")
        ],
    }
