"""Run the reconciliation of a programme's period."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from billing.reconciliation import services as reconciliation
from billing.reconciliation.selectors import summary_of
from ledger.commands import Command as BaseCommand
from ledger.log import services as log
from ledger.units import hours_from_ms, text_from_minor
from vouchers.people.actors import actor_named


class Command(BaseCommand):
    help = "Run the engine for a programme's period on the facts up to a log position and print what it found."
    writes = True
    tells = ("programme", "period", "run", "cut_off")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--programme", required=True, metavar="P")
        parser.add_argument("--period", required=True, metavar="PERIOD", help="2026-10, 2026-Q4, 2026-W23 or 2026")
        parser.add_argument("--run", required=True, metavar="RUN", help="a run of the programme's cycle, such as S1")
        parser.add_argument(
            "--cut-off", type=int, metavar="N", help="a position of the log; the last usage file if left out"
        )

    def act(self, *, programme: str, period: str, run: str, cut_off: int | None, actor: str, **_: Any) -> None:
        log.seal()
        found = reconciliation.propose(
            programme=programme, period=period, kind=run, cut_off=cut_off, actor=actor_named(actor)
        )
        log.seal()
        summary = summary_of(found)
        self.say(
            f"Run {found.kind} of {programme}, {period}: {summary['lines']} lines, "
            f"facts up to log position {found.cut_off}"
        )
        self.say(
            f"  claimed   {hours_from_ms(summary['claimed_ms']):>18} h {text_from_minor(summary['claimed_minor']):>18}"
        )
        self.say(
            f"  allowed   {hours_from_ms(summary['allowed_ms']):>18} h {text_from_minor(summary['allowed_minor']):>18}"
        )
        for cut in summary["adjusted"]:
            hours, amount = hours_from_ms(cut["quantity_ms"]), text_from_minor(cut["amount_minor"])
            self.say(f"  {cut['code']:<14}{hours:>14} h {amount:>18}  {cut['bearer']}, {cut['lines']} lines")
        self.say(f"  public share        {text_from_minor(summary['subsidy_minor']):>29}")
        self.say(f"  enterprises' share  {text_from_minor(summary['enterprise_minor']):>29}")
        for code, finding in summary["findings"].items():
            self.say(f"  finding {code:<14}{finding['count']:>8}")
        self.say(f"  manifest  {found.manifest_digest}")
        self.answer(summary)
