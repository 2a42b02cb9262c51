"""The main job on a real, anonymised accounting file of 4,285 rows; its totals computed again in a few lines.

The file states no zone: it is read in UTC. Accounts are enterprises; cores and GPUs are classes. The evidence is made
from the file by a stated rule: a job whose id ends in 0 was not seen; one whose id ends in 1 was seen with a core less.
"""

import csv
import io
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from billing.metering import services as metering
from billing.metering.formats import load_profile
from billing.metering.services import Upload
from billing.reconciliation.services import propose
from billing.settlement import services as settlement
from ledger import clock
from ledger.books.models import Account
from ledger.log import services as log
from ledger.units import MS_PER_HOUR, divide_half_even
from ledger.verification import verify
from vouchers.people.actors import actor_named
from vouchers.world.reading import read
from vouchers.world.services import apply

FILE = Path(__file__).resolve().parents[2] / "../shared/data/sacct/phillips.log"
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.database,
    pytest.mark.skipif(not FILE.exists(), reason="the real accounting file is not here (../shared/data/sacct)"),
]
COLUMNS = (  # noqa: SIM905 (as sacct is asked for them)
    "JobID JobIDRaw Cluster Partition QOS Account Group GID User UID Submit Eligible Start End Elapsed ExitCode State "
    "NNodes NCPUS ReqCPUS ReqMem ReqTRES AllocTRES Timelimit NodeList JobName"
).split()
EVIDENCE_COLUMNS = (  # noqa: SIM905 (as above)
    "schema cluster job_id attempt submitted_at started_at ended_at elapsed_s accelerator accelerator_count core_count "
    "state account"
).split()
PROFILE = yaml.safe_dump({"format": "slurm-sacct", "columns": COLUMNS})
ACCOUNTS = ("aytinis", "chaff", "taifl")
PRICES = {"GPU": 150, "CORE": 10}  # fen an hour


def rows() -> list[dict[str, str]]:
    return [dict(zip(COLUMNS, line.split("|"), strict=True)) for line in FILE.read_text().splitlines()]


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


def held(job: dict[str, str], what: str) -> int:
    return int(dict(part.split("=") for part in job["AllocTRES"].split(",")).get(what, "0"))


def seen(job: dict[str, str]) -> tuple[int, int]:
    """What the witness saw of a job: (cores, GPUs)."""
    cores, gpus, last = held(job, "cpu"), held(job, "gres/gpu"), job["JobIDRaw"][-1]
    return (0, 0) if last == "0" else (max(1, cores - 1), gpus) if last == "1" else (cores, gpus)


def evidence() -> bytes:
    table = io.StringIO()
    write = csv.writer(table)
    write.writerow(EVIDENCE_COLUMNS)
    for job in rows():
        cores, gpus = seen(job)
        if cores:
            times = [f"{job[column]}Z" for column in ("Submit", "Start", "End")]
            seconds = (ms(job["End"]) - ms(job["Start"])) // 1000
            state, name = job["State"].split()[0], "gpu" if gpus else ""
            write.writerow(
                [
                    "usage-csv/1",
                    "phillips",
                    job["JobIDRaw"],
                    1,
                    *times,
                    seconds,
                    name,
                    gpus,
                    cores,
                    state,
                    job["Account"],
                ]
            )
    return table.getvalue().encode()


def world() -> bytes:
    organisations = {"dept": "department", "fin": "finance", "plat": "operator", "centre": "centre"}
    organisations |= dict.fromkeys(ACCOUNTS, "enterprise")
    people = {"op": ("plat", "operator"), "boss": ("dept", "department_approver"), "c": ("centre", "centre_officer")}
    zone = {"time_zone": "UTC"}
    span = {"from": "2016-12-01", "until": "2017-03-01"}
    data: dict[str, Any] = {
        "world": "quanbu/1",
        "organisations": [{"code": code, "kind": kind, "name": code} for code, kind in organisations.items()],
        "people": [
            {"login": login, "name": login, "roles": [{"organisation": organisation, "role": role}]}
            for login, (organisation, role) in people.items()
        ],
        "device_classes": [
            {"code": "GPU", "unit": "gpu", "name": "GPU"},
            {"code": "CORE", "unit": "core", "name": "core"},
        ],
        "centres": [
            {
                "code": "phillips",
                "name": "phillips",
                "organisation": "centre",
                "clusters": [
                    zone
                    | {
                        "code": "phillips",
                        "devices": {"gpu": "GPU", "cpu": "CORE"},
                        "accounts": {account: account for account in ACCOUNTS},
                    }
                ],
                "evidence_sources": [{"code": "agent", "organisation": "plat", "trust_domain": "agency"}],
                "price_lists": [zone | span | {"code": "P", "prices": {"GPU": "1.50", "CORE": "0.10"}}],
            }
        ],
        "programmes": [
            zone
            | span
            | {
                "code": "R",
                "name": "R",
                "department": "dept",
                "finance": "fin",
                "operator": "plat",
                "subsidy_rate": "30%",
                "funding": {"city": "1"},
                "appropriations": [
                    {"document": "D", "on": "2016-12-01", "budget_year": "2016", "amounts": {"city": "90000.00"}}
                ],
            }
        ],
        "vouchers": [
            span | {"code": f"V-{a}", "programme": "R", "holder": a, "award": f"A-{a}", "face": "20000.00"}
            for a in ACCOUNTS
        ],
        "orders": [
            span
            | {
                "code": f"O-{account}-{device}",
                "voucher": f"V-{account}",
                "centre": "phillips",
                "cluster": "phillips",
                "account": account,
                "device_class": device,
                "hold": "10000.00",
            }
            for account in ACCOUNTS
            for device in PRICES
        ],
    }
    return yaml.safe_dump(data, sort_keys=False).encode()


def expected(start: str, end: str) -> dict[str, tuple[int, int, int]]:
    """Claimed ms, allowed ms and public share by line: the independent computation."""
    lines: dict[str, list[int]] = {}
    for job in rows():
        inside = min(ms(job["End"]), ms(end)) - max(ms(job["Start"]), ms(start))
        if inside <= 0:
            continue
        for device, claimed, allowed in zip(
            PRICES, (held(job, "gres/gpu"), held(job, "cpu")), seen(job)[::-1], strict=True
        ):
            if claimed:
                line = lines.setdefault(f"O-{job['Account']}-{device}:{start[:7]}", [0, 0])
                line[0] += claimed * inside
                line[1] += min(claimed, allowed) * inside
    told = {}
    for code, (claimed, allowed) in lines.items():
        price = PRICES[code.split("-")[2].partition(":")[0]]
        told[code] = (claimed, allowed, divide_half_even(divide_half_even(allowed * price, MS_PER_HOUR) * 3, 10))
    return told


def test_the_whole_job_comes_to_what_a_few_lines_compute():
    with clock.held_at(clock.start_of_day_ms(date(2016, 12, 1), "UTC")):
        apply([read(world(), "world")], actor="op")
    profile = load_profile(PROFILE)
    origin = metering.find_origin(centre="phillips", cluster="phillips")
    with FILE.open("rb") as stream:
        upload = Upload(stream, FILE.name, "slurm-sacct", profile, "p")
        slip = metering.submit(upload=upload, origin=origin, actor=actor_named("c"))
    seen_by_agent = metering.submit(
        upload=Upload(io.BytesIO(evidence()), "evidence.csv", "usage-csv"),
        origin=metering.find_origin(centre="phillips", cluster="phillips", source="agent"),
        actor=actor_named("op"),
    )
    log.seal()

    jobs = rows()
    spans = [ms(job["End"]) - ms(job["Start"]) for job in jobs]
    assert slip.counts["accepted"] == slip.rows == 4285
    assert slip.metered["wall_ms"] == sum(spans)
    assert slip.metered["core_ms"] == sum(held(job, "cpu") * span for job, span in zip(jobs, spans, strict=True))
    assert slip.metered["gpu_ms"] == sum(held(job, "gres/gpu") * span for job, span in zip(jobs, spans, strict=True))
    assert slip.metered["by_class"]["GPU"]["gpu_ms"] == slip.metered["gpu_ms"]
    assert slip.metered["by_state"]["CANCELLED"]["wall_ms"] == sum(
        span for job, span in zip(jobs, spans, strict=True) if job["State"].startswith("CANCELLED by")
    )
    assert seen_by_agent.counts["accepted"] == sum(job["JobIDRaw"][-1] != "0" for job in jobs)

    for period, start, end in (("2016-12", "2016-12-01", "2017-01-01"), ("2017-01", "2017-01-01", "2017-02-01")):
        with clock.held_at(clock.start_of_day_ms(date(2017, 2, 20), "UTC")):
            found = propose(programme="R", period=period, kind="S1", cut_off=None, actor=actor_named("op"))
            settlement.approve(programme="R", period=period, kind="S1", actor=actor_named("boss"))
            settlement.issue(programme="R", period=period, kind="S1", actor=actor_named("boss"))
        adjudicated = found.adjudications.values_list("line__code", "claimed_ms", "allowed_ms", "subsidy_minor")
        assert {code: tuple(figures) for code, *figures in adjudicated} == expected(start, end)

    redeemed = sum(account.balance for account in Account.objects.filter(type="B.Redeemed"))
    both = [*expected("2016-12-01", "2017-01-01").values(), *expected("2017-01-01", "2017-02-01").values()]
    assert redeemed == sum(subsidy for _, _, subsidy in both)
    assert all(verdict.holds for verdict in verify())
