"""Taking in a usage file, against COPY of the same file into one text table."""

from __future__ import annotations

import io

from django.db import connections

from bench import Comparison, alternate
from billing.metering import services as metering
from billing.metering.services import Origin, Upload

ROWS = 50_000
HEADER = "JobIDRaw|Account|Submit|Start|End|ElapsedRaw|State|AllocTRES"


def content_of(number: int) -> bytes:
    """Return a file of ROWS attempts, other attempts in each round."""
    lines = [
        f"{number * ROWS + one}|lab|2026-10-05T00:00:00|2026-10-05T00:00:{one % 60:02d}|"
        f"2026-10-05T10:00:{one % 60:02d}|36000|COMPLETED|"
        f"billing=8,cpu={8 + one % 5},gres/gpu={1 + one % 8},mem=64G,node=1"
        for one in range(ROWS)
    ]
    return "\n".join((HEADER, *lines, "")).encode()


def measure(rounds: int) -> list[Comparison]:
    """Compare staging, classifying and adding up a file with COPY of its lines."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("CREATE TABLE floor_line (line text)")
    files = [content_of(number) for number in range(rounds + 1)]

    def ours(number: int) -> None:
        upload = Upload(io.BytesIO(files[number]), "bench.sacct", "slurm-sacct")
        metering.dry_run(upload=upload, origin=Origin())

    def copy(number: int) -> None:
        with connections["owner"].cursor() as cursor, cursor.copy("COPY floor_line FROM STDIN") as rows:
            rows.write(files[number])

    return [alternate(f"read, stage and add up {ROWS:,} rows", "COPY of the same file", rounds, ours, copy)]
