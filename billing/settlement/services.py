"""Approving lines, issuing statements, answering them."""

from __future__ import annotations

import io
from collections.abc import Collection
from typing import Any

import rfc8785
from django.db import transaction

from billing.reconciliation.models import Adjudication, Run
from billing.reconciliation.selectors import amounts_of
from billing.settlement.errors import (
    ApproverProposed,
    DecisionStale,
    DisputeLacksReason,
    LinesUnapproved,
    RunMissing,
    RunSuperseded,
    StatementAnswered,
)
from billing.settlement.models import Answer, Approval, Statement
from billing.settlement.rules import Decision, redemption_rows
from billing.settlement.selectors import statement_visible_to
from ledger import clock
from ledger.books import services as books
from ledger.books.errors import AccountPassesItsFloor
from ledger.books.selectors import balances_under, total_of
from ledger.documents import services as documents
from ledger.log import services as log
from vouchers.centres.models import Centre
from vouchers.people.actors import Actor
from vouchers.programmes.models import Programme
from vouchers.programmes.rules import Policy, policy_of
from vouchers.programmes.selectors import programme_run_by


def standing_run(*, programme: Programme, period: str, kind: str, seen: str | None) -> Run:
    """Return the run that stands for a period; `seen` is the id of the run somebody looked at, if they said so.

    Refuses: RunMissing; RunSuperseded, so that nobody approves what they did not see.
    """
    run = Run.objects.filter(programme=programme, period=period, kind=kind).order_by("-number").first()
    if run is None:
        raise RunMissing(run=kind, period=period, programme=programme.code)
    if seen is not None and seen != run.id:
        raise RunSuperseded(run=kind, period=period, programme=programme.code)
    return run


@transaction.atomic
def approve(
    *,
    programme: str,
    period: str,
    kind: str,
    actor: Actor,
    seen: str | None = None,
    lines: Collection[str] | None = None,
) -> list[Approval]:
    """Approve the lines of the run that stands (核销): value is redeemed, an expense arises, the payee is owed.

    All lines of the run, or those named; `seen` is the id of the run that the approver looked at. One entry a line, all
    in one batch; what is posted is what this run allows less what the books hold. Refuses: ActNotPermitted,
    NotFound, RunMissing, RunSuperseded, ApproverProposed, DeltaNegative, DecisionStale. Locks: the programme, so that
    level shares are cut one approval after the other; then the books.
    Repeats: a line that was approved stays as it is; returns the approvals of this run's lines.
    """
    actor.require("line.approve")
    scheme = programme_run_by(actor, programme)
    actor.require("line.approve", organisation_id=scheme.department_id)
    scheme = Programme.objects.select_for_update().get(id=scheme.id)
    run = standing_run(programme=scheme, period=period, kind=kind, seen=seen)
    if run.proposer == actor.login:
        raise ApproverProposed(actor=actor.login)
    policy = policy_of(run.version.parameters)
    wanted = run.adjudications.select_related(
        "line__order__voucher", "line__order__device_class", "line__payee"
    ).order_by("line__code")
    if lines is not None:
        wanted = wanted.filter(line__code__in=lines)
    waiting = list(wanted.filter(approval=None).prefetch_related("adjustments"))
    _redeem(run, policy, waiting, actor)
    return list(Approval.objects.filter(adjudication__in=wanted).select_related("adjudication__line"))


def _redeem(run: Run, policy: Policy, waiting: list[Adjudication], actor: Actor) -> None:
    """Post the redemption of every line in one batch, and record the approvals."""
    fund, approved_at_ms = run.programme.code, clock.now_ms()
    booked = balances_under(fund=fund, keys=[adjudication.line.code for adjudication in waiting], kinds="KQ")
    borne_minor = total_of(fund=fund, account_type="M.Financing")
    entries: dict[str, books.Entry] = {}
    for adjudication in waiting:
        line = adjudication.line.code
        rows = redemption_rows(
            _decision(fund, policy, adjudication, approved_at_ms),
            booked=booked[line],
            funding=policy.funding,
            borne_before_minor=borne_minor,
        )
        borne_minor += adjudication.subsidy_minor - booked[line].get(f"K.Subsidy[{fund},{line}]", 0)
        if rows:
            entries[line] = books.Entry(
                template="REDEEM",
                idempotency_key=f"redeem:{line}:{run.manifest_digest}",
                happened_at_ms=approved_at_ms,
                proposer=run.proposer,
                rows=rows,
                approver=actor.login,
                document=run.manifest_digest,
                run=run.id,
            )
    posted = _post(entries)
    approvals = Approval.objects.bulk_create(
        Approval(
            adjudication=adjudication,
            proposer=run.proposer,
            approver=actor.login,
            approved_at_ms=approved_at_ms,
            entry_id=posted.get(adjudication.line.code),
        )
        for adjudication in waiting
    )
    told = {"run": run.manifest_digest, "approver": actor.login}
    log.record_all(
        kind="line.approved",
        told={str(approval.id): told | {"line": approval.adjudication.line.code} for approval in approvals},
    )


def _decision(fund: str, policy: Policy, adjudication: Adjudication, approved_at_ms: int) -> Decision:
    """Say what was approved of one line, in the words of the books."""
    line, cuts = adjudication.line, sorted(adjudication.adjustments.all(), key=lambda cut: cut.code)
    return Decision(
        line=line.code,
        fund=fund,
        payee=line.payee.code,
        voucher=line.order.voucher.code,
        order=line.order.code,
        currency=policy.currency,
        time_asset=line.order.device_class.asset,
        budget_year=clock.day_of(approved_at_ms, policy.time_zone).year,
        claimed_minor=adjudication.claimed_minor,
        subsidy_minor=adjudication.subsidy_minor,
        enterprise_minor=adjudication.enterprise_minor,
        claimed_ms=adjudication.claimed_ms,
        allowed_ms=adjudication.allowed_ms,
        cuts=tuple((cut.code, cut.bearer, cut.quantity_ms, cut.amount_minor) for cut in cuts),
    )


def _post(entries: dict[str, books.Entry]) -> dict[str, int]:
    """Post the entries by line and return their ids. Refuses: DecisionStale, naming the line whose value is gone."""
    if not entries:
        return {}
    try:
        posted = books.post(list(entries.values()))
    except AccountPassesItsFloor as refusal:
        account = refusal.fields["account"]
        line = next(line for line, entry in entries.items() if any(account == row.debit for row in entry.rows))
        raise DecisionStale(line=line, reason=refusal.sentence) from refusal
    return {line: entry.entry_id for line, entry in zip(entries, posted, strict=True)}


@transaction.atomic
def issue(*, programme: str, period: str, kind: str, actor: Actor, seen: str | None = None) -> list[Statement]:
    """Issue one statement to each payee of the run that stands; every line must be approved.

    Refuses: ActNotPermitted, NotFound, RunMissing, RunSuperseded, LinesUnapproved. Locks: the programme.
    Repeats: returns the statements that were issued.
    """
    actor.require("statement.issue")
    scheme = programme_run_by(actor, programme)
    actor.require("statement.issue", organisation_id=scheme.department_id)
    scheme = Programme.objects.select_for_update().get(id=scheme.id)
    run = standing_run(programme=scheme, period=period, kind=kind, seen=seen)
    waiting = list(run.adjudications.filter(approval=None).values_list("line__code", flat=True))
    if waiting:
        raise LinesUnapproved(count=len(waiting), first=min(waiting))
    issued = []
    for payee in Centre.objects.filter(lines__adjudications__run=run).distinct().order_by("code"):
        statement = run.statements.filter(payee=payee).first()
        issued.append(statement or _issue_to(run, payee, actor))
    return issued


def _issue_to(run: Run, payee: Centre, actor: Actor) -> Statement:
    """Write one payee's statement: its approved lines, their figures and cuts, as a canonical JSON document."""
    adjudications = (
        run.adjudications.filter(line__payee=payee, approval__isnull=False)
        .select_related("line__order__voucher", "line__beneficiary")
        .order_by("line__code")
    )
    told: list[dict[str, Any]] = [
        {
            "line": adjudication.line.code,
            "order": adjudication.line.order.code,
            "beneficiary": adjudication.line.beneficiary.code,
        }
        | amounts_of(adjudication)
        for adjudication in adjudications
    ]
    totals = {
        name: sum(line[name] for line in told)
        for name in ("claimed_minor", "allowed_minor", "subsidy_minor", "enterprise_minor")
    }
    borne = {
        bearer: sum(cut["amount_minor"] for line in told for cut in line["adjustments"] if cut["bearer"] == bearer)
        for bearer in ("held", "centre")
    }
    code = f"{run.programme.code}:{run.period}:{run.kind}:{payee.code}"
    document = documents.keep(
        stream=io.BytesIO(
            rfc8785.dumps(
                {
                    "statement": code,
                    "run": run.manifest_digest,
                    "payee": payee.code,
                    "lines": told,
                    "totals": totals | {f"{bearer}_minor": amount for bearer, amount in borne.items()},
                }
            )
        ),
        name=f"statement-{code}.json",
        media_type="application/json",
    )
    statement = Statement.objects.create(
        code=code,
        run=run,
        payee=payee,
        document=document,
        held_minor=borne["held"],
        centre_minor=borne["centre"],
        issued_by=actor.login,
        issued_at_ms=clock.now_ms(),
        **totals,
    )
    log.record(kind="statement.issued", subject=statement.code, digest=bytes.fromhex(document.sha256))
    return statement


@transaction.atomic
def answer(*, statement: str, kind: str, reason: str, actor: Actor) -> Answer:
    """Confirm or dispute a statement as its payee.

    Refuses: NotFound, ActNotPermitted, DisputeLacksReason, StatementAnswered.
    Repeats: the same answer returns the one that stands; another is StatementAnswered.
    """
    found = statement_visible_to(actor, statement)
    actor.require("statement.answer", organisation_id=found.payee.organisation_id)
    if kind == Answer.Kind.DISPUTED and not reason.strip():
        raise DisputeLacksReason(statement=statement)
    given, created = Answer.objects.get_or_create(
        statement=found,
        defaults={
            "kind": kind,
            "reason": reason.strip(),
            "answered_by": actor.login,
            "answered_at_ms": clock.now_ms(),
        },
    )
    if not created:
        if (given.kind, given.reason) != (kind, reason.strip()):
            raise StatementAnswered(statement=statement, answer=given.kind, answered_by=given.answered_by)
        return given
    log.record(
        kind="statement.answered",
        subject=statement,
        told={"kind": kind, "reason": given.reason, "answered_by": actor.login, "document": found.document_id},
        submitter=found.payee.organisation.code,
    )
    return given
