"""Clients that only speak SQL: PostgreSQL's own pgbench, so that the client costs as little as it can."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from django.db import connections

from config.database.binaries import chosen as chosen_binaries


def run(script: str, *, clients: int, transactions: int) -> tuple[float, float]:
    """Run a script so many times over all clients; return the seconds and the 99th percentile in ms."""
    wanted = connections["default"].get_connection_params()
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}
    environment = os.environ | {names[key]: str(value) for key, value in wanted.items() if key in names and value}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "script.sql").write_text(script, encoding="utf-8")
        done = subprocess.run(
            [program(), "-n", "-M", "prepared", "-c", str(clients), "-j", str(min(clients, 2)), "-t",
             str(transactions // clients), "-f", "script.sql", "--log"],
            cwd=folder, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        found = re.search(r"tps = ([\d.]+)", done.stdout)
        if done.returncode or found is None:
            raise RuntimeError(done.stderr[-2000:])
        lines = [line for log in Path(folder).glob("pgbench_log*") for line in log.read_text().splitlines()]
    latencies_us = sorted(int(line.split()[2]) for line in lines)
    return transactions / float(found[1]), latencies_us[len(latencies_us) * 99 // 100] / 1000


def program() -> str:
    """Find pgbench: beside the embedded server, or on the PATH."""
    beside = chosen_binaries()
    if beside.has("pgbench"):
        return beside.program("pgbench")
    found = shutil.which("pgbench")
    if found is None:
        raise RuntimeError("pgbench is needed: put it on the PATH (Debian: apt-get install postgresql-client).")
    return found
