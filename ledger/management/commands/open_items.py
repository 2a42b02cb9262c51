"""List the clearing accounts that are not zero."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from ledger import clock
from ledger.books.open_items import OpenItem, open_items
from ledger.commands import Command as BaseCommand


class Command(BaseCommand):
    help = "List the clearing accounts that are not zero, since when, and by when they must be; due first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--fund", default="", help="only of this fund or collector")
        parser.add_argument("--type", action="append", default=[], metavar="TYPE", help="only of this account type")
        parser.add_argument(
            "--key", default="", help="only accounts of which one key is this, such as a line or voucher"
        )

    def act(self, *, fund: str, type: list[str], key: str, **_: Any) -> None:  # noqa: A002 (the option's name)
        items = open_items(None, fund=fund, types=type, key=key)
        for item in items:
            until = f"{item.deadline}{' OVERDUE' if item.overdue else ''}" if item.deadline else item.cleared_when
            self.say(f"{item.code}  {item.balance:,} {item.asset}  {item.age_days} days, until {until}")
        overdue = sum(item.overdue for item in items)
        self.say(f"{len(items):,} open, {overdue:,} overdue.")
        self.answer({"overdue": overdue, "items": [_told(item) for item in items]})


def _told(item: OpenItem) -> dict[str, Any]:
    document = asdict(item)
    document["since"] = clock.iso_utc(document.pop("since_ms"))
    document["deadline"] = item.deadline.isoformat() if item.deadline else None
    return document
