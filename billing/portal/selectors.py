"""What the pages ask for and no room's selectors answer: what waits for somebody, and the rows behind a figure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery

from billing.metering.models import ReturnedLine, UsageFact, UsageFile
from billing.reconciliation.models import Adjudication, Adjustment, Finding, Part, Run, StatementLine
from billing.reconciliation.selectors import runs_visible_to
from billing.settlement.models import Statement
from billing.settlement.selectors import statements_visible_to
from ledger import clock
from ledger.errors import NotFound
from vouchers.centres.models import Centre
from vouchers.people.actors import Actor


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for a person: runs with lines to approve, runs to issue statements of, statements to answer."""

    to_approve: list[Run]
    to_issue: list[Run]
    to_answer: list[Statement]

    def __bool__(self) -> bool:
        """Whether anything waits."""
        return bool(self.to_approve or self.to_issue or self.to_answer)


def standing_runs(actor: Actor) -> QuerySet[Run]:
    """Return the runs that stand: of each programme, period and kind the last one that was made."""
    rivals = Run.objects.filter(
        programme=OuterRef("programme"), period=OuterRef("period"), kind=OuterRef("kind")
    ).order_by("-number")
    return runs_visible_to(actor).filter(id=Subquery(rivals.values("id")[:1]))


def waiting_for(actor: Actor) -> Waiting:
    """Return what only this person can move on."""
    unapproved = Adjudication.objects.filter(run=OuterRef("pk"), approval=None)
    unissued = (
        Centre.objects.filter(lines__adjudications__run=OuterRef("pk"))
        .exclude(statements__run=OuterRef("pk"))
        .order_by()
    )
    standing = standing_runs(actor).annotate(waits=Exists(unapproved), unissued=Exists(unissued))
    approves = standing.filter(programme__department__in=actor.organisations_for("line.approve"), waits=True)
    issues = standing.filter(
        programme__department__in=actor.organisations_for("statement.issue"), waits=False, unissued=True
    )
    answers = statements_visible_to(actor).filter(
        payee__organisation__in=actor.organisations_for("statement.answer"), answer=None
    )
    return Waiting(
        list(approves.exclude(proposer=actor.login).order_by("-recorded_at_ms", "-id")),
        list(issues.order_by("-recorded_at_ms", "-id")),
        list(answers.order_by("-issued_at_ms", "-id")),
    )


def run_visible_to(actor: Actor, run_id: str) -> Run:
    """Return one run. Refuses: NotFound, the same for foreign and unknown ones."""
    run = runs_visible_to(actor).filter(id=run_id).first()
    if run is None:
        raise NotFound(kind="run", name=run_id)
    return run


def lines_of_run(run: Run, *, code: str = "", waiting: bool = False) -> QuerySet[Adjudication]:
    """Return what a run allows of each line: all, those with a cut of this code, or those that wait for approval."""
    lines = run.adjudications.select_related("line__order", "line__payee", "line__beneficiary", "approval")
    if code:
        lines = lines.filter(Exists(Adjustment.objects.filter(adjudication=OuterRef("pk"), code=code)))
    if waiting:
        lines = lines.filter(approval=None)
    return lines.order_by("line__code")


def findings_of(run: Run, *, code: str = "") -> QuerySet[Finding]:
    """Return what a run found, attempt by attempt."""
    found = run.findings.select_related("fact__file", "fact__cluster__centre", "device_class")
    return (found.filter(code=code) if code else found).order_by("code", "id")


def adjudication_of(line: StatementLine, run_id: str = "") -> Adjudication:
    """Return a line's adjudication by a run, or by the last one. Refuses: NotFound."""
    made = line.adjudications.select_related("run__version", "approval").order_by("-id")
    found = (made.filter(run=run_id) if run_id else made).first()
    if found is None:
        raise NotFound(kind="adjudication of line", name=line.code)
    return found


def parts_of(adjudication: Adjudication, *, code: str = "") -> QuerySet[Part]:
    """Return the attempts behind a line's figures; `code` keeps those that were cut for it."""
    parts = adjudication.parts.select_related("fact", "price").order_by("fact__started_at_ms", "id")
    return parts.filter(code=code) if code else parts


def with_latest_adjudication(lines: Iterable[StatementLine]) -> list[tuple[StatementLine, Adjudication | None]]:
    """Return each line with the adjudication of its last run."""
    listed = list(lines)
    made = Adjudication.objects.filter(line__in=listed).select_related("approval")
    latest = made.order_by("line_id", "-id").distinct("line_id")
    by_line = {adjudication.line_id: adjudication for adjudication in latest}
    return [(line, by_line.get(line.id)) for line in listed]


def lines_of_statement(statement: Statement) -> QuerySet[Adjudication]:
    """Return the approved lines that a statement tells its payee of."""
    return (
        statement.run.adjudications.filter(line__payee=statement.payee, approval__isnull=False)
        .select_related("line__order", "line__beneficiary", "line__payee", "approval")
        .order_by("line__code")
    )


def returned_lines_of(file: UsageFile, *, outcome: str = "", code: str = "") -> QuerySet[ReturnedLine]:
    """Return the lines of a file that went back."""
    chosen = {name: value for name, value in (("outcome", outcome), ("code", code)) if value}
    return file.returned_lines.filter(**chosen).order_by("line")


def returned_by_code(file: UsageFile) -> QuerySet[ReturnedLine, tuple[str, str, int]]:
    """Count a file's returned lines by outcome and code."""
    counted = file.returned_lines.values_list("outcome", "code").annotate(lines=Count("id"))
    return counted.order_by("outcome", "code")


def attempts_of(file: UsageFile, **chosen: str) -> QuerySet[UsageFact]:
    """Return the attempts taken from a file; `by_account`, `by_state`, `by_class` and `by_day` narrow them."""
    attempts = file.facts.prefetch_related("quantities__device_class").order_by("line")
    columns = {"by_account": "account", "by_state": "state", "by_class": "quantities__device_class__code"}
    attempts = attempts.filter(**{columns[name]: value for name, value in chosen.items() if name in columns and value})
    if chosen.get("by_day"):
        try:
            day = date.fromisoformat(chosen["by_day"])
        except ValueError:
            return attempts.none()
        zone = file.cluster.time_zone
        attempts = attempts.filter(
            started_at_ms__lt=clock.start_of_day_ms(day + timedelta(days=1), zone),
            ended_at_ms__gt=clock.start_of_day_ms(day, zone),
        )
    return attempts


def line_of_file(file: UsageFile, number: int) -> tuple[UsageFact | None, ReturnedLine | None]:
    """Return what became of one line of a file: an attempt, or a line that went back. Refuses: NotFound."""
    attempt = file.facts.prefetch_related("quantities__device_class").filter(line=number).first()
    returned = file.returned_lines.filter(line=number).first()
    if attempt is None and returned is None:
        raise NotFound(kind="stored line", name=number)
    return attempt, returned


def adjudications_of(attempt: UsageFact, lines: QuerySet[StatementLine]) -> QuerySet[Adjudication]:
    """Return the adjudications of these lines that an attempt is part of, newest first."""
    return (
        Adjudication.objects.filter(Q(parts__fact=attempt), line__in=lines)
        .select_related("run", "line")
        .distinct()
        .order_by("-id")
    )
