"""The main job on a small world, step by step, with the commands anybody would type."""

from __future__ import annotations

import io
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection

from billing.reconciliation.models import Run
from billing.settlement.models import Statement
from ledger import clock, ids
from ledger.errors import Refusal
from ledger.log import services as log
from vouchers.people.models import User
from vouchers.programmes.models import Programme

FOLDER = Path(settings.BASE_DIR) / "demo"
PROGRAMME = "QC26"
RUN = ["--programme", PROGRAMME, "--period", "2026-10", "--run", "S1"]
CLUSTER = ["--centre", "north", "--cluster", "n1"]

#: (the day it is in the demonstration, what happens, the command)
STEPS: list[tuple[str, str, list[str]]] = [
    (
        "2026-01-05",
        "The platform's operator declares the world: who takes part, the programme, two vouchers, two orders.",
        ["apply", "demo/world.yaml", "--actor", "ops"],
    ),
    (
        "2026-11-02",
        "The centre sends its scheduler's accounting file for October.",
        ["submit_usage", *CLUSTER, "--format", "slurm-sacct", "demo/north-n1-2026-10.sacct", "--actor", "north-ops"],
    ),
    (
        "2026-11-02",
        "The agency's own agent on the cluster sends what it saw.",
        [
            "submit_evidence",
            *CLUSTER,
            *["--source", "agent", "--format", "usage-csv", "demo/agent-n1-2026-10.csv", "--actor", "ops"],
        ],
    ),
    (
        "2026-11-16",
        "Ten working days after the month, claims are held against evidence.",
        ["reconcile", *RUN, "--actor", "ops"],
    ),
    (
        "2026-11-17",
        "The department approves the lines: value is redeemed, and the centre gets its statement.",
        ["settle", *RUN, "--actor", "approver"],
    ),
    ("2026-11-18", "The centre confirms it.", ["settle", *RUN, "--confirm", "--actor", "north-ops"]),
    (
        "2026-11-18",
        "Anybody who may see a line can ask why it is what it is.",
        ["explain", "O-hexi:2026-10"],
    ),
    ("2026-11-18", "The books prove themselves.", ["verify_books"]),
    ("2026-11-18", "Whoever keeps this checkpoint can prove any later change of what is in it.", ["checkpoint"]),
]


class DemoNeedsItsOwnDatabase(Refusal):
    """The database holds something else."""

    code = "demo_needs_its_own_database"
    message = "This database holds programmes that are not the demonstration's."
    remedy = "Unset DATABASE_URL to use the embedded database, or name an empty one."


class Command(BaseCommand):
    help = "Run the main job on a small world and print what happened. Running it again changes nothing."

    def handle(self, **_: Any) -> None:
        if Programme.objects.exclude(code=PROGRAMME).exists():
            refusal = DemoNeedsItsOwnDatabase()
            self.stderr.write(f"Refused ({refusal.code}): {refusal.sentence}\n{refusal.advice}")
            raise SystemExit(2)
        with _in_checkout():
            for number, (day, sentence, command) in enumerate(STEPS, start=1):
                self.step(number, day, sentence, command)
        self.digests()
        self.people()

    def step(self, number: int, day: str, sentence: str, command: list[str]) -> None:
        """Run one command on its day, and print it with what it said."""
        noon = datetime.fromisoformat(f"{day}T04:00:00").replace(tzinfo=UTC)  # noon in Beijing
        said = io.StringIO()
        with clock.held_at(int(noon.timestamp()) * 1000), ids.seeded(number):
            call_command(*command, stdout=said, stderr=self.stderr)
        self.stdout.write(self.style.MIGRATE_HEADING(f"\n{number}. {day}  {sentence}"))
        self.stdout.write(f"   $ manage.py {' '.join(command)}")
        for line in said.getvalue().splitlines():
            self.stdout.write(f"   {line}")

    def digests(self) -> None:
        """Print what must be the same after every demonstration, on every machine."""
        run = Run.objects.get(programme__code=PROGRAMME)
        statement = Statement.objects.get(run=run)
        with connection.cursor() as cursor:
            cursor.execute("SELECT encode(sha256(string_agg(input_digest, '' ORDER BY id)), 'hex') FROM ledger_entry")
            (books,) = cursor.fetchone()
        self.stdout.write(self.style.MIGRATE_HEADING("\nThe digests of this run; they are the same every time:"))
        for name, digest in (
            ("inputs", run.manifest["inputs"]["facts"]["sha256"]),
            ("policy", run.manifest["policy"]["sha256"]),
            ("outputs", run.manifest["outputs"]["lines"]["sha256"]),
            ("manifest", run.manifest_digest),
            ("statement", statement.document_id),
            ("books", books),
        ):
            self.stdout.write(f"   {name:<10}{digest}")
        self.stdout.write(f"   The log is sealed up to position {log.seal()}.")

    def people(self) -> None:
        """Give the demonstration's people one password and say how to look around."""
        password = _password()
        for user in User.objects.order_by("login"):
            if not user.check_password(password):
                user.set_password(password)
                user.save(update_fields=["password"])
        logins = ", ".join(User.objects.order_by("login").values_list("login", flat=True))
        self.stdout.write(self.style.MIGRATE_HEADING("\nLook around: make serve, then http://127.0.0.1:8000/"))
        self.stdout.write(f"   Sign in as one of {logins}; the password is {password}")


@contextmanager
def _in_checkout() -> Iterator[None]:
    """Run commands where their paths are those that are printed."""
    before = Path.cwd()
    os.chdir(settings.BASE_DIR)
    try:
        yield
    finally:
        os.chdir(before)


def _password() -> str:
    """Return the demonstration's password of this user and checkout, made once. It is in no repository."""
    kept: Path = settings.STATE_DIR / "demo-password"
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        kept.touch(mode=0o600)
        kept.write_text(secrets.token_urlsafe(9))
    return kept.read_text()
