"""Approve a run's lines and issue its statements, or answer a statement."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from billing.settlement import services as settlement
from billing.settlement.models import Answer, Statement
from billing.settlement.selectors import statement_as_json, statements_visible_to
from ledger.commands import Command as BaseCommand
from ledger.errors import NotFound
from ledger.log import services as log
from ledger.units import text_from_minor
from vouchers.people.actors import Actor, actor_named


class Command(BaseCommand):
    help = (
        "As the department's approver: approve every line of a run (redemption) and issue its statements. "
        "As a payee: --confirm or --dispute the statement addressed to you."
    )
    writes = True
    tells = ("programme", "period", "run", "payee", "confirm", "dispute")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--programme", required=True, metavar="P")
        parser.add_argument("--period", required=True, metavar="PERIOD")
        parser.add_argument("--run", required=True, metavar="RUN")
        parser.add_argument("--payee", metavar="C", help="the centre whose statement is answered; yours if left out")
        answer = parser.add_mutually_exclusive_group()
        answer.add_argument("--confirm", action="store_true", help="confirm the statement addressed to you")
        answer.add_argument("--dispute", action="store_true", help="dispute it; needs --reason")
        parser.add_argument("--reason", default="", help="what is wrong, naming lines")

    def act(self, *, actor: str, confirm: bool, dispute: bool, payee: str | None, reason: str, **which: Any) -> None:
        person = actor_named(actor)
        if confirm or dispute:
            statements = self.answered(
                person, payee, Answer.Kind.CONFIRMED if confirm else Answer.Kind.DISPUTED, reason, which
            )
        else:
            run = {"programme": which["programme"], "period": which["period"], "kind": which["run"]}
            approvals = settlement.approve(**run, actor=person)
            statements = settlement.issue(**run, actor=person)
            self.say(f"{len(approvals)} line(s) approved.")
        log.seal()
        for statement in statements:
            self.print_statement(statement)
        self.answer({"statements": [statement_as_json(statement) for statement in statements]})

    def answered(
        self, person: Actor, payee: str | None, kind: Answer.Kind, reason: str, which: dict[str, Any]
    ) -> list[Statement]:
        """Answer the statements of the run that are addressed to the person's centre (or the named one)."""
        addressed = statements_visible_to(person).filter(
            run__programme__code=which["programme"], run__period=which["period"], run__kind=which["run"]
        )
        if payee:
            addressed = addressed.filter(payee__code=payee)
        else:
            addressed = addressed.filter(payee__organisation__in=person.organisation_ids)
        if not addressed:
            raise NotFound(kind="statement", name=f"{which['programme']}:{which['period']}:{which['run']}")
        for statement in addressed:
            settlement.answer(statement=statement.code, kind=kind, reason=reason, actor=person)
        return list(addressed)

    def print_statement(self, statement: Statement) -> None:
        """Print a statement for people."""
        told = statement_as_json(statement)
        self.say(f"Statement {told['statement']}")
        for name in ("claimed", "allowed", "subsidy", "enterprise", "held", "centre"):
            label = {"subsidy": "  public share", "enterprise": "  enterprise's share", "centre": "borne by centre"}
            self.say(f"  {label.get(name, name):<22}{text_from_minor(told[f'{name}_minor']):>20}")
        self.say(f"  document SHA-256 {told['document_sha256']}")
        if told["answer"]:
            self.say(f"  {told['answer']['kind']} by {told['answer']['by']} {told['answer']['reason']}")
