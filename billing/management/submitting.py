"""What the two submitting commands share."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import CommandParser
from django.db import connection

from billing.metering import services as metering
from billing.metering.formats import FORMATS, load_profile
from billing.metering.services import Origin, Slip, Upload
from ledger.commands import Command as BaseCommand
from ledger.commands import existing_file
from ledger.errors import NotFound
from ledger.log import services as log
from ledger.units import hours_from_ms
from vouchers.people.actors import actor_named

RETURNED_SHOWN = 20


class SubmittingCommand(BaseCommand):
    """Submit files of one cluster; evidence names its source too."""

    with_source: bool
    tells = ("centre", "cluster", "source", "format")

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare what the command takes."""
        parser.add_argument("files", nargs="+", metavar="FILE", type=existing_file)
        parser.add_argument("--centre", required=True, metavar="C")
        parser.add_argument("--cluster", required=True, metavar="K")
        if self.with_source:
            parser.add_argument("--source", required=True, metavar="S")
        parser.add_argument("--format", choices=sorted(FORMATS), help="how the file is written; a profile says it too")
        parser.add_argument("--profile", type=existing_file, metavar="FILE", help="a mapping profile in YAML")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen and write nothing")
        parser.add_argument("--actor", metavar="LOGIN", help="the person on whose behalf this is done")

    def act(self, *, files: list[str], dry_run: bool, actor: str | None, **options: Any) -> None:
        """Submit each file in a transaction of its own and print its slip."""
        profile_bytes = Path(options["profile"]).read_bytes() if options["profile"] else b""
        profile = load_profile(profile_bytes) if profile_bytes else None
        format_name = options["format"] or (profile.format if profile else None)
        if format_name is None:
            self.called_wrongly("Name the format with --format, or a profile with --profile.")
        if actor is None and not dry_run:
            self.called_wrongly("Name the person on whose behalf this is done with --actor.")
        origin = self.origin(may_be_unknown=dry_run, **options)
        slips = []
        for file in files:
            with Path(file).open("rb") as stream:
                digest = hashlib.sha256(profile_bytes).hexdigest() if profile_bytes else ""
                upload = Upload(stream, Path(file).name, format_name, profile, digest)
                slip = self.take(upload, origin, None if dry_run else actor)
            self.progress("")
            self.print_slip(slip, dry_run=dry_run)
            slips.append(slip)
        went_back = any(slip.counts[outcome] for slip in slips for outcome in ("rejected", "conflict"))
        documents = [slip.as_json() for slip in slips]
        self.answer(documents[0] if len(documents) == 1 else {"files": documents}, findings=went_back)

    def take(self, upload: Upload, origin: Origin, actor: str | None) -> Slip:
        """Submit one file and seal it, so that a run can see it; without an actor, only say what would happen."""

        def progress(rows: int) -> None:
            self.progress(f"{upload.name}: {rows:,} rows read")

        if actor is None:
            return metering.dry_run(upload=upload, origin=origin, progress=progress)
        slip = metering.submit(upload=upload, origin=origin, actor=actor_named(actor), progress=progress)
        log.seal()
        return slip

    def origin(self, *, may_be_unknown: bool, centre: str, cluster: str, source: str | None = None, **_: Any) -> Origin:
        """Find the cluster; a dry run may be about one that no world file declares."""
        if may_be_unknown:
            with connection.cursor() as cursor:
                cursor.execute("SELECT to_regclass('vouchers_cluster') IS NOT NULL")
                if not cursor.fetchone()[0]:
                    return Origin()
            try:
                return metering.find_origin(centre=centre, cluster=cluster, source=source)
            except NotFound:
                return Origin()
        return metering.find_origin(centre=centre, cluster=cluster, source=source)

    def called_wrongly(self, sentence: str) -> NoReturn:
        """Say what the call lacks and exit with 2."""
        self.stderr.write(sentence)
        sys.exit(2)

    def print_slip(self, slip: Slip, *, dry_run: bool) -> None:
        """Print a slip for people."""
        self.say(f"{slip.file}: {slip.rows:,} rows" + (" (dry run, nothing was written)" if dry_run else ""))
        for outcome, count in slip.counts.items():
            if count or outcome == "accepted":
                self.say(f"  {outcome:<10}{count:>12,}")
            for code, lines in slip.codes.get(outcome, {}).items():
                self.say(f"    {code:<40}{lines:>8,}")
        figures = slip.metered
        self.say(
            f"  GPU-hours   {hours_from_ms(figures['gpu_ms']):>20}   core-hours {hours_from_ms(figures['core_ms']):>20}"
        )
        for name, part in figures["by_class"].items():
            hours = part["gpu_ms"] or part["core_ms"]
            self.say(f"    {name:<16}{hours_from_ms(hours):>20} h")
        self.say(f"  SHA-256     {slip.digest}")
        if slip.receipt:
            self.say(f"  receipt     {slip.receipt['id']}, {slip.receipt['recorded_at']}")
        for line in slip.returned[:RETURNED_SHOWN]:
            self.say(f"  line {line['line']}: {line['outcome']}, {line['code']}: {line['reason']}")
        if len(slip.returned) > RETURNED_SHOWN:
            self.say(f"  … and {len(slip.returned) - RETURNED_SHOWN} more lines; --json lists up to 1,000.")
