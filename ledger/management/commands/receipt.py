"""Print the receipt of something that stands in the log."""

from __future__ import annotations

import json

from django.core.management.base import CommandParser

from ledger.books.statements import position_of_entry
from ledger.commands import Command as BaseCommand
from ledger.log import services as log
from ledger.log.checkpoints import sign
from ledger.log.proofs import receipt
from ledger.log.selectors import position_of


class Command(BaseCommand):
    help = (
        "Print the receipt of what stands in the log: a small JSON document that proves it to anybody, without us "
        "(docs/verifying.md). Seals and signs first, where that was not done."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "what",
            metavar="WHAT",
            help="a position (17), a submitter's number (north/3), an id, or an entry's idempotency key",
        )

    def act(self, *, what: str) -> None:
        log.seal()
        sign()
        document = receipt(position_of_entry(what) or position_of(what))
        self.say(json.dumps(document, ensure_ascii=False, indent=2))
        self.answer(document)
