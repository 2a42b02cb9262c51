"""What every management command shares: `--json`, `--actor`, refusals kept and as exit codes, progress on a terminal.

Exit codes: 0 when all is well, 1 when something is wrong in the data, 2 when the call was wrong or refused.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from ledger.errors import Refusal
from ledger.refusals.rules import Asked, digest_of
from ledger.refusals.services import keep

FINDINGS = 1
CALLED_WRONGLY = 2
#: Options that Django gives every command.
NOT_OURS = ("settings", "pythonpath", "traceback", "no_color", "force_color", "skip_checks", "verbosity",
            "stdout", "stderr")  # fmt: skip


class ExistingFile(str):
    """The path of a file on the command line. Of a refused command its digest is kept, not its path."""

    __slots__ = ()


class Command(BaseCommand):
    """A command that prints for people, or one JSON document for machines.

    Subclasses implement `act(**options)`, print through `say` and end with `answer`. `writes` adds `--actor`;
    `tells` names the options whose codes say what a refused command was about.
    """

    writes = False
    tells: ClassVar[tuple[str, ...]] = ()
    act: Callable[..., None]
    """What the command is for; takes its options as keywords."""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Add the options that every command of ours takes."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.add_argument("--json", action="store_true", help="print one JSON document on standard output")
        if self.writes:
            parser.add_argument(
                "--actor", required=True, metavar="LOGIN", help="the person on whose behalf this is done"
            )
        return parser

    def handle(self, *_: Any, **options: Any) -> None:
        """Run the act; a refusal is printed with what would satisfy it, and kept where somebody acted."""
        self.as_json = bool(options.pop("json"))
        for common in NOT_OURS:
            options.pop(common, None)
        try:
            self.act(**options)
        except Refusal as refusal:
            if options.get("actor") and not options.get("dry_run"):
                keep(refusal, lambda: self.asked(options))
            self.refuse(refusal)

    def asked(self, options: dict[str, Any]) -> Asked:
        """Say what the command was asked for; the digest is that of its name and options, files by their own."""
        name = type(self).__module__.rpartition(".")[2]
        inputs = {option: _as_input(value) for option, value in options.items() if option != "actor"}
        return Asked(
            act=f"manage.py {name}",
            actor=options["actor"],
            about={option: options[option] for option in self.tells if options.get(option)},
            inputs_digest=digest_of({"command": name, "options": inputs}),
        )

    def say(self, line: str = "") -> None:
        """Print a line for people; nothing when the answer is JSON."""
        if not self.as_json:
            self.stdout.write(line)

    def answer(self, document: dict[str, Any], *, findings: bool = False) -> None:
        """Print the JSON document if that was asked for, and exit with 1 if there were findings."""
        if self.as_json:
            self.stdout.write(json.dumps(document, ensure_ascii=False, indent=2))
        if findings:
            sys.exit(FINDINGS)

    def refuse(self, refusal: Refusal) -> NoReturn:
        """Print a refusal and exit with its code: data that has errors is 1, everything else 2."""
        problems = [str(problem) for problem in getattr(refusal, "problems", [])]
        if self.as_json:
            document = {"code": refusal.code, "title": refusal.sentence, "detail": refusal.advice, "problems": problems}
            self.stdout.write(json.dumps(document, ensure_ascii=False, indent=2))
        for problem in problems:
            self.stderr.write(problem)
        self.stderr.write(f"Refused ({refusal.code}): {refusal.sentence}")
        self.stderr.write(refusal.advice)
        sys.exit(FINDINGS if problems else CALLED_WRONGLY)

    def progress(self, text: str) -> None:
        """Show how far long work has come, on a terminal only."""
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()


def _as_input(value: Any) -> Any:
    """Replace a file by the SHA-256 of its bytes; what is no plain file, or too large for us, by its absence."""
    if isinstance(value, list):
        return [_as_input(inner) for inner in value]
    if not isinstance(value, ExistingFile):
        return value
    path = Path(value)
    if not path.is_file() or path.stat().st_size > settings.DOCUMENT_BYTES_MAX:
        return None
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def existing_file(path: str) -> str:
    """Check on the command line that a file is there and readable: argparse turns the error into exit code 2."""
    try:
        with open(path, "rb"):  # noqa: PTH123 (only to ask whether it opens)
            return ExistingFile(path)
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{path}: {error.strerror}") from None
