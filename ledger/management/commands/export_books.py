"""Write the sealed books for independent checkers."""

from __future__ import annotations

import sys
from dataclasses import asdict
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from ledger.commands import Command as BaseCommand
from ledger.exports.services import FORMATS, JOURNALS, export, tell
from ledger.log import services as log


class Command(BaseCommand):
    help = (
        "Write the books for independent checkers, as they are sealed under the newest checkpoint: as a journal of "
        "Beancount or hledger (a new file, or standard output), or as tables of CSV, plain or after ISO 21378 (a new "
        "folder). Plain tables come with every leaf of the log, for ledger/log/verifier.py to check. Seals and signs "
        "first."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", required=True, choices=FORMATS, help="how to write them")
        parser.add_argument(
            "--out", type=Path, metavar="PLACE", help="a new file for a journal, a new or empty folder for tables"
        )

    def act(self, *, format: str, out: Path | None, **_: Any) -> None:  # noqa: A002 (the option's name)
        log.seal(sign_at_once=True)
        if out is None and format in JOURNALS and not self.as_json:
            if isinstance(sys.stdout, TextIOWrapper):
                sys.stdout.reconfigure(encoding="utf-8")  # a journal is UTF-8 whatever the terminal's language
            tell(format, lambda piece: self.stdout.write(piece, ending=""))
            return
        exported = export(format, out)
        self.say(
            f"{out}: {exported.entries:,} entries with {exported.transfers:,} transfers, "
            f"sealed up to position {exported.position:,}."
        )
        if exported.gone:
            self.say(f"Of {exported.gone} position(s) what was sealed is gone from the database: run verify_books.")
        self.answer({"format": format, "place": str(out), **asdict(exported)}, findings=exported.gone > 0)
