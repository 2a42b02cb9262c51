"""Show how a group of accounts went from its opening to its closing balance."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandParser

from ledger.books.questions import day_named
from ledger.books.roll_forward import roll_forward
from ledger.commands import Command as BaseCommand


class Command(BaseCommand):
    help = (
        "Show what a group of accounts held, what each kind of entry moved by the time of happening, and what it holds."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from", required=True, metavar="DAY", dest="first", help="the first day")
        parser.add_argument("--to", required=True, metavar="DAY", dest="last", help="the last day, included")
        parser.add_argument("--fund", default="", help="only of this fund or collector")
        parser.add_argument("--kind", default="", help="only of these kinds of book, such as BM")
        parser.add_argument("--type", action="append", default=[], metavar="TYPE", help="only of this account type")
        parser.add_argument(
            "--key", default="", help="only accounts of which one key is this, such as a line or voucher"
        )

    def act(
        self,
        *,
        first: str,
        last: str,
        fund: str,
        kind: str,
        type: list[str],  # noqa: A002 (the option's name)
        key: str,
        **_: Any,
    ) -> None:
        from_day, to_day = day_named(first), day_named(last) + timedelta(days=1)
        groups = roll_forward(None, from_day=from_day, to_day=to_day, fund=fund, kinds=kind, types=type, key=key)
        for group in groups:
            self.say(f"{group.kind} in {group.asset}, on the {group.side} side")
            self.say(f"  opening {group.opening:,}")
            for row in group.rows:
                self.say(f"  {row.template}: debited {row.debits:,}, credited {row.credits:,}, net {row.net:,}")
            self.say(f"  closing {group.closing:,}")
        if not groups:
            self.say("Nothing had happened on these accounts by then.")
        self.answer(
            {"from": first, "to": last, "groups": [asdict(group) | {"closing": group.closing} for group in groups]}
        )
