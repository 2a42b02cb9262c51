from __future__ import annotations

import pytest

from billing.metering.formats import Attempt, Unusable
from billing.metering.formats.errors import (
    ControlTotalDiffers,
    ControlTotalIsMalformed,
    UsageFileEmpty,
    UsageFileHasNoHeader,
    UsageFileHasUnknownColumns,
    UsageFileIsNotCommaSeparated,
    UsageFileIsNotInItsEncoding,
    UsageFileLacksColumns,
    UsageFileRepeatsAColumn,
)
from ledger.clock import held_at

NINE_UTC = 1790845200000


@pytest.fixture(autouse=True)
def _after_the_files():
    with held_at(NINE_UTC + 60_000):
        yield


def codes(results: list[Attempt | Unusable]) -> list[str]:
    return [result.code if isinstance(result, Unusable) else "" for result in results]


def test_a_row_gives_the_same_facts_as_the_scheduler_would(usage_csv, sacct):
    ours, scheduler = usage_csv.attempt(), sacct.attempt()

    assert ours.attempt_key == "7@1790841540000" == scheduler.attempt_key
    assert ours.content_digest == scheduler.content_digest


def test_without_a_submission_the_attempt_number_is_the_key(usage_csv):
    assert usage_csv.attempt(submitted_at="", attempt="3").attempt_key == "7#3"


def test_a_part_of_a_device_is_counted_exactly(usage_csv):
    attempt = usage_csv.attempt(accelerator="a100_3g.20gb", accelerator_count="0.125")

    assert attempt.gpu_counts == (("a100_3g.20gb", 125),)
    assert usage_csv.fault(accelerator_count="0.1255") == ("rejected", "count_has_too_many_decimals")


def test_a_row_without_accelerators_needs_no_model(usage_csv):
    assert usage_csv.attempt(accelerator="", accelerator_count="0", core_count="96").core_count == 96
    assert usage_csv.fault(accelerator="") == ("rejected", "accelerator_is_missing")


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({"schema": "usage-csv/2"}, ("rejected", "schema_is_unknown")),
        ({"job_id": "1.2E+15"}, ("rejected", "job_id_is_malformed")),
        ({"job_id": "1E+05"}, ("rejected", "job_id_is_malformed")),
        ({"job_id": ""}, ("rejected", "job_id_is_missing")),
        ({"job_id": "9" * 65}, ("rejected", "text_is_too_long")),
        ({"job_id": "=1+1"}, ("rejected", "text_starts_like_a_formula")),
        ({"account": '"a\nb"'}, ("rejected", "text_has_control_characters")),
        ({"account": ""}, ("parked", "account_is_missing")),
        ({"attempt": "0"}, ("rejected", "count_is_malformed")),
        ({"attempt": "1.0"}, ("rejected", "count_is_malformed")),
        ({"started_at": "2026-10-01T08:00:00"}, ("rejected", "time_lacks_its_offset")),
        ({"started_at": "1790841600"}, ("rejected", "time_is_malformed")),
        ({"started_at": "2026-10-01T08:00:00+25:00"}, ("rejected", "time_is_malformed")),
        ({"started_at": ""}, ("rejected", "time_is_missing")),
        ({"ended_at": "2026-10-01T07:00:00Z"}, ("rejected", "attempt_ends_before_it_starts")),
        ({"ended_at": "2026-10-01T09:07:00Z"}, ("rejected", "time_is_in_the_future")),
        ({"elapsed_s": "3602"}, ("parked", "elapsed_contradicts_interval")),
        ({"elapsed_s": "3000", "suspended_s": "700"}, ("parked", "elapsed_contradicts_interval")),
        ({"elapsed_s": "3600.5"}, ("rejected", "elapsed_is_malformed")),
        ({"elapsed_s": "-1"}, ("rejected", "elapsed_is_negative")),
        ({"accelerator_count": "-2"}, ("rejected", "count_is_malformed")),
        ({"accelerator_count": "1e3"}, ("rejected", "count_is_malformed")),
        ({"accelerator_count": "9999999999"}, ("rejected", "count_is_absurd")),
        ({"accelerator": '"a,b"'}, ("rejected", "accelerator_is_malformed")),
        ({"core_count": "1.5"}, ("rejected", "count_is_malformed")),
        ({"gpu_seconds": "7201"}, ("parked", "gpu_seconds_differ")),
        ({"state": "running"}, ("parked", "attempt_still_runs")),
        ({"state": "PENDING"}, ("parked", "attempt_not_begun")),
        ({"state": "DONE"}, ("parked", "state_is_unknown")),
        ({"revision": "1"}, ("rejected", "revision_lacks_its_reason")),
        ({"account": 'a"b'}, ("rejected", "quote_is_not_closed")),
        ({"account": '"a"b"c"'}, ("rejected", "row_quotes_are_malformed")),
    ],
)
def test_a_row_that_breaks_a_rule_comes_back_with_its_code(usage_csv, row, fault):
    assert usage_csv.fault(**row) == fault


def test_a_row_that_keeps_every_rule_is_taken_in(usage_csv):
    attempt = usage_csv.attempt(
        elapsed_s="3000",
        suspended_s="600",
        gpu_seconds="6000",
        revision="1",
        reason="clock",
        x_note="=any",
        state="failed",
    )

    assert (attempt.elapsed_ms, attempt.suspended_ms, attempt.state) == (3_000_000, 600_000, "FAILED")
    assert usage_csv.attempt(state="REVOKED").gpu_counts == ()


def test_another_cluster_comes_back_where_the_cluster_is_known(usage_csv):
    text = usage_csv.text({}, {"cluster": "south"})

    assert codes(usage_csv.read(text, cluster="North")) == ["", "row_is_of_another_cluster"]


def test_a_quoted_cell_may_hold_commas_quotes_and_line_breaks(usage_csv):
    text = usage_csv.text({"reason": '"one, ""two""\n\nthree"'}, {})
    first, second = usage_csv.read(text)

    assert (first.line, second.line) == (2, 5)
    assert first.raw.endswith('"one, ""two""\n\nthree"')


def test_a_stray_quotation_mark_costs_one_row(usage_csv):
    stray = {"x_note": 'a"b'}
    rows = [{"job_id": str(i), "x_note": ""} for i in range(200)]

    assert codes(usage_csv.read(usage_csv.text(stray, *rows))) == ["quote_is_not_closed"] + [""] * 200
    text = usage_csv.text(stray, *rows[:3], stray, *rows[3:6])
    assert codes(usage_csv.read(text)) == ["quote_is_not_closed", "", "", "", "quote_is_not_closed", "", "", ""]


def test_row_shapes_that_are_no_rows_come_back(usage_csv):
    header, row = usage_csv.text({}).splitlines()
    results = usage_csv.read(f"{header}\n{row},x\n\n{header}\n{row}\n\n")

    assert codes(results) == ["row_has_wrong_field_count", "line_is_empty", "row_repeats_the_header", ""]


@pytest.mark.parametrize(
    "footer", ["#total,rows=2,gpu_seconds=9000", "#total,rows=2,,,,\n\n", "#total,gpu_seconds=9000.000\n"]
)
def test_a_true_control_total_is_silent(usage_csv, footer):
    assert codes(usage_csv.read(usage_csv.text({}, {"accelerator_count": "0.5"}, footer=footer))) == ["", ""]


@pytest.mark.parametrize("footer", ["#total,rows=3", "#total,gpu_seconds=9001", "#total,rows=2,gpu_seconds=0"])
def test_a_false_control_total_refuses_the_file(usage_csv, footer):
    with pytest.raises(ControlTotalDiffers):
        usage_csv.read(usage_csv.text({}, {"accelerator_count": "0.5"}, footer=footer))


def test_the_control_total_counts_rows_that_come_back(usage_csv):
    rows = [{}, {"account": ""}, {"accelerator_count": "many"}]

    assert codes(usage_csv.read(usage_csv.text(*rows, footer="#total,rows=3,gpu_seconds=99999"))) == [
        "",
        "account_is_missing",
        "count_is_malformed",
    ]
    with pytest.raises(ControlTotalDiffers):
        usage_csv.read(usage_csv.text(*rows, footer="#total,rows=3,gpu_seconds=14399"))


@pytest.mark.parametrize(
    "footer", ["#total,row=1", "#total,rows=x", "#total,rows=1,rows=1", "#total,rows=1\n#total,rows=1"]
)
def test_a_footer_that_cannot_be_read_refuses_the_file(usage_csv, footer):
    with pytest.raises(ControlTotalIsMalformed):
        usage_csv.read(usage_csv.text({}, footer=footer))


def test_files_that_are_not_this_format_are_refused(usage_csv):
    text = usage_csv.text({})

    with pytest.raises(UsageFileEmpty):
        usage_csv.read("")
    with pytest.raises(UsageFileHasNoHeader):
        usage_csv.read("1,2,3\n")
    with pytest.raises(UsageFileHasNoHeader):
        usage_csv.read('schema,"clus\n')
    with pytest.raises(UsageFileIsNotCommaSeparated):
        usage_csv.read(text.replace(",", ";"))
    with pytest.raises(UsageFileHasUnknownColumns):
        usage_csv.read(text.replace("nodes", "node"))
    with pytest.raises(UsageFileLacksColumns):
        usage_csv.read(text.replace("attempt", "x_attempt"))
    with pytest.raises(UsageFileRepeatsAColumn):
        usage_csv.read(text.replace("nodes", "account"))
    with pytest.raises(UsageFileIsNotInItsEncoding):
        usage_csv.read(text.encode("utf-16"))


def test_a_spreadsheet_of_another_encoding_and_separator_is_read_through_a_profile(usage_csv):
    text = usage_csv.text({"account": "算力"}).replace(",", ";").encode("gb18030")

    (attempt,) = usage_csv.read(text, profile="format: usage-csv\nencoding: gb18030\ndelimiter: ';'\n")
    assert attempt.account == "算力"
