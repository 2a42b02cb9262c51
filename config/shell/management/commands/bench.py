"""Run a benchmark of `bench/` in a database of its own."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import connections
from psycopg import sql

DATABASE = "quanbu_bench"


class Command(BaseCommand):
    help = "Run the benchmarks of bench/, each against its yardstick in the same run, and print ratios of medians."

    def add_arguments(self, parser: CommandParser) -> None:
        names = sorted(
            path.stem for path in (Path(settings.BASE_DIR) / "bench").glob("[a-z]*.py") if path.stem != "pgbench"
        )
        parser.add_argument("names", nargs="*", metavar="NAME", choices=[*names, []], help=", ".join(names))
        parser.add_argument("--rounds", type=int, default=5, help="alternating rounds after one to warm up (5)")
        self.all_names = names

    def handle(self, *, names: list[str], rounds: int, **_: Any) -> None:
        for name in names or self.all_names:
            with scratch_database():
                with connections["default"].cursor() as cursor:
                    cursor.execute("SELECT version()")
                    server = cursor.fetchone()[0].split(" on ")[0]
                self.stdout.write(f"{name}: {server}, Python {platform.python_version()}, {rounds} rounds")
                for comparison in import_module(f"bench.{name}").measure(rounds):
                    self.stdout.write(f"  {comparison}")
                    self.stdout.flush()


@contextmanager
def scratch_database() -> Iterator[None]:
    """Create, migrate and use an empty database, and drop it afterwards."""
    before = connections.settings["default"]["NAME"]
    _about("DROP DATABASE IF EXISTS {} WITH (FORCE)")
    _about("CREATE DATABASE {}")
    _use(DATABASE)
    try:
        call_command("setup_database", verbosity=0)
        yield
    finally:
        _use(before)
        _about("DROP DATABASE IF EXISTS {} WITH (FORCE)")


def _about(statement: str) -> None:
    with connections["owner"]._nodb_cursor() as cursor:  # noqa: SLF001 (Django's only way to speak outside a database)
        cursor.execute(sql.SQL(statement).format(sql.Identifier(DATABASE)))


def _use(database: str) -> None:
    for alias in ("default", "owner"):
        connections[alias].close()
        connections.settings[alias]["NAME"] = database
