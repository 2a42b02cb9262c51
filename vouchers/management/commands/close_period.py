"""Close the books of a programme for a period."""

from __future__ import annotations

from django.core.management.base import CommandParser

from ledger import clock
from ledger.commands import Command as BaseCommand
from vouchers.people.actors import actor_named
from vouchers.programmes.services import close_books


class Command(BaseCommand):
    help = (
        "As finance: close the books of a programme up to the end of a period. What happened before is posted there no "
        "more; a late fact takes a correction dated in the next, open period."
    )
    writes = True
    tells = ("programme", "period", "document")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--programme", required=True, metavar="P")
        parser.add_argument("--period", required=True, metavar="PERIOD", help="such as 2026-10, 2026-Q4 or 2026")
        parser.add_argument("--document", default="", help="the number of the decision behind it")

    def act(self, *, actor: str, programme: str, period: str, document: str) -> None:
        end_ms, closed = close_books(programme=programme, period=period, document=document, actor=actor_named(actor))
        if closed:
            self.say(f"{closed} book(s) of {programme} are closed up to {clock.iso_utc(end_ms)}.")
        else:
            self.say(f"The books of {programme} were closed up to {clock.iso_utc(end_ms)} before; nothing changed.")
        self.answer({"programme": programme, "period": period, "open_from": clock.iso_utc(end_ms), "closed": closed})
