"""Every command's JSON fits its published schema, and exit codes say what happened."""

import io
import json
from pathlib import Path

import jsonschema
import pytest
import yaml
from django.core.management import CommandError, call_command

from ledger import verification
from tests.scenario import HEADER, ROOT, command, declare, row, today, world

pytestmark = [pytest.mark.django_db, pytest.mark.database]

DAY = ("2026-10-05T00:00:00", "2026-10-05T10:00:00")
RUN = ("--programme", "P1", "--period", "2026-10", "--run", "S1")
PLACE = ("--centre", "c1", "--cluster", "k1", "--format", "slurm-sacct")


def fits(document: dict, name: str) -> dict:
    schema = json.loads((ROOT / f"docs/reference/schemas/{name}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema)
    return document


def exits(name: str, *arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(SystemExit) as exit_:
        call_command(name, *arguments, stdout=out, stderr=err)
    return int(exit_.value.code or 0), out.getvalue(), err.getvalue()


@pytest.fixture
def usage(tmp_path: Path) -> str:
    path = tmp_path / "usage.sacct"
    path.write_text("\n".join((HEADER, row(1, *DAY), row(2, *DAY), "")))
    return str(path)


@pytest.fixture
def evidence(tmp_path: Path) -> str:
    path = tmp_path / "evidence.sacct"
    path.write_text("\n".join((HEADER, row(1, *DAY), "")))
    return str(path)


def test_the_main_job_by_commands(usage, evidence, tmp_path):
    path = tmp_path / "world.yaml"
    path.write_text(yaml.safe_dump(world(), sort_keys=False))

    with today("2026-01-05"):
        fits(command("apply", str(path), "--actor", "op"), "apply")
    with today("2026-11-16"):
        slip = fits(command("submit_usage", *PLACE, usage, "--actor", "c1-op"), "submit")
        fits(command("submit_evidence", *PLACE, "--source", "agent", evidence, "--actor", "op"), "submit")
        summary = fits(command("reconcile", *RUN, "--actor", "op"), "reconcile")
        statements = fits(command("settle", *RUN, "--actor", "boss"), "settle")
        confirmed = fits(command("settle", *RUN, "--confirm", "--actor", "c1-op"), "settle")
    with today("2026-11-17"):
        closed = fits(command("close_period", *RUN[:4], "--document", "D1", "--actor", "cash"), "close_period")
        again = fits(command("close_period", *RUN[:4], "--actor", "cash"), "close_period")
        early = exits("close_period", "--programme", "P1", "--period", "2026-11", "--actor", "cash")
        foreign = exits("close_period", *RUN[:4], "--actor", "boss")
    told = fits(command("explain", "O1:2026-10"), "explain")
    verdict = fits(command("verify_books"), "verify_books")
    with today("2026-11-16"):
        waiting = fits(command("open_items", "--fund", "P1", "--type", "M.Payable", "--type", "K.Held"), "open_items")
    rolled = fits(command("roll_forward", "--from", "2026-01-01", "--to", "2026-12-31", "--kind", "M"), "roll_forward")

    assert slip["accepted"] == 2
    assert summary["claimed_minor"] == 400_00
    assert summary["allowed_minor"] == 200_00
    assert summary["adjusted"][0]["code"] == "USE.NO_EVID"
    assert statements["statements"][0]["subsidy_minor"] == 60_00
    assert confirmed["statements"][0]["answer"]["kind"] == "confirmed"
    assert told["approved"] is True
    assert [part["code"] for part in told["parts"]] == ["", "USE.NO_EVID"]
    assert verdict["holds"] is True
    assert (closed["closed"], closed["open_from"], again["closed"]) == (4, "2026-10-31T16:00:00.000Z", 0)
    assert (early[0], foreign[0]) == (2, 2)
    assert "period_must_be_over" in early[2]
    assert "act_not_permitted" in foreign[2]
    assert {item["type"]: item["balance"] for item in waiting["items"]} == {"M.Payable": 60_00, "K.Held": 200_00}
    assert waiting["overdue"] == 0
    assert [group["closing"] for group in rolled["groups"]] == [0], "a whole book stands at zero"


def test_several_files_give_one_document(usage, evidence):
    declare()
    told = fits(command("submit_usage", *PLACE, usage, evidence, "--actor", "c1-op"), "submit")

    assert [slip["accepted"] for slip in told["files"]] == [2, 0]
    assert told["files"][1]["duplicate"] == 1


def test_what_people_read_names_figures_and_reasons(usage, capsys):
    declare()
    out = io.StringIO()
    call_command("submit_usage", *PLACE, usage, "--actor", "c1-op", stdout=out)

    assert "usage.sacct: 2 rows" in out.getvalue()
    assert "20.000000" in out.getvalue()


def test_open_items_and_roll_forwards_are_told_to_people():
    declare()
    items, rolled = io.StringIO(), io.StringIO()
    with today("2026-11-16"):
        call_command("open_items", stdout=items)
        call_command(
            "roll_forward", "--from", "2025-01-01", "--to", "2026-12-31", "--type", "B.Available", stdout=rolled
        )

    assert "until voucher ended" in items.getvalue()
    assert "ISSUE: debited 0, credited " in rolled.getvalue()


def test_lines_that_go_back_exit_with_one_and_are_told(tmp_path):
    declare()
    path = tmp_path / "torn.sacct"
    path.write_text(f"{HEADER}\n{row(1, *DAY)}\ntorn\n")

    code, out, _ = exits("submit_usage", *PLACE, str(path), "--actor", "c1-op")

    assert code == 1
    assert "line 3: rejected, row_has_wrong_field_count" in out


def test_a_world_with_errors_exits_with_one_and_names_the_lines(tmp_path):
    path = tmp_path / "world.yaml"
    path.write_text("world: quanbu/1\norganisations:\n  - {code: a}\n")

    code, _, err = exits("apply", str(path), "--actor", "op")
    json_code, out, _ = exits("apply", str(path), "--actor", "op", "--json")

    assert code == json_code == 1
    assert "world.yaml:3: kind is missing" in err
    assert len(fits(json.loads(out), "refusal")["problems"]) == 2


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("reconcile", *RUN, "--actor", "nobody"), "actor_unknown"),
        (("reconcile", *RUN, "--actor", "e1-op"), "act_not_permitted"),
        (
            ("reconcile", "--programme", "P1", "--period", "October", "--run", "S1", "--actor", "op"),
            "period_is_malformed",
        ),
        (("settle", *RUN, "--actor", "boss"), "run_is_missing"),
        (("settle", *RUN, "--confirm", "--actor", "c1-op"), "not_found"),
        (("explain", "O1:2026-10"), "not_found"),
        (("open_items", "--type", "M.Intransit"), "not_found"),
        (("open_items", "--type", "M.Expense"), "account_type_is_not_cleared"),
        (("roll_forward", "--from", "October", "--to", "2026-10-31"), "day_is_malformed"),
        (("roll_forward", "--from", "2026-10-01", "--to", "2026-10-31", "--fund", "P9"), "not_found"),
        (
            ("submit_usage", "--centre", "x", "--cluster", "y", "--format", "slurm-sacct", "FILE", "--actor", "c1-op"),
            "not_found",
        ),
        (("submit_usage", *PLACE, "FILE", "--actor", "op"), "act_not_permitted"),
    ],
)
def test_refusals_exit_with_two_and_say_what_to_do(arguments, code, usage):
    declare()
    arguments = tuple(usage if argument == "FILE" else argument for argument in arguments)
    with today("2026-11-16"):
        exit_code, out, err = exits(*arguments, "--json")

    assert exit_code == 2
    assert fits(json.loads(out), "refusal")["code"] == code
    assert code in err


def test_calls_that_lack_something_exit_with_two(usage):
    declare()
    place = ("--centre", "c1", "--cluster", "k1")
    assert exits("submit_usage", *place, usage, "--actor", "c1-op")[0] == 2  # no format
    assert exits("submit_usage", *PLACE, usage)[0] == 2  # no actor
    with pytest.raises(CommandError, match="/nowhere: No such file"):  # exit code 2 on a command line
        call_command("submit_usage", *PLACE, "/nowhere", "--actor", "c1-op")


def test_a_dry_run_needs_neither_actor_nor_world(usage):
    told = fits(
        command("submit_usage", "--centre", "any", "--cluster", "any", "--format", "slurm-sacct", "--dry-run", usage),
        "submit",
    )

    assert told["accepted"] == 2
    assert told["receipt"] is None
    assert told["metered"]["by_class"]["gpu"]["gpu_ms"] == 20 * 3_600_000


def test_violated_invariants_exit_with_one(monkeypatch):
    def broken(**_):
        invariant = verification.invariants()[0]
        return [verification.Verdict(invariant, 21, tuple((f"s{n}", "is wrong") for n in range(20)))]

    monkeypatch.setattr("ledger.management.commands.verify_books.verify", broken)
    code, out, _ = exits("verify_books")

    assert code == 1
    assert "s0: is wrong" in out
    assert "… and 1 more" in out
