"""Evaluate every invariant of the books, the log, the documents and the floors above."""

from __future__ import annotations

from pathlib import Path

from django.core.management.base import CommandParser

from ledger.commands import Command as BaseCommand
from ledger.commands import existing_file
from ledger.verification import verify


class Command(BaseCommand):
    help = "Check every invariant: balances recomputed, books balanced, identities, files, documents and the log."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--checkpoint",
            action="append",
            default=[],
            type=existing_file,
            metavar="FILE",
            help="a checkpoint that was kept elsewhere, to hold the log against; may be given several times",
        )

    def act(self, *, checkpoint: list[str]) -> None:
        outside = {file: Path(file).read_text(encoding="utf-8", errors="replace") for file in checkpoint}
        verdicts = verify(progress=self.progress, outside=outside)
        self.progress("")
        for verdict in verdicts:
            mark = "holds   " if verdict.holds else "VIOLATED"
            self.say(f"{mark}  {verdict.invariant.name.replace('_', ' ')}")
            for subject, fact in verdict.first:
                self.say(f"          {subject}: {fact}")
            if verdict.violations > len(verdict.first):
                self.say(f"          … and {verdict.violations - len(verdict.first):,} more")
        broken = [verdict for verdict in verdicts if not verdict.holds]
        if broken:
            self.say(
                f"{len(broken)} of {len(verdicts)} invariants are violated; the first is {broken[0].invariant.name}."
            )
        else:
            self.say(f"All {len(verdicts)} invariants hold.")
        self.answer(
            {
                "holds": not broken,
                "first_violated": broken[0].invariant.name if broken else None,
                "invariants": [
                    {
                        "name": verdict.invariant.name,
                        "sentence": verdict.invariant.sentence,
                        "violations": verdict.violations,
                        "first": [{"subject": subject, "fact": fact} for subject, fact in verdict.first],
                    }
                    for verdict in verdicts
                ],
            },
            findings=bool(broken),
        )
