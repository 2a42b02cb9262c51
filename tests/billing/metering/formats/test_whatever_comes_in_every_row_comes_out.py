from __future__ import annotations

from collections import Counter
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.metering.formats import CODES, OUTCOMES, Attempt, Unusable, load_profile, read
from ledger.errors import Refusal

SACCT_COLUMNS = (
    "JobID", "JobIDRaw", "Account", "Submit", "Start", "End", "ElapsedRaw", "Suspended", "State", "AllocTRES",
    "NodeList", "JobName",
)  # fmt: skip
HEADER = "|".join(SACCT_COLUMNS).encode()

cells = st.one_of(
    st.sampled_from(
        (
            *(
                "",
                "None",
                "Unknown",
                "7",
                "7.batch",
                "lab",
                "COMPLETED",
                "CANCELLED by 9",
                "PENDING",
                "3600",
                "01:00:00",
            ),
            *("2026-10-01T08:00:00", "2026-10-01T09:00:00", "cpu=8,gres/gpu=2", "cpu=1.5K,gres/gpu:a=1,gres/gpu=2"),
        )
    ),
    st.text(max_size=12),
)
rows = st.lists(cells, min_size=len(SACCT_COLUMNS), max_size=len(SACCT_COLUMNS)).map("|".join)
good_rows = st.builds(
    lambda job, minutes, gpus, state: (
        f"{job}|{job}|lab|2026-10-01T08:00:00|2026-10-01T08:00:00|2026-10-01T08:{minutes:02d}:00|{minutes * 60}||"
        f"{state}|cpu=8,gres/gpu={gpus}|n1|x"
    ),
    st.integers(1, 99),
    st.integers(0, 59),
    st.integers(0, 8),
    st.sampled_from(["COMPLETED", "FAILED", "CANCELLED by 3", "PENDING", "ODD"]),
)


def taken(data: bytes, usage_format: str = "slurm-sacct", profile: str | None = None) -> list[Attempt | Unusable]:
    loaded = load_profile(profile) if profile else None
    return list(read(BytesIO(data), format=usage_format, profile=loaded, export_time_zone="Asia/Shanghai"))


def data_lines(data: bytes) -> int:
    """Count rows independently: lines, less blank ones at the end."""
    lines = [line.removesuffix(b"\r") for line in data.split(b"\n")[:-1]] + [data.split(b"\n")[-1]]
    while lines and not lines[-1]:
        lines.pop()
    return len(lines)


@given(st.lists(rows, max_size=8))
def test_every_sacct_row_gives_one_result_whatever_is_in_its_fields(lines):
    data = b"\n".join([HEADER, *(line.encode() for line in lines)])

    results = taken(data)
    assert len(results) == data_lines(data) - 1
    for result in results:
        assert "\x00" not in result.raw
        if isinstance(result, Unusable):
            assert OUTCOMES[result.code] == result.outcome
            assert result.reason.isprintable()


@given(st.binary(max_size=400))
def test_arbitrary_bytes_after_a_header_never_crash_and_lose_no_line(noise):
    data = HEADER + b"\n" + noise

    assert len(taken(data)) == data_lines(data) - 1


@given(st.binary(max_size=400), st.sampled_from(["utf-8", "gb18030", "gbk", "big5"]))
def test_arbitrary_bytes_without_a_header_lose_no_line_in_any_encoding(noise, encoding):
    profile = f"format: slurm-sacct\nencoding: {encoding}\ncolumns: [{', '.join(SACCT_COLUMNS)}]\n"
    try:
        results = taken(noise, profile=profile)
    except Refusal:
        return
    marks = (b"\xef\xbb\xbf", b"\x84\x31\x95\x33")
    bare = noise
    for mark in marks:
        bare = bare.removeprefix(mark)
    assert len(results) == data_lines(bare)
    assert all("\x00" not in result.raw for result in results)
    assert all(result.raw.encode("utf-8") is not None for result in results)


@given(st.binary(max_size=300), st.sampled_from(["slurm-sacct", "usage-csv"]))
def test_arbitrary_bytes_as_a_whole_file_are_refused_or_read(noise, usage_format):
    with suppress(Refusal):
        taken(noise, usage_format)


CSV_HEADER = (
    "schema,cluster,job_id,attempt,started_at,ended_at,elapsed_s,accelerator,accelerator_count,state,account,reason"
)
CSV_ROW = "usage-csv/1,n,{},1,2026-10-01T08:00:00Z,2026-10-01T09:00:00Z,3600,a100,2,COMPLETED,lab,{}"
csv_lines = st.one_of(
    st.builds(
        CSV_ROW.format, st.integers(1, 9), st.sampled_from(["", '"a', 'b"', '"a""b"', '"', '""', "x,y", '"x,y"'])
    ),
    st.text(alphabet='",a\n\r#1', max_size=20),
)


@given(st.lists(csv_lines, max_size=12))
def test_every_line_of_a_csv_file_is_in_exactly_one_row(lines):
    body = "\n".join(lines)
    data = f"{CSV_HEADER}\n{body}".encode()

    try:
        results = taken(data, "usage-csv")
    except Refusal:
        assert "#total" in body
        return
    at = 2
    for result in results:
        assert result.line == at
        at += result.raw.count("\n") + 1
    assert at - 2 == data_lines(data) - 1


@given(st.lists(st.binary(max_size=40), max_size=12))
def test_arbitrary_bytes_in_a_csv_file_lose_no_line(pieces):
    data = CSV_HEADER.encode() + b"\n" + b"\n".join(pieces)

    results = taken(data, "usage-csv")
    assert sum(result.raw.count("\n") + 1 for result in results) == data_lines(data) - 1


@given(st.lists(good_rows, max_size=12), st.integers(0, 12))
def test_a_file_cut_in_two_gives_the_same_attempts(lines, cut):
    def facts(some: list[str]) -> Counter[tuple[str, bytes | str]]:
        results = taken(b"\n".join([HEADER, *(line.encode() for line in some)]))
        return Counter((r.raw, r.content_digest if isinstance(r, Attempt) else r.code) for r in results)

    assert facts(lines[:cut]) + facts(lines[cut:]) == facts(lines) == facts(lines[::-1])


@given(st.lists(good_rows, min_size=1, max_size=5), st.permutations(range(len(SACCT_COLUMNS))))
def test_the_order_of_columns_does_not_matter(lines, order):
    def arranged(line: str) -> bytes:
        fields = line.split("|")
        return "|".join(fields[place] for place in order).encode()

    plain = taken(b"\n".join([HEADER, *(line.encode() for line in lines)]))
    mixed = taken(b"\n".join([arranged(HEADER.decode()), *(arranged(line) for line in lines)]))
    assert [getattr(r, "content_digest", None) for r in plain] == [getattr(r, "content_digest", None) for r in mixed]


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_says_what_mends_it(code):
    assert CODES[code].endswith(".")
    assert OUTCOMES[code] in {"rejected", "parked"}
