"""Small usage files, written from rows that say only what matters to the test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from io import BytesIO
from typing import Any

import pytest

from billing.metering.formats import Attempt, Unusable, load_profile, read

Result = Attempt | Unusable


class SacctFile:
    """Writes and reads what `sacct --parsable2` would print."""

    columns = (
        "JobID", "JobIDRaw", "Cluster", "Account", "Submit", "Start", "End", "ElapsedRaw", "Suspended", "State",
        "NCPUS", "ReqTRES", "AllocTRES", "NodeList", "JobName",
    )  # fmt: skip
    usual = {
        "JobID": "7",
        "JobIDRaw": "7",
        "Cluster": "north",
        "Account": "lab",
        "Submit": "2026-10-01T07:59:00",
        "Start": "2026-10-01T08:00:00",
        "End": "2026-10-01T09:00:00",
        "ElapsedRaw": "3600",
        "Elapsed": "01:00:00",
        "Suspended": "00:00:00",
        "State": "COMPLETED",
        "NCPUS": "96",
        "ReqTRES": "billing=96,cpu=96,gres/gpu=1",
        "AllocTRES": "billing=8,cpu=8,gres/gpu:a100=2,gres/gpu=2,node=1",
        "NodeList": "n1",
        "JobName": "train",
    }

    def line(self, row: Mapping[str, str], columns: Iterable[str] | None = None) -> str:
        return "|".join({**self.usual, **row}[name] for name in columns or self.columns)

    def text(self, *rows: Mapping[str, str], columns: Iterable[str] | None = None) -> str:
        names = tuple(columns or self.columns)
        return "\n".join(["|".join(names), *(self.line(row, names) for row in rows)]) + "\n"

    def read(self, data: str | bytes, *, profile: str | None = None, zone: str = "UTC", **more: Any) -> list[Result]:
        return list(
            read(
                BytesIO(data.encode() if isinstance(data, str) else data),
                format="slurm-sacct",
                profile=load_profile(profile) if profile else None,
                export_time_zone=zone,
                **more,
            )
        )

    def row(self, columns: Iterable[str] | None = None, zone: str = "UTC", **row: str) -> Result:
        (result,) = self.read(self.text(row, columns=columns), zone=zone)
        return result

    def attempt(self, **more: Any) -> Attempt:
        result = self.row(**more)
        assert isinstance(result, Attempt), result
        return result

    def fault(self, **more: Any) -> tuple[str, str]:
        result = self.row(**more)
        assert isinstance(result, Unusable), result
        return result.outcome, result.code


class CsvFile:
    """Writes and reads usage-csv/1."""

    usual = {
        "schema": "usage-csv/1",
        "cluster": "north",
        "job_id": "7",
        "attempt": "1",
        "submitted_at": "2026-10-01T15:59:00+08:00",
        "started_at": "2026-10-01T16:00:00+08:00",
        "ended_at": "2026-10-01T09:00:00Z",
        "elapsed_s": "3600",
        "accelerator": "a100",
        "accelerator_count": "2",
        "state": "COMPLETED",
        "account": "lab",
        "nodes": "n1",
        "core_count": "8",
    }

    def text(self, *rows: Mapping[str, str], footer: str = "") -> str:
        names = list(dict.fromkeys([*self.usual, *(name for row in rows for name in row)]))
        lines = [",".join(names)]
        for row in rows:
            whole = {**dict.fromkeys(names, ""), **self.usual, **row}
            lines.append(",".join(whole[name] for name in names))
        return "\n".join(lines) + "\n" + footer

    def read(self, data: str | bytes, *, profile: str | None = None, **more: Any) -> list[Result]:
        return list(
            read(
                BytesIO(data.encode() if isinstance(data, str) else data),
                format="usage-csv",
                profile=load_profile(profile) if profile else None,
                export_time_zone="Asia/Shanghai",
                **more,
            )
        )

    def row(self, **row: str) -> Result:
        (result,) = self.read(self.text(row))
        return result

    def attempt(self, **row: str) -> Attempt:
        result = self.row(**row)
        assert isinstance(result, Attempt), result
        return result

    def fault(self, **row: str) -> tuple[str, str]:
        result = self.row(**row)
        assert isinstance(result, Unusable), result
        return result.outcome, result.code


@pytest.fixture(scope="session")
def sacct() -> SacctFile:
    return SacctFile()


@pytest.fixture(scope="session")
def usage_csv() -> CsvFile:
    return CsvFile()
