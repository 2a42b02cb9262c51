"""Say why a statement line was allowed what it was."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from billing.codes import CODES
from billing.reconciliation.models import StatementLine
from billing.reconciliation.selectors import explanation_of
from ledger.commands import Command as BaseCommand
from ledger.errors import NotFound
from ledger.units import hours_from_ms, text_from_minor

ROWS_SHOWN = 20


class Command(BaseCommand):
    help = "Say why a statement line was allowed what it was, down to the attempts behind it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("line", metavar="LINE", help="a statement line's code, such as O1:2026-10")

    def act(self, *, line: str, **_: Any) -> None:
        found = StatementLine.objects.filter(code=line).first()
        if found is None:
            raise NotFound(kind="statement line", name=line)
        told = explanation_of(found)
        reason = told["explanation"]
        self.say(f"{line}: {told['beneficiary']} at {told['payee']}, {told['device_class']}, voucher {told['voucher']}")
        for base in reason["base"]:
            self.say(
                f"  {hours_from_ms(base['allowed_ms'])} h allowed at {text_from_minor(base['minor_per_hour'])} an hour "
                f"({base['price_list']}) = {text_from_minor(base['allowed_minor'])}"
            )
        self.say(
            f"  {text_from_minor(reason['rate_bps'])} % of it is public: "
            f"{text_from_minor(reason['subsidy_before_caps_minor'])}"
        )
        for cap in reason["caps"]:
            bound = "binds" if cap["binds"] else "does not bind"
            self.say(f"  cap: {cap['cap']}, {text_from_minor(cap['limit_minor'])}: {bound}")
        for cut in told["adjustments"]:
            amount = text_from_minor(cut["amount_minor"])
            self.say(f"  {cut['code']}: {hours_from_ms(cut['quantity_ms'])} h, {amount}, borne by {cut['bearer']}")
            self.say(f"    {CODES[cut['code']].sentence} {CODES[cut['code']].resolution}")
        self.say(f"  rounding: {reason['rounding']}")
        self.say(f"  {told['parts_count']} attempts stand behind it:")
        for part in told["parts"][:ROWS_SHOWN]:
            self.say(
                f"    {part['attempt'].partition('@')[0]:<10}{part['started_at'][:16]}Z {part['state']:<12}"
                f"{part['claimed_hours']:>14} h claimed{part['allowed_hours']:>14} h allowed  {part['code']:<12}"
                f" line {part['line']} of {part['file']}"
            )
        self.answer(told)
