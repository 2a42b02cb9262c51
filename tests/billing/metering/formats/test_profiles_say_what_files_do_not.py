from __future__ import annotations

import pytest

from billing.metering.formats import Profile, load_profile
from billing.metering.formats.errors import ProfileIsMalformed


def test_a_profile_is_read_whole():
    profile = load_profile(
        "format: slurm-sacct\ncolumns: [JobID, Account]\ndelimiter: ';'\ntrailing_delimiter: true\n"
        "time_zone: Asia/Shanghai\nencoding: GB18030\naccelerators: {gres/npu: npu, gres/mps: null}\n"
    )

    assert profile == Profile(
        format="slurm-sacct",
        columns=("JobID", "Account"),
        delimiter=";",
        trailing_delimiter=True,
        time_zone="Asia/Shanghai",
        encoding="gb18030",
        accelerators=(("gres/mps", None), ("gres/npu", "npu")),
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- a list",
        "format: [",
        "columns: [JobID]",
        "format: slurm",
        "format: slurm-sacct\ncolums: [JobID]",
        "format: slurm-sacct\n1: 2",
        "format: slurm-sacct\ncolumns: JobID",
        "format: slurm-sacct\ncolumns: []",
        "format: slurm-sacct\ncolumns: [1]",
        "format: slurm-sacct\ndelimiter: ''",
        'format: slurm-sacct\ndelimiter: "\\n"',
        "format: slurm-sacct\ntrailing_delimiter: 1",
        "format: slurm-sacct\nencoding: utf-16",
        "format: slurm-sacct\naccelerators: [npu]",
        "format: slurm-sacct\naccelerators: {npu: npu}",
        "format: slurm-sacct\naccelerators: {gres/npu:910b: npu}",
        "format: slurm-sacct\naccelerators: {gres/npu: 'a,b'}",
        "format: usage-csv\ncolumns: [job_id]",
        "format: usage-csv\ndelimiter: ';;'",
        "format: 2026-02-31",
        "!!python/object/apply:os.system ['true']",
        "x" * 70_000,
    ],
)
def test_what_a_profile_may_not_hold_is_refused(text):
    with pytest.raises(ProfileIsMalformed) as refusal:
        load_profile(text)
    assert refusal.value.sentence
