from __future__ import annotations

from io import BytesIO

import pytest

from billing.metering.formats import Attempt, Unusable, load_profile, read
from billing.metering.formats.errors import (
    FormatUnknown,
    ProfileIsForAnotherFormat,
    UsageFileEmpty,
    UsageFileHasNoHeader,
    UsageFileHasTooManyColumns,
    UsageFileIsNotInItsEncoding,
    UsageFileLacksColumns,
    UsageFileRepeatsAColumn,
)


def codes(results: list[Attempt | Unusable]) -> list[str]:
    return [result.code if isinstance(result, Unusable) else "" for result in results]


def test_the_trailing_delimiter_of_parsable_makes_no_difference(sacct):
    text = sacct.text({}, {"JobName": "a|b"})
    trailing = text.replace("\n", "|\n")

    plain, parsable = sacct.read(text), sacct.read(trailing)
    assert [a.content_digest for a in plain] == [a.content_digest for a in parsable]
    assert codes(parsable) == ["", ""]


def test_a_delimiter_in_a_job_name_is_harmless_in_the_last_column_only(sacct):
    columns = ("JobName", *sacct.columns[:-1])

    assert codes(sacct.read(sacct.text({"JobName": "a|b|c"}))) == [""]
    assert codes(sacct.read(sacct.text({"JobName": "a|b|c"}, columns=columns))) == ["row_has_wrong_field_count"]
    parsable = sacct.text({"JobName": "a|b"}, {}, columns=columns).replace("\n", "|\n")
    assert codes(sacct.read(parsable)) == ["row_has_wrong_field_count", ""]


def test_a_line_break_in_a_job_name_costs_its_pieces_and_nothing_else(sacct):
    columns = ("JobID", "JobName", *sacct.columns[1:-1])
    torn = {"JobName": "one\ntwo"}

    assert codes(sacct.read(sacct.text(torn, {}, columns=columns))) == [
        "row_has_wrong_field_count",
        "row_has_wrong_field_count",
        "",
    ]
    # In the last column the first piece is whole but for the rest of the name, which is no fact.
    assert codes(sacct.read(sacct.text(torn, {}))) == ["", "row_has_wrong_field_count", ""]


def test_lines_are_counted_as_an_editor_counts_them(sacct):
    text = sacct.text({}, {"State": "PENDING"}, {}).replace("\n", "\r\n")

    assert [result.line for result in sacct.read(text)] == [2, 3, 4]
    assert [result.raw.endswith("\r") for result in sacct.read(text)] == [False] * 3


def test_blank_lines_are_rows_only_between_rows(sacct):
    header, row = sacct.text({}).splitlines()

    assert codes(sacct.read(f"{header}\n{row}\n\n\n{row}\n\n\n")) == ["", "line_is_empty", "line_is_empty", ""]
    assert sacct.read(f"{header}\n\n\n") == []


def test_a_last_line_without_its_end_is_a_row(sacct):
    assert codes(sacct.read(sacct.text({}).rstrip("\n"))) == [""]


def test_files_joined_with_their_headers_are_read(sacct):
    assert codes(sacct.read(sacct.text({}) + sacct.text({}))) == ["", "row_repeats_the_header", ""]


def test_a_byte_order_mark_is_no_part_of_the_first_column(sacct):
    assert codes(sacct.read(b"\xef\xbb\xbf" + sacct.text({}).encode())) == [""]


def test_a_nul_byte_and_bad_text_cost_their_lines_only(sacct):
    header, row = sacct.text({}).encode().splitlines()
    results = sacct.read(b"\n".join([header, row, b"a\x00b", "算力|".encode("gb18030"), row]))

    assert codes(results) == ["", "line_has_a_nul_byte", "text_is_not_in_its_encoding", ""]
    assert results[1].raw == r"a\x00b"
    assert all("\x00" not in result.raw for result in results)


def test_a_profile_names_another_encoding(sacct):
    text = sacct.text({"Account": "算力实验室"}).encode("gb18030")

    (attempt,) = sacct.read(text, profile="format: slurm-sacct\nencoding: gb18030\n")
    assert attempt.account == "算力实验室"


def test_a_line_without_end_costs_itself_and_no_memory(sacct):
    header, row = sacct.text({}).encode().splitlines()
    results = sacct.read(b"\n".join([header, b"x" * 3_000_000, row, row + b"y" * (1 << 20)]))

    assert codes(results) == ["line_is_too_long", "", "line_is_too_long"]
    assert [len(result.raw) < 2000 for result in results] == [True] * 3


def test_a_file_without_a_header_is_read_through_a_profile(sacct):
    header, row = sacct.text({}).splitlines()
    profile = f"format: slurm-sacct\ncolumns: [{header.replace('|', ', ')}]\n"

    with pytest.raises(UsageFileHasNoHeader):
        sacct.read(f"{row}\n{row}\n")
    results = sacct.read(f"{row}\n{row}\n", profile=profile)
    assert [result.line for result in results] == [1, 2]
    assert codes(sacct.read(f"{row}|\n", profile=profile + "trailing_delimiter: true\n")) == [""]


def test_another_delimiter_comes_from_a_profile(sacct):
    text = sacct.text({"AllocTRES": "cpu=1"}).replace("|", ";;")

    assert codes(sacct.read(text, profile='format: slurm-sacct\ndelimiter: ";;"\n')) == [""]


def test_files_that_cannot_be_read_at_all_are_refused(sacct):
    text = sacct.text({})

    with pytest.raises(UsageFileEmpty):
        sacct.read("")
    with pytest.raises(UsageFileEmpty):
        sacct.read("\n\n")
    with pytest.raises(UsageFileHasNoHeader):
        sacct.read("JobID,JobName,ReqTRES,Start\n1,job1,cpu=1,1970-01-01T03:00:00\n")
    with pytest.raises(UsageFileLacksColumns, match="Elapsed or ElapsedRaw"):
        sacct.read(text.replace("ElapsedRaw", "Elapse"))
    with pytest.raises(UsageFileLacksColumns, match="AllocTRES"):
        sacct.read(text.replace("AllocTRES", "TRESAlloc"))
    with pytest.raises(UsageFileRepeatsAColumn):
        sacct.read(text.replace("NCPUS", "account"))
    with pytest.raises(UsageFileHasTooManyColumns):
        sacct.read("|".join(f"c{i}" for i in range(10_000)))
    with pytest.raises(UsageFileIsNotInItsEncoding):
        sacct.read(text.encode("utf-16"))
    with pytest.raises(UsageFileIsNotInItsEncoding):
        sacct.read("作业|帐户".encode("gb18030"))


def test_what_is_wrong_with_a_file_shows_before_its_first_row_is_asked_for():
    with pytest.raises(UsageFileEmpty):
        read(BytesIO(), format="slurm-sacct", profile=None, export_time_zone="UTC")
    with pytest.raises(FormatUnknown):
        read(BytesIO(), format="slurm", profile=None, export_time_zone="UTC")
    with pytest.raises(ProfileIsForAnotherFormat):
        read(BytesIO(), format="slurm-sacct", profile=load_profile("format: usage-csv"), export_time_zone="UTC")
