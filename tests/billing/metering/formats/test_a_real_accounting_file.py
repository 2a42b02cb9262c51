"""The accounting file of a real cluster: 4,285 rows without a header, over the end of a year."""

from __future__ import annotations

from pathlib import Path

import pytest

from billing.metering.formats import Attempt, load_profile, read

PHILLIPS = Path(__file__).parents[4] / "../shared/data/sacct/phillips.log"
PROFILE = """
format: slurm-sacct
columns: [JobID, JobIDRaw, Cluster, Partition, QOS, Account, Group, GID, User, UID, Submit, Eligible, Start, End,
  Elapsed, ExitCode, State, NNodes, NCPUS, ReqCPUS, ReqMem, ReqTRES, AllocTRES, Timelimit, NodeList, JobName]
"""


@pytest.mark.skipif(not PHILLIPS.exists(), reason="the shared data set sacct/phillips.log is not beside this checkout")
@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/Los_Angeles"])
def test_the_totals_of_phillips_are_those_of_an_independent_sum(zone):
    core_ms = gpu_ms = wall_ms = 0
    for row in PHILLIPS.read_text().splitlines():
        fields = row.split("|")
        days, _, clock = fields[14].rpartition("-")
        hours, minutes, seconds = (int(part) for part in clock.split(":"))
        ms = (int(days or 0) * 86400 + hours * 3600 + minutes * 60 + seconds) * 1000
        held = dict(item.split("=") for item in fields[22].split(","))
        wall_ms += ms
        core_ms += ms * int(held["cpu"])
        gpu_ms += ms * int(held.get("gres/gpu", 0))

    with PHILLIPS.open("rb") as stream:
        results = list(read(stream, format="slurm-sacct", profile=load_profile(PROFILE), export_time_zone=zone))

    attempts = [result for result in results if isinstance(result, Attempt)]
    assert len(attempts) == len(results) == 4285
    assert {a.state for a in attempts} == {"CANCELLED", "COMPLETED", "FAILED", "TIMEOUT"}
    assert sum(a.elapsed_ms for a in attempts) == wall_ms > 0
    assert sum(a.elapsed_ms * a.core_count for a in attempts) == core_ms > 0
    assert sum(a.elapsed_ms * milli for a in attempts for _, milli in a.gpu_counts) == gpu_ms * 1000 > 0
