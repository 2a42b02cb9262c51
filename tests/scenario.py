"""A small world for tests, and the acts of the main job by name. Builders call the real services only.

The world is written as the same YAML that people write; the usage as the same lines that centres send.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from django.core.management import call_command

from billing.metering import services as metering
from billing.metering.services import Slip, Upload
from billing.reconciliation import services as reconciliation
from billing.reconciliation.models import Run
from billing.settlement import services as settlement
from ledger import clock
from ledger.log import services as log
from vouchers.people.actors import actor_named
from vouchers.world.reading import read
from vouchers.world.services import Changes, apply

ROOT = Path(__file__).resolve().parents[1]
HEADER = "JobIDRaw|Account|Submit|Start|End|ElapsedRaw|State|AllocTRES"


def at(moment: str) -> int:
    """Return an instant such as 2026-11-16T04:00 (UTC) in milliseconds."""
    return int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()) * 1000


@contextmanager
def today(day: str) -> Iterator[None]:
    """Hold the clock at noon in Beijing of a day."""
    with clock.held_at(at(f"{day}T04:00")):
        yield


def world() -> dict[str, Any]:
    """Return a world with one programme at 30 %, one centre, two enterprises, a voucher and an order each."""
    return {
        "world": "quanbu/1",
        "organisations": [
            {"code": code, "kind": kind, "name": code}
            for code, kind in (
                ("dept", "department"),
                ("fin", "finance"),
                ("plat", "operator"),
                ("c1", "centre"),
                ("e1", "enterprise"),
                ("e2", "enterprise"),
                ("aud", "auditor"),
            )
        ],
        "people": [
            {"login": login, "name": login, "roles": [{"organisation": organisation, "role": role}]}
            for login, organisation, role in (
                ("op", "plat", "operator"),
                ("boss", "dept", "department_approver"),
                ("clerk", "dept", "department_officer"),
                ("cash", "fin", "finance_officer"),
                ("c1-op", "c1", "centre_officer"),
                ("e1-op", "e1", "enterprise_officer"),
                ("e2-op", "e2", "enterprise_officer"),
                ("check", "aud", "auditor"),
            )
        ],
        "device_classes": [
            {"code": "A100", "unit": "gpu", "name": "A100"},
            {"code": "CORE", "unit": "core", "name": "a core"},
        ],
        "centres": [
            {
                "code": "c1",
                "name": "Centre 1",
                "organisation": "c1",
                "clusters": [
                    {
                        "code": "k1",
                        "time_zone": "Asia/Shanghai",
                        "export_time_zone": "UTC",
                        "devices": {"gpu": "A100", "a100": "A100", "cpu": "CORE"},
                        "accounts": {"lab1": "e1", "lab2": "e2"},
                    }
                ],
                "evidence_sources": [
                    {"code": "agent", "organisation": "plat", "trust_domain": "agency"},
                    {"code": "own", "organisation": "c1", "trust_domain": "centre"},
                ],
                "price_lists": [
                    {"code": "P26", "from": "2026-01-01", "until": "2027-01-01", "prices": {"A100": "20.00"}}
                ],
            }
        ],
        "programmes": [
            {
                "code": "P1",
                "name": "Programme 1",
                "department": "dept",
                "finance": "fin",
                "operator": "plat",
                "from": "2026-01-01",
                "until": "2027-01-01",
                "subsidy_rate": "30%",
                "funding": {"prov": "1", "city": "1"},
                "appropriations": [
                    {
                        "document": "D-1",
                        "on": "2026-01-02",
                        "budget_year": "2026",
                        "amounts": {"prov": "50000.00", "city": "50000.00"},
                    }
                ],
            }
        ],
        "vouchers": [
            {
                "code": f"V{number}",
                "programme": "P1",
                "holder": f"e{number}",
                "award": f"A{number}",
                "face": "10000.00",
                "from": "2026-02-01",
                "until": "2027-01-01",
            }
            for number in (1, 2)
        ],
        "orders": [
            {
                "code": f"O{number}",
                "voucher": f"V{number}",
                "centre": "c1",
                "cluster": "k1",
                "account": f"lab{number}",
                "device_class": "A100",
                "hold": "3000.00",
                "from": "2026-10-01",
                "until": "2026-12-01",
            }
            for number in (1, 2)
        ],
    }


def declare(data: dict[str, Any] | None = None, actor: str = "op") -> Changes:
    """Apply a world."""
    content = yaml.safe_dump(data or world(), allow_unicode=True, sort_keys=False).encode()
    with today("2026-01-05"):
        return apply([read(content, "world.yaml")], actor=actor)


def row(
    job: int,
    start: str,
    end: str,
    *,
    gpus: int = 1,
    cores: int = 0,
    account: str = "lab1",
    state: str = "COMPLETED",
    submit: str = "",
) -> str:
    """Return one accounting line; times are UTC, such as 2026-10-05T00:00:00."""
    seconds = int((datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds())
    held = f"cpu={cores},gres/gpu={gpus},node=1" if gpus else f"cpu={cores},node=1"
    return f"{job}|{account}|{submit or start}|{start}|{end}|{seconds}|{state}|{held}"


def submit(*rows: str, source: str | None = None, actor: str | None = None, name: str = "usage.sacct") -> Slip:
    """Submit accounting lines as the centre's claim, or as evidence of a source."""
    content = "\n".join((HEADER, *rows, "")).encode()
    origin = metering.find_origin(centre="c1", cluster="k1", source=source)
    person = actor_named(actor or ("op" if source == "agent" else "c1-op"))
    slip = metering.submit(upload=Upload(io.BytesIO(content), name, "slurm-sacct"), origin=origin, actor=person)
    log.seal()
    return slip


def run(period: str = "2026-10", kind: str = "S1", actor: str = "op", cut_off: int | None = None) -> Run:
    """Run the reconciliation on 16 November 2026."""
    with today("2026-11-16"):
        return reconciliation.propose(
            programme="P1", period=period, kind=kind, cut_off=cut_off, actor=actor_named(actor)
        )


def approve(period: str = "2026-10", kind: str = "S1", actor: str = "boss") -> list[Any]:
    """Approve every line of the run that stands."""
    with today("2026-11-17"):
        return settlement.approve(programme="P1", period=period, kind=kind, actor=actor_named(actor))


def command(name: str, *arguments: str) -> dict[str, Any]:
    """Run a management command with --json and return its document."""
    said = io.StringIO()
    call_command(name, *arguments, "--json", stdout=said)
    document: dict[str, Any] = json.loads(said.getvalue())
    return document
