"""`manage.py export_books` as people and machines call it."""

import io
import json

import pytest
from django.core.management import call_command

from ledger.log import services as log
from tests.commands.test_commands_answer import exits, fits
from tests.scenario import command, declare

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.mark.parametrize("format_", ["beancount", "hledger", "csv", "iso-21378"])
def test_the_answer_fits_its_schema_and_names_what_was_written(format_, tmp_path):
    declare()
    log.seal()
    told = fits(command("export_books", "--format", format_, "--out", str(tmp_path / "out")), "export_books")

    assert told["entries"] > 0
    assert told["transfers"] >= told["entries"]
    assert all((tmp_path / "out").is_file() or (tmp_path / "out" / name).is_file() for name in told["files"])


@pytest.mark.parametrize("format_", ["beancount", "hledger"])
def test_a_journal_goes_to_standard_output_or_to_a_file_the_same(format_, tmp_path):
    declare()
    log.seal()
    said, told = io.StringIO(), io.StringIO()
    call_command("export_books", "--format", format_, stdout=said)
    call_command("export_books", "--format", format_, "--out", str(tmp_path / "out"), stdout=told)

    assert said.getvalue() == (tmp_path / "out").read_text(encoding="utf-8")
    assert "entries with" in told.getvalue()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--format", "csv"), "export_must_have_a_place"),
        (("--format", "beancount", "--json"), "export_must_have_a_place"),
        (("--format", "csv", "--out", "."), "export_place_must_be_empty"),
        (("--format", "hledger", "--out", "/nowhere/at/all"), "export_could_not_be_written"),
    ],
)
def test_a_place_that_will_not_do_is_refused(arguments, code):
    status, out, err = exits("export_books", *arguments)

    assert status == 2
    assert code in err
    if "--json" in arguments:
        assert fits(json.loads(out), "refusal")["code"] == code
