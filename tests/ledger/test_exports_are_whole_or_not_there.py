"""An export is one moment of the books, in a place of its own, whole and with the same bytes for the same books."""

import csv
import hashlib
import json
import os
import re
import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from bookkeeping import at_once, begun, post, voucher
from django.db import InternalError
from export_readers import by_type, from_csv, of_the_books, rows_of

from ledger.exports.errors import ExportNotWritten, ExportPlaceMissing, ExportPlaceTaken
from ledger.exports.rules import FORMULA
from ledger.exports.selectors import sealed_books
from ledger.exports.services import FORMATS, JOURNALS, LEAVES, TABLES, export
from ledger.exports.tables import BOOKS
from ledger.log import services as log

ROOT = Path(__file__).resolve().parents[2]
TABULAR = sorted(TABLES)
KILLED = """
import resource, signal, sys
from pathlib import Path
import django
django.setup()
from django.db import connections
from ledger.exports.services import LEAVES, export
connections.settings["default"]["NAME"] = sys.argv[1]
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
export(sys.argv[2], Path(sys.argv[3]))
"""


SAID = """
import sys
import django
django.setup()
from django.core.management import call_command
from django.db import connections
connections.settings["default"]["NAME"] = sys.argv[1]
call_command("export_books", "--format", sys.argv[2])
"""


def bytes_of(place: Path) -> dict[str, bytes]:
    files = [place] if place.is_file() else sorted(place.iterdir())
    return {path.name if path != place else "": path.read_bytes() for path in files}


@pytest.mark.database
@pytest.mark.django_db
@pytest.mark.parametrize("format_", FORMATS)
def test_the_same_books_give_the_same_bytes(format_, tmp_path):
    post(begun("i").entries)
    log.seal()

    export(format_, tmp_path / "one")
    export(format_, tmp_path / "two")

    assert bytes_of(tmp_path / "one") == bytes_of(tmp_path / "two")


@pytest.mark.database
@pytest.mark.django_db
@pytest.mark.parametrize("format_", TABULAR)
def test_the_manifest_names_every_file_with_its_digest(format_, tmp_path):
    post(begun("i").entries)
    position = log.seal()
    told = export(format_, tmp_path / "out")

    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))

    assert manifest["position"] == told.position == position
    assert list(manifest) == ["format", "position", "files"]
    assert set(bytes_of(tmp_path / "out")) == {*manifest["files"], "manifest.json"}
    for name, file in manifest["files"].items():
        content = (tmp_path / "out" / name).read_bytes()
        rows = content.count(b"\n") if name == LEAVES else len(rows_of(tmp_path / "out", name))
        assert file == {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), "rows": rows}


KINDS = {
    "integer": r"-?[0-9]+",
    "money": r"-?[0-9]+\.[0-9]{2}",
    "date": r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "boolean": "yes|no",
    "text": r"[^\r\n]+",
}


@pytest.mark.database
@pytest.mark.django_db
@pytest.mark.parametrize("format_", TABULAR)
def test_the_dictionary_describes_every_column_and_holds(format_, tmp_path):
    post([*begun("v").entries])
    log.seal()
    folder = tmp_path / "out"
    export(format_, folder)
    dictionary = rows_of(folder, "data_dictionary.csv")
    described = {}
    for row in dictionary:
        described.setdefault(row["file"], {})[row["column"]] = row
    files = {path.name for path in folder.glob("*.csv")}
    values = {(file, column): [row[column] for row in rows_of(folder, file)]
              for file in files for column in described[file]}  # fmt: skip

    assert set(described) == files
    for file, columns in described.items():
        content = (folder / file).read_bytes()
        assert content.endswith(b"\r\n")
        assert content.count(b"\n") == content.count(b"\r\n") == len(rows_of(folder, file)) + 1, (
            "RFC 4180, a row a line"
        )
        with (folder / file).open(encoding="utf-8", newline="") as lines:
            assert next(csv.reader(lines)) == list(columns)
        for column, row in columns.items():
            assert row["meaning"]
            assert row["nullable"] in {"yes", "no"}
            for cell in values[file, column]:
                assert re.fullmatch(KINDS[row["type"]], cell) or (not cell and row["nullable"] == "yes"), (row, cell)
            for key in filter(None, row["key"].split(", ")):
                if "." in key:
                    other, _, target = key.rpartition(".")
                    assert set(values[file, column]) - {""} <= set(values[f"{other}.csv", target])
        primary = [column for column, row in columns.items() if "primary" in row["key"].split(", ")]
        named = list(zip(*(values[file, column] for column in primary), strict=True))
        assert primary
        assert len(set(named)) == len(named), f"{file}: {primary} names a row"


@pytest.mark.database
@pytest.mark.django_db
@pytest.mark.parametrize("format_", TABULAR)
def test_no_cell_is_a_formula(format_, tmp_path):
    hostile = ['=HYPERLINK("x")', "+1", "-1", "@SUM(1)", "＝1"]
    batch = voucher("V1", 500)
    for number, text in enumerate(hostile):
        each = voucher(f"V{number + 2}", 1)[0]
        batch.append(replace(each, document=text, proposer=text, idempotency_key=f"={number}"))
    post(batch)
    log.seal()
    export(format_, tmp_path / "out")

    for path in (tmp_path / "out").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as lines:
            for cell in (cell for row in csv.reader(lines) for cell in row):
                assert not cell.startswith(FORMULA) or re.fullmatch(r"-[0-9.]+", cell)


@pytest.mark.database
@pytest.mark.django_db
@pytest.mark.parametrize("format_", FORMATS)
def test_nothing_is_written_over(format_, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "note").write_text("mine")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")

    for name in ("full", "file", "link", *(["empty"] if format_ in JOURNALS else [])):
        with pytest.raises(ExportPlaceTaken):
            export(format_, tmp_path / name)
    if format_ in TABLES:
        export(format_, tmp_path / "empty")
    with pytest.raises(ExportPlaceMissing):
        export(format_, None)
    with pytest.raises(ExportNotWritten, match="No such file"):
        export(format_, tmp_path / "no" / "where")

    assert (tmp_path / "full" / "note").read_text() == (tmp_path / "file").read_text() == "mine"
    assert {path.name for path in tmp_path.iterdir()} == {"full", "file", "empty", "link"}


@pytest.mark.database
@pytest.mark.django_db
@pytest.mark.parametrize("format_", FORMATS)
def test_what_does_not_fit_on_the_disk_is_refused_and_leaves_nothing(format_, tmp_path):
    post(begun("i").entries)
    log.seal()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(ExportNotWritten, match="File too large"):
            export(format_, tmp_path / "out")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert not list(tmp_path.iterdir())


@pytest.mark.database
@pytest.mark.parametrize("format_", FORMATS)
def test_a_killed_export_leaves_nothing_that_looks_whole(format_, committed, tmp_path):
    post(begun("i").entries)
    log.seal()

    died = subprocess.run([sys.executable, "-c", KILLED, committed, format_, tmp_path / "out"], cwd=ROOT, check=False,
                          capture_output=True, text=True)  # fmt: skip

    assert died.returncode < 0, died.stderr
    (left,) = tmp_path.iterdir()
    assert re.fullmatch(r"\.out\..*\.partial", left.name)
    assert not list(left.rglob("manifest.json"))
    export(format_, tmp_path / "out")


@pytest.mark.database
@pytest.mark.parametrize("format_", JOURNALS)
def test_standard_output_has_the_bytes_of_the_file_whatever_the_language(format_, committed, tmp_path):
    post([replace(voucher("V1", 500)[0], document="庆财预〔2026〕7号")])
    log.seal()
    export(format_, tmp_path / "out")

    said = subprocess.run([sys.executable, "-c", SAID, committed, format_], cwd=ROOT, check=True, capture_output=True,
                          env=os.environ | {"PYTHONIOENCODING": "ascii"})  # fmt: skip

    assert said.stdout == (tmp_path / "out").read_bytes()


@pytest.mark.database
def test_an_export_can_write_nothing_to_the_books(committed):
    with pytest.raises(InternalError, match="read-only transaction"), sealed_books():
        log.record(kind="note.written", subject="N1", digest=bytes(32))


@pytest.mark.database
def test_what_is_posted_and_sealed_meanwhile_is_not_in_it(committed):
    post(voucher("V1", 500))
    log.seal()

    def meanwhile():
        post(voucher("V2", 70))
        return log.seal()

    with sealed_books() as books:
        journal = books.journal()
        first = next(journal)
        (position,) = at_once(meanwhile)
        rest = list(journal)
        again = list(books.rows("transfers", list(BOOKS.columns["transfers.csv"])))
        balance = list(books.rows("trial_balance"))

    assert isinstance(position, int)
    assert len([first, *rest]) == len(again) == books.entries == 2
    assert sorted(int(row[-1]) for row in balance) == [-500, 0, 500]
    with sealed_books() as books:
        assert books.entries == 4


@pytest.mark.database
def test_an_export_outside_a_transaction_is_read_back_too(committed, tmp_path):
    post(begun("i").entries)
    log.seal()

    for format_ in FORMATS:
        export(format_, tmp_path / format_)

    assert by_type(from_csv(tmp_path / "csv")) == of_the_books()
