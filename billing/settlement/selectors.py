"""Reading statements, scoped by who asks."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from billing.settlement.models import Answer, Statement
from ledger import clock
from ledger.errors import NotFound
from vouchers.people.actors import Actor
from vouchers.programmes.selectors import programmes_run_by


def statements_visible_to(actor: Actor) -> QuerySet[Statement]:
    """Return the statements addressed to the actor's centre, or all of the programmes that it runs, pays or audits."""
    return Statement.objects.filter(
        Q(run__programme__in=programmes_run_by(actor)) | Q(payee__organisation__in=actor.organisation_ids)
    ).select_related("run__programme", "payee__organisation", "document")


def statement_visible_to(actor: Actor, code: str) -> Statement:
    """Return one statement. Refuses: NotFound, the same whether it is foreign or unknown."""
    statement = statements_visible_to(actor).filter(code=code).first()
    if statement is None:
        raise NotFound(kind="statement", name=code)
    return statement


def answer_to(statement: Statement) -> Answer | None:
    """Return the payee's answer, if it gave one."""
    return Answer.objects.filter(statement=statement).first()


def statement_as_json(statement: Statement) -> dict[str, Any]:
    """Return a statement's figures, its document's digest and its answer."""
    given = answer_to(statement)
    return {
        "statement": statement.code,
        "programme": statement.run.programme.code,
        "period": statement.run.period,
        "run": statement.run.kind,
        "payee": statement.payee.code,
        "claimed_minor": statement.claimed_minor,
        "allowed_minor": statement.allowed_minor,
        "subsidy_minor": statement.subsidy_minor,
        "enterprise_minor": statement.enterprise_minor,
        "held_minor": statement.held_minor,
        "centre_minor": statement.centre_minor,
        "document_sha256": statement.document_id,
        "issued_at": clock.iso_utc(statement.issued_at_ms),
        "answer": {"kind": given.kind, "reason": given.reason, "by": given.answered_by} if given else None,
    }
