"""Exports: what is whole passes, and each kind of damage is named with its place."""

import json
import os
import shutil

import pytest
from sealed import entry, log_key, signed, small_log, witness_key, write_manifest

from ledger.log.verifier import (
    NotProven,
    Trust,
    check_continuation,
    check_export,
    compare_accounts,
    compare_exports,
    read_leaves,
    trial_balance,
)

TRUST = Trust((log_key(1),))


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "export"


def refused(folder, words: str, trust: Trust = TRUST) -> None:
    with pytest.raises(NotProven, match=words):
        check_export(folder, trust)


def test_a_whole_export_is_proven_with_what_its_accounts_add_up_to(folder):
    exported = check_export(small_log().export(folder), TRUST)

    assert exported.attested.checkpoint == small_log().checkpoint()
    assert exported.totals == {"B:funding": (5400, 0), "B:可用": (0, 5400)}
    assert (exported.withheld, exported.cautions) == (0, ())
    assert trial_balance(read_leaves(folder)) == exported.totals


def test_an_empty_log_has_an_export(folder):
    assert check_export(small_log(0).export(folder), TRUST).totals == {}


def test_withheld_records_keep_their_place_and_are_counted(folder):
    log = small_log()
    log.withheld = {4, 7}
    exported = check_export(log.export(folder), TRUST)

    assert exported.withheld == 2
    assert exported.cautions == (
        "not shown: number 1 of submitter north (before position 8); 2 positions are withheld, which may hold 1",
        "not shown: number 6 of book QC26 B CNY 2026 (before position 9); 2 positions are withheld, which may hold 1",
        "2 positions are withheld: the tables cannot be compared",
    )


def test_a_withheld_position_excuses_one_missing_number_and_no_more(folder):
    log = small_log()
    log.withheld = {1}
    log.records[11] = ("document.kept", {"submitter": "north", "number": 4})
    assert len(check_export(log.export(folder), TRUST).cautions) == 3

    log.records[11] = ("document.kept", {"submitter": "north", "number": 5})
    log.export(folder)
    refused(folder, r"Missing: numbers 3 to 4 of submitter north \(before position 12\)")


def test_witnesses_are_required_of_an_export_too(folder):
    small_log().export(folder)
    refused(folder, "1 trusted witnesses are required", Trust((log_key(1),), (witness_key(8, "audit"),), 1))


@pytest.mark.parametrize("position", range(1, 13))
def test_a_position_that_is_missing_is_named(folder, position):
    lines = small_log().lines()
    del lines[position - 1]
    small_log().export(folder, lines)

    missing = (
        f"position {position}: it is missing: position {position + 1} stands" if position < 12 else "position 12 is"
    )
    refused(folder, missing)


def test_a_position_given_twice_is_named(folder):
    lines = small_log().lines()
    small_log().export(folder, [*lines[:5], lines[4], *lines[5:]])
    refused(folder, "position 6: it is missing: position 5 stands in its place")


def test_a_position_beyond_the_checkpoint_is_named(folder):
    small_log(12).export(folder, note=small_log().note(11))
    refused(folder, "Position 12 is not in the checkpoint, which ends at 11")


def test_a_changed_record_breaks_the_tree(folder):
    log = small_log()
    lines = log.lines()
    lines[6] = {**lines[6], "content": entry(7, "701", number=6)}
    log.export(folder, lines)
    refused(folder, "do not add up to the root of the checkpoint: at least one of 1 to 12 was changed")


LINE = small_log().lines()[6]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "is not the JSON"),
        ("[]", "is not a JSON object"),
        ('{"position":7,"position":7}', "stands twice"),
        ("NaN", "NaN is no integer"),
        ('{"position":7.0}', "7.0 is no integer"),
        ("[" * 9999, "nested too deeply"),
        ({**LINE, "salt": "00"}, "the salt is not 16 bytes"),
        ({**LINE, "salt": "G" * 32}, "the salt is not 16 bytes"),
        ({**LINE, "content": []}, "lacks or garbles content"),
        ({**LINE, "content": {"a": [2**53]}}, "no integer up to"),
        ({**LINE, "content": {"a": "\ud800"}}, "lacks|UTF-8|surrogate"),
        ({**LINE, "extra": 1}, "does not know: extra"),
        ({"position": 7, "leaf_hash": "00"}, "the hash is not 32 bytes"),
        ({**LINE, "leaf_hash": "00" * 32}, "does not know: content, kind, salt"),
        ({**LINE, "position": "7"}, "garbles position"),
        ({**LINE, "content": {"submitter": "north", "number": "1"}}, "garbles number"),
        ({**LINE, "content": {"submitter": ["north"], "number": 1}}, "garbles submitter"),
        ({**LINE, "content": {}}, "garbles numbers"),
        ({**LINE, "content": {"numbers": [1], "rows": []}}, "not a JSON object"),
        ({**LINE, "content": {"numbers": [], "rows": [{}]}}, "garbles amount, credit, debit"),
        (
            {**LINE, "content": {"numbers": [], "rows": [{"amount": "-1", "debit": "a", "credit": "b"}]}},
            "no positive number",
        ),
        (
            {**LINE, "content": {"numbers": [], "rows": [{"amount": "9" * 5000, "debit": "a", "credit": "b"}]}},
            "no positive",
        ),
        ({**LINE, "content": entry(7, "1", number=5)}, "number 5 of book QC26 B CNY 2026 was given before"),
        (
            {**LINE, "content": entry(7, "1", submitter="north", own=1)},
            "position 7: number 1 of submitter north was given",
        ),
        (
            {**LINE, "content": entry(7, "1", submitter="north", own=0)},
            "number 0 of submitter north was given before, or is",
        ),
    ],
    ids=map(str, range(99)),
)
def test_a_damaged_line_is_named_with_its_position(folder, line, words):
    lines = small_log().lines()
    lines[6] = line if isinstance(line, str) else json.dumps(line)
    small_log().export(folder, lines)
    refused(folder, words)
    refused(folder, r"leaves\.jsonl, position 7\b")


def test_bytes_that_are_no_text_and_lines_that_are_cut_off_are_named(folder):
    small_log().export(folder)
    leaves = folder / "leaves.jsonl"
    whole = leaves.read_bytes()
    leaves.write_bytes(whole[:-1])
    refused(folder, "position 12: the line is cut off")
    leaves.write_bytes(whole + b"\xff\n")
    refused(folder, "position 13: the line is not the JSON")
    leaves.write_bytes(whole + b"\n")
    refused(folder, "position 13: the line is not the JSON")


def test_a_number_that_is_missing_is_named_with_the_position_after_it(folder):
    log = small_log()
    log.records[6] = ("entry.posted", entry(7, "700", number=7))
    log.records[8] = ("entry.posted", entry(9, "900", number=8))
    log.records[9] = ("entry.posted", entry(10, "1000", number=10))
    log.records[10] = ("entry.posted", entry(11, "1100", number=9))
    log.export(folder)
    refused(folder, r"Missing: number 6 of book QC26 B CNY 2026 \(before position 7\)")


def test_numbers_that_come_late_fill_their_gap(folder):
    log = small_log()
    order = [1, 6, 2, 4, 3, 5, 7, 9, 8]
    entries = [index for index, (kind, _) in enumerate(log.records) if kind == "entry.posted"]
    for index, number in zip(entries, order, strict=True):
        log.records[index] = ("entry.posted", entry(index + 1, "100", number=number))

    assert check_export(log.export(folder), TRUST).cautions == ()


def test_submissions_that_are_missing_are_named(folder):
    log = small_log()
    log.records[11] = ("document.kept", {"submitter": "north", "number": 9})
    log.export(folder)
    refused(folder, r"Missing: numbers 3 to 8 of submitter north \(before position 12\)\. A record was left out")


def test_a_changed_file_is_named_with_its_digest(folder):
    small_log().export(folder, accounts_csv="account_code\n")
    (folder / "accounts.csv").write_text("account_code\nB:more\n")
    refused(folder, "accounts.csv is not the file that the manifest names: 20 bytes, SHA-256 [0-9a-f]{64}")


def test_a_file_that_is_missing_or_not_named_is_named(folder):
    small_log().export(folder, accounts_csv="account_code\n")
    (folder / "notes.txt").write_text("hello")
    refused(folder, "notes.txt lies there, and the manifest does not name it")
    (folder / "notes.txt").unlink()
    (folder / "accounts.csv").unlink()
    refused(folder, "accounts.csv is missing")


@pytest.mark.parametrize("name", ["checkpoint.txt", "leaves.jsonl"])
def test_an_export_has_a_checkpoint_and_leaves(folder, name):
    small_log().export(folder)
    (folder / name).unlink()
    write_manifest(folder, 12)
    refused(folder, f"{name} is missing|lacks or garbles")


@pytest.mark.parametrize(
    "name",
    [
        "../outside.csv",
        "/etc/passwd",
        "a/b",
        "..",
        ".",
        "",
        ".hidden",
        "a\\b",
        "C:x",
        "a\0b",
        "manifest.json",
        "x" * 200,
        "Ä.csv",
        "a\nb",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(folder, name):
    small_log().export(folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"][name] = manifest["files"]["leaves.jsonl"]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    refused(folder, "is no plain file name: it would lead out of the folder")


def test_a_link_is_refused_even_to_the_same_bytes(folder, tmp_path):
    small_log().export(folder)
    shutil.move(folder / "leaves.jsonl", tmp_path / "leaves.jsonl")
    (folder / "leaves.jsonl").symlink_to(tmp_path / "leaves.jsonl")
    refused(folder, "leaves.jsonl is a link or a folder")


def test_a_pipe_or_a_folder_in_the_export_is_refused_and_not_waited_for(folder):
    small_log().export(folder)
    os.mkfifo(folder / "pipe.csv")
    refused(folder, "pipe.csv is a link or a folder")
    (folder / "pipe.csv").unlink()
    (folder / "more").mkdir()
    refused(folder, "more is a link or a folder")


@pytest.mark.parametrize(
    "change",
    [
        {"format": "quanbu.export/2"},
        {"position": 11},
        {"position": "12"},
        {"files": []},
        {"files": {}},
        {"more": 1},
        {"files": {"leaves.jsonl": 1}},
        {"files": {"leaves.jsonl": {"sha256": "", "bytes": -1, "rows": 1, "x": 1}}},
    ],
)
def test_a_malformed_manifest_is_refused(folder, change):
    small_log().export(folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, **change}))
    refused(folder, r"\.$")


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"[" * 99_999, b'{"format":1,"format":1}', b"null"], ids=map(str, range(5))
)
def test_a_manifest_that_is_no_json_is_refused(folder, data):
    small_log().export(folder)
    (folder / "manifest.json").write_bytes(data)
    refused(folder, "manifest.json is not")


HEAD = "account,debits,credits\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            f"{HEAD}B:funding,5401,0\nB:可用,0,5400\n",
            "account B:funding shows debits and credits 5401 and 0; its .* 5400 and 0",
        ),
        (f"{HEAD}B:funding,5400,0\n", "account B:可用 is missing"),
        (f"{HEAD}B:funding,5400,0\n" * 2, "account account"),
        (f"{HEAD}B:funding,5400,0\nB:funding,5400,0\n", "account B:funding stands twice"),
        ("a,b\n1,2\n", "there is no account"),
        (f"{HEAD},1,2\n", "has no code"),
        (f"{HEAD}B:new,1,0\n", "account B:new shows"),
        (f'{HEAD}"B:funding', "is not CSV"),
        ("", "account B:funding is missing"),
        (f"{HEAD}B:funding\n", "there is no debits"),
    ],
)
def test_accounts_that_are_not_those_of_the_leaves_are_refused(folder, text, words):
    small_log().export(folder, accounts_csv=text)
    refused(folder, words)


def test_accounts_that_nothing_moved_stand_in_the_table_with_zero(tmp_path):
    (tmp_path / "t.csv").write_text(f"\ufeff{HEAD}B:idle,0,0\nB:funding,1,2\n", encoding="utf-8")
    compare_accounts(tmp_path / "t.csv", {"B:funding": (1, 2)})


@pytest.mark.parametrize(
    ("table", "before", "after", "words"),
    [
        ("entries_csv", "entry-5,", "entry-9999,", "the entry entry-9999 is not in the log"),
        ("entries_csv", "'=决定 5,", "=决定 6,", "the entry entry-5 is not in the log"),
        ("entries_csv", "''ops,2", "''boss,2", "the entry entry-1 is not in the log"),
        ("entries_csv", ",5,entry-5,", ",6,entry-5,", "the entry entry-5 is not in the log"),
        ("entries_csv", ",5,entry-5,", ",5.0,entry-5,", "5.0 is no integer"),
        ("entries_csv", ",ISSUE,1", ",HOLD,1", "the entry entry-1 is not in the log"),
        ("transfers_csv", "B:funding,B:可用,500", "B:可用,B:funding,500", "the entry entry-5 is not in the log"),
        (
            "transfers_csv",
            "B:funding,B:可用,500",
            "B:funding,B:可用,0500",
            "the entry entry-5 is not in the log",
        ),
        ("transfers_csv", "4,1,CNY", "4,2,CNY", "entry 4, row 2 is out of order"),
        ("transfers_csv", "4,1,CNY", "7,1,CNY", "entry 5 is missing from entries.csv, or out of its order there"),
    ],
)
def test_a_table_that_says_otherwise_than_the_leaves_is_refused_and_the_entry_named(
    folder, table, before, after, words
):
    text = small_log().tables()[table]
    assert before in text
    small_log().export(folder, **{table: text.replace(before, after, 1)})
    refused(folder, words)


def test_an_entry_that_is_missing_from_the_tables_or_stands_there_twice_is_named(folder):
    tables = small_log().tables()
    entries, transfers = tables["entries_csv"].splitlines(), tables["transfers_csv"].splitlines()
    short = {"entries_csv": "\n".join(entries[:-1]) + "\n", "transfers_csv": "\n".join(transfers[:-1]) + "\n"}
    small_log().export(folder, **short)
    refused(folder, "the entry of position 11 is missing")

    twice = [*entries, entries[-1].replace("9,", "10,", 1)], [*transfers, transfers[-1].replace("9,", "10,", 1)]
    small_log().export(folder, entries_csv="\n".join(twice[0]) + "\n", transfers_csv="\n".join(twice[1]) + "\n")
    refused(folder, "the entry entry-11 is not in the log, or not like this")


def test_an_export_without_its_tables_says_that_none_was_compared(folder):
    small_log().export(folder)
    for name in ("accounts.csv", "entries.csv"):
        (folder / name).unlink()
    write_manifest(folder, 12)

    assert check_export(folder, TRUST).cautions == ("without accounts.csv, entries.csv no table is compared",)


# Against what somebody kept from before


def test_an_export_continues_every_older_checkpoint(folder):
    small_log().export(folder)
    olds = [small_log().checkpoint(size) for size in (9, 1, 12, 5)]

    assert check_continuation(olds, folder, TRUST).checkpoint.size == 12


def changed_log(position: int = 7):
    log = small_log()
    log.records[position - 1] = (
        "entry.posted",
        entry(position, "1", number=log.records[position - 1][1]["numbers"][0]["number"]),
    )
    return log


def test_a_history_that_was_rewritten_and_signed_again_is_found(folder):
    changed_log().export(folder)

    assert check_export(folder, TRUST), "by itself it is in order"
    with pytest.raises(NotProven, match="Of the 9 leaves of the older checkpoint at least one was changed, from 1 on"):
        check_continuation([small_log().checkpoint(9)], folder, TRUST)
    with pytest.raises(NotProven, match="Of the 8 leaves of the older checkpoint at least one was changed, from 7 on"):
        check_continuation([small_log().checkpoint(size) for size in (3, 6, 8, 12)], folder, TRUST)
    assert check_continuation([small_log().checkpoint(6)], folder, TRUST)


def test_an_export_that_lost_its_end_is_found(folder):
    small_log(8).export(folder)
    with pytest.raises(NotProven, match="ends at position 8, and the log had 11: position 9 is missing"):
        check_continuation([small_log().checkpoint(11)], folder, TRUST)


def test_leaves_after_the_older_checkpoint_are_held_against_the_new_one(folder):
    changed_log().export(folder, note=small_log().note())
    with pytest.raises(NotProven, match="do not add up to the root"):
        check_continuation([small_log().checkpoint(6)], folder, TRUST)


def test_two_exports_are_compared_and_the_first_difference_is_named(tmp_path):
    old, new = small_log(9).export(tmp_path / "old"), small_log().export(tmp_path / "new")
    forged = changed_log().export(tmp_path / "forged")

    assert compare_exports(old, new, TRUST).checkpoint.size == 12
    with pytest.raises(
        NotProven, match=r"Position 7 differs: entry.posted in the older export, entry.posted in the newer"
    ):
        compare_exports(old, forged, TRUST)
    with pytest.raises(NotProven, match="Position 10 and all after it are missing from the newer export"):
        compare_exports(new, old, TRUST)


def test_a_folder_with_links_is_refused_before_anything_is_compared(tmp_path):
    old, new = small_log(9).export(tmp_path / "old"), small_log().export(tmp_path / "new")
    (new / "more.csv").symlink_to(old / "leaves.jsonl")

    for compare in (lambda: compare_exports(old, new, TRUST), lambda: check_continuation([], new, TRUST)):
        with pytest.raises(NotProven, match=r"more\.csv is a link or a folder"):
            compare()


def test_two_exports_that_agree_are_held_against_both_checkpoints(tmp_path):
    whole, forged = small_log().export(tmp_path / "whole"), changed_log()
    other = forged.export(tmp_path / "other", note=small_log().note())
    same = forged.export(tmp_path / "same")

    for old, new in ((other, same), (same, other)):
        with pytest.raises(NotProven, match="do not add up to the root of the checkpoint"):
            compare_exports(old, new, TRUST)
    assert compare_exports(whole, whole, TRUST)


def test_a_record_withheld_in_one_export_is_still_compared(tmp_path):
    log = small_log(9)
    log.withheld = set(range(1, 10))
    old, new = log.export(tmp_path / "old"), small_log().export(tmp_path / "new")

    assert compare_exports(old, new, TRUST)
    with pytest.raises(NotProven, match=r"Position 7 differs: withheld in the older export, entry.posted in the newer"):
        compare_exports(old, changed_log().export(tmp_path / "forged"), TRUST)


def test_an_export_under_a_key_that_was_lost_since_is_anchored_in_the_new_one(tmp_path):
    log = small_log()
    lost = log.succession(10, 1, 2, "lost", 2, witnesses=((8, "audit"),))
    trust = Trust((log_key(1),), (witness_key(8, "audit"),), 0, (lost,))
    old = small_log(9).export(tmp_path / "old")
    new = log.export(tmp_path / "new", note=signed(log.checkpoint().text, 2))

    assert compare_exports(old, new, trust).signers == (log_key(2),)
    refused(old, "A lost key signed this, and no witness", trust)


def test_an_export_says_nothing_of_a_log_that_nobody_trusts(folder):
    small_log().export(folder)
    refused(folder, "No trusted key signed", Trust((log_key(2),)))


def test_an_export_is_read_line_by_line_and_never_held(folder):
    small_log(40).export(folder, [small_log().lines()[0], "{"])
    leaves = read_leaves(folder)

    assert next(leaves).position == 1, "though the second line is damaged"
    with pytest.raises(NotProven, match="position 2: the line is not the JSON"):
        next(leaves)
