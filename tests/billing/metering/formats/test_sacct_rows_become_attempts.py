from __future__ import annotations

from hashlib import sha256

import pytest

from billing.metering.formats import Attempt, Unusable


def gpu_ms(attempt: Attempt) -> int:
    return sum(milli for _, milli in attempt.gpu_counts) * attempt.elapsed_ms // 1000


def test_a_row_gives_every_fact(sacct):
    attempt = sacct.attempt(JobID="7_4", JobIDRaw="9")

    assert attempt.line == 2
    assert attempt.raw == sacct.line({"JobID": "7_4", "JobIDRaw": "9"})
    assert attempt.attempt_key == "9@1790841540000"
    assert (attempt.job_id, attempt.account, attempt.state) == ("7_4", "lab", "COMPLETED")
    assert (attempt.submitted_ms, attempt.started_ms, attempt.ended_ms) == (
        1790841540000,
        1790841600000,
        1790845200000,
    )
    assert (attempt.elapsed_ms, attempt.suspended_ms, attempt.core_count) == (3_600_000, 0, 8)
    assert attempt.gpu_counts == (("a100", 2000),)
    assert attempt.node_list == "n1"


def test_the_digest_is_that_of_the_canonical_form(sacct):
    canonical = (
        "attempt/1\n7@1790841540000\n7\nlab\nCOMPLETED\n1790841540000\n1790841600000\n1790845200000\n"
        "3600000\n0\n8\na100=2000\nn1"
    )

    assert sacct.attempt().content_digest == sha256(canonical.encode()).digest()


def test_an_attempt_cannot_be_changed(sacct):
    with pytest.raises(AttributeError):
        sacct.attempt().elapsed_ms = 1


def test_only_facts_move_the_digest(sacct):
    digest = sacct.attempt().content_digest
    short = [name for name in sacct.columns if name not in {"NCPUS", "ReqTRES", "Cluster", "JobName"}]

    assert sacct.attempt(columns=reversed(short)).content_digest == digest
    assert sacct.attempt(ReqTRES="cpu=1", JobName="other").content_digest == digest
    assert sacct.attempt(State="FAILED").content_digest != digest
    assert sacct.attempt(NodeList="n2").content_digest != digest


def test_columns_are_found_by_name_in_any_case(sacct):
    header, row = sacct.text({}).splitlines()

    assert sacct.read(f"{header.upper()}\n{row}\n") == sacct.read(f"{header.lower()}\n{row}\n")


def test_a_cancelled_by_somebody_is_cancelled_and_its_hours_count(sacct):
    rows = [{"JobIDRaw": "1"}, {"JobIDRaw": "2", "State": "CANCELLED by 380693"}]
    attempts = sacct.read(sacct.text(*rows))

    assert [attempt.state for attempt in attempts] == ["COMPLETED", "CANCELLED"]
    wrong = sum(gpu_ms(a) for a, row in zip(attempts, rows, strict=True) if "by" not in row.get("State", ""))
    assert sum(map(gpu_ms, attempts)) == 4 * 3_600_000 != wrong


@pytest.mark.parametrize(
    ("allocation", "counts"),
    [
        ("cpu=8,gres/gpu:a100=4,gres/gpu:h100=2,gres/gpu=6", (("a100", 4000), ("h100", 2000))),
        ("cpu=8,gres/gpu:a100=4,gres/gpu=6", (("a100", 4000), ("gpu", 2000))),
        ("cpu=8,gres/gpu:a100=4", (("a100", 4000),)),
        ("cpu=8,gres/gpu=6", (("gpu", 6000),)),
        ("cpu=8,gres/gpu:a100_3g.20gb=2,gres/gpu=2", (("a100_3g.20gb", 2000),)),
        ("cpu=8,gres/gpu=0", ()),
        ("cpu=8,node=1,mem=62.50G,license/matlab=1,gres/none=0", ()),
        ("cpu=8,gres/gpu=1.50K", (("gpu", 1_536_000),)),
    ],
)
def test_typed_accelerators_are_parts_of_the_total(sacct, allocation, counts):
    assert sacct.attempt(AllocTRES=allocation).gpu_counts == counts


def test_adding_typed_and_untyped_would_count_twice(sacct):
    allocation = "cpu=8,gres/gpu:a100=4,gres/gpu:h100=2,gres/gpu=6"
    wrong = sum(int(item.partition("=")[2]) for item in allocation.split(",") if "gpu" in item)

    assert sum(milli for _, milli in sacct.attempt(AllocTRES=allocation).gpu_counts) == 6000
    assert wrong == 12


def test_what_was_asked_for_is_not_what_was_held(sacct):
    attempt = sacct.attempt(ReqTRES="cpu=1,gres/gpu=1", NCPUS="1", AllocTRES="cpu=96,gres/gpu:a100=6,gres/gpu=6")

    assert gpu_ms(attempt) == 6 * 3_600_000
    assert attempt.core_count == 96


@pytest.mark.parametrize(("text", "count"), [("1.50K", 1536), ("2K", 2048), ("0.5K", 512), ("1M", 1048576), ("12", 12)])
def test_suffixes_are_powers_of_1024_and_exact(sacct, text, count):
    assert sacct.attempt(AllocTRES=f"cpu={text}").core_count == count


@pytest.mark.parametrize(
    ("allocation", "fault"),
    [
        ("cpu=1.51K", ("parked", "allocation_is_not_exact")),
        ("cpu=8,gres/gpu:a100=4,gres/gpu=2", ("parked", "typed_parts_exceed_the_total")),
        ("cpu=8,gres/npu=8", ("parked", "accelerator_is_not_mapped")),
        ("", ("parked", "allocation_is_missing")),
        ("cpu", ("rejected", "allocation_is_malformed")),
        ("cpu=1,cpu=2", ("rejected", "allocation_is_malformed")),
        ("cpu=1,", ("rejected", "allocation_is_malformed")),
        ("cpu=-1", ("rejected", "count_is_malformed")),
        ("cpu=1e3", ("rejected", "count_is_malformed")),
        ("cpu=٣", ("rejected", "count_is_malformed")),
        ("cpu=1000000001", ("rejected", "count_is_absurd")),
        ("cpu=999999999999P", ("rejected", "count_is_absurd")),
        ("cpu=1," + "x" * 5000 + "=1", ("rejected", "text_is_too_long")),
    ],
)
def test_an_allocation_that_cannot_be_read_comes_back(sacct, allocation, fault):
    assert sacct.fault(AllocTRES=allocation) == fault


def test_other_accelerators_count_under_the_name_their_table_gives(sacct):
    profile = "format: slurm-sacct\naccelerators: {gres/npu: ascend, gres/shard: null}\n"
    text = sacct.text({"AllocTRES": "cpu=8,gres/npu:910b=6,gres/npu=8,gres/shard=4,gres/gpu=1"})

    (attempt,) = sacct.read(text, profile=profile)
    assert attempt.gpu_counts == (("910b", 6000), ("ascend", 2000), ("gpu", 1000))


@pytest.mark.parametrize(
    ("elapsed", "seconds"),
    [
        ("00:00:24", 24),
        ("10-13:27:06", 912_426),
        ("32-00:00:01", 2_764_801),
        ("59:59", 3599),
        ("400-00:00:00", 34_560_000),
    ],
)
def test_elapsed_is_read_with_any_number_of_days(sacct, elapsed, seconds):
    columns = [name.replace("Raw", "") if name == "ElapsedRaw" else name for name in sacct.columns]
    end_s = 1790841600 + seconds

    attempt = sacct.attempt(columns=columns, Elapsed=elapsed, End=str(end_s))
    assert attempt.elapsed_ms == seconds * 1000


def test_reading_days_as_a_day_of_the_month_would_lose_them(sacct):
    columns = [name.replace("Raw", "") if name == "ElapsedRaw" else name for name in sacct.columns]
    attempt = sacct.attempt(columns=columns, Elapsed="32-00:00:00", End="2026-11-02T08:00:00")

    day_of_month = 32 % 31
    assert gpu_ms(attempt) == 2 * 32 * 86_400_000 != 2 * day_of_month * 86_400_000


def test_the_raw_elapsed_time_is_preferred(sacct):
    columns = (*sacct.columns[:-1], "Elapsed", "JobName")

    assert sacct.attempt(columns=columns, Elapsed="01:00:01").elapsed_ms == 3_600_000
    assert sacct.attempt(columns=columns, ElapsedRaw="").elapsed_ms == 3_600_000


def test_suspended_time_is_not_elapsed_time(sacct):
    attempt = sacct.attempt(ElapsedRaw="3000", Suspended="00:10:00")

    assert (attempt.elapsed_ms, attempt.suspended_ms) == (3_000_000, 600_000)
    assert sacct.fault(ElapsedRaw="3000") == ("parked", "elapsed_contradicts_interval")
    assert sacct.attempt(ElapsedRaw="3599").elapsed_ms == 3_599_000
    assert sacct.fault(ElapsedRaw="3598") == ("parked", "elapsed_contradicts_interval")


@pytest.mark.parametrize("start", ["None", "Unknown", ""])
@pytest.mark.parametrize("end", ["2026-10-01T09:00:00", "Unknown"])
def test_what_never_started_is_an_attempt_that_holds_nothing(sacct, start, end):
    attempt = sacct.attempt(Start=start, End=end, ElapsedRaw="0", State="CANCELLED by 5", NodeList="None assigned")

    assert attempt.started_ms is None
    assert (attempt.elapsed_ms, attempt.core_count, attempt.gpu_counts, attempt.node_list) == (0, 0, (), "")


def test_what_never_started_cannot_have_elapsed(sacct):
    assert sacct.fault(Start="Unknown", State="CANCELLED") == ("parked", "elapsed_contradicts_interval")


def test_a_revoked_attempt_holds_nothing(sacct):
    attempt = sacct.attempt(State="REVOKED")

    assert (attempt.started_ms, attempt.elapsed_ms, attempt.gpu_counts) == (None, 0, ())


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({"JobID": "7.batch", "JobIDRaw": "7.batch"}, ("rejected", "row_is_a_job_step")),
        ({"JobID": "7.0"}, ("rejected", "row_is_a_job_step")),
        ({"State": "PENDING", "Start": "Unknown", "End": "Unknown"}, ("parked", "attempt_not_begun")),
        ({"State": "PENDING"}, ("parked", "attempt_not_begun")),
        ({"State": "RUNNING", "End": "Unknown"}, ("parked", "attempt_still_runs")),
        ({"State": "SUSPENDED"}, ("parked", "attempt_still_runs")),
        ({"State": "RESIZING", "End": "Unknown"}, ("parked", "attempt_still_runs")),
        ({"State": "CANCELLED by 1", "End": "Unknown"}, ("parked", "attempt_still_runs")),
        ({"State": "SPECIAL_EXIT"}, ("parked", "state_is_unknown")),
        ({"State": ""}, ("parked", "state_is_unknown")),
        ({"Account": " "}, ("parked", "account_is_missing")),
        ({"Account": "=cmd()"}, ("rejected", "text_starts_like_a_formula")),
        ({"Account": "a\tb"}, ("rejected", "text_has_control_characters")),
        ({"Account": "x" * 129}, ("rejected", "text_is_too_long")),
        ({"NodeList": "@n"}, ("rejected", "text_starts_like_a_formula")),
        ({"JobIDRaw": ""}, ("rejected", "job_id_is_missing")),
        ({"JobIDRaw": "7 8"}, ("rejected", "job_id_is_malformed")),
        ({"Submit": "Unknown"}, ("rejected", "time_is_missing")),
        ({"Submit": "yesterday"}, ("rejected", "time_is_malformed")),
        ({"Start": "2026-02-30T00:00:00"}, ("rejected", "time_is_malformed")),
        ({"Start": "2026-10-01T08:00:60"}, ("rejected", "time_is_malformed")),
        ({"Start": "1900-01-01T00:00:00"}, ("rejected", "time_is_out_of_range")),
        ({"End": "9999-12-31T23:59:59"}, ("rejected", "time_is_out_of_range")),
        ({"Start": "0"}, ("rejected", "time_is_out_of_range")),
        ({"End": "2026-10-01T07:59:59"}, ("rejected", "attempt_ends_before_it_starts")),
        ({"ElapsedRaw": "-3600"}, ("rejected", "elapsed_is_negative")),
        ({"ElapsedRaw": "1 h"}, ("rejected", "elapsed_is_malformed")),
        ({"ElapsedRaw": ""}, ("rejected", "elapsed_is_missing")),
        ({"ElapsedRaw": "99999999999"}, ("rejected", "elapsed_is_absurd")),
        ({"Suspended": "0:1"}, ("rejected", "elapsed_is_malformed")),
    ],
)
def test_a_row_that_is_no_finished_attempt_comes_back_with_its_code(sacct, row, fault):
    assert sacct.fault(**row) == fault


def test_a_fault_says_where_and_what_and_escapes_what_it_quotes(sacct):
    result = sacct.row(Submit="2026\x1b[31m" + "9" * 100)

    assert isinstance(result, Unusable)
    assert result.column == "Submit"
    assert "Submit" in result.reason
    assert r"2026\x1b[31m" in result.reason
    assert result.reason.isprintable()
    assert len(result.reason) < 200


def test_a_requeued_job_has_one_attempt_for_each_submission(sacct):
    results = sacct.read(sacct.text({"State": "NODE_FAIL"}, {"Submit": "2026-10-01T08:00:00"}))

    assert len({attempt.attempt_key for attempt in results}) == 2


def test_rows_of_another_cluster_come_back_where_the_cluster_is_known(sacct):
    text = sacct.text({}, {"Cluster": "NORTH"}, {"Cluster": "south"})

    assert [type(result) for result in sacct.read(text)] == [Attempt] * 3
    kept = sacct.read(text, cluster="north")
    assert [type(result) for result in kept] == [Attempt, Attempt, Unusable]
    assert kept[2].code == "row_is_of_another_cluster"
