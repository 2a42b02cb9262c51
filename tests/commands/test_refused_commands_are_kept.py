"""What a command was refused on somebody's behalf is kept once, and commands that only look leave nothing."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import yaml

from ledger.log.models import Record
from ledger.models import RefusedAct
from ledger.refusals.rules import digest_of
from ledger.verification import verify
from tests.commands.test_commands_answer import PLACE, RUN, exits
from tests.scenario import HEADER, at, command, declare, today, world
from vouchers.models import Voucher

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def kept() -> list[tuple[str, str, str]]:
    return list(RefusedAct.objects.order_by("act", "code").values_list("actor", "act", "code"))


@pytest.fixture
def empty(tmp_path: Path) -> str:
    path = tmp_path / "usage.sacct"
    path.write_bytes(b"")
    return str(path)


def test_a_refused_command_is_kept_with_who_what_when_and_why():
    declare()
    with today("2026-11-16"):
        exits("reconcile", *RUN, "--cut-off", "7", "--actor", "e1-op")

    (refused,) = RefusedAct.objects.all()
    assert (refused.actor, refused.act, refused.code) == ("e1-op", "manage.py reconcile", "act_not_permitted")
    assert refused.about == {"programme": "P1", "period": "2026-10", "run": "S1", "cut_off": "7"}
    assert refused.asked_at_ms == at("2026-11-16T04:00")
    options = {"programme": "P1", "period": "2026-10", "run": "S1", "cut_off": 7}
    assert bytes(refused.inputs_digest) == digest_of({"command": "reconcile", "options": options})
    assert Record.objects.filter(kind="act.refused", subject=refused.id).count() == 1


def test_somebody_whom_nobody_knows_is_kept_by_the_name_they_gave():
    exits("reconcile", *RUN, "--actor", "nobody\x1b" + "y" * 1000)

    ((actor, _, code),) = kept()
    assert code == "actor_unknown"
    assert actor.startswith("nobody�yyy")
    assert len(actor.encode()) == 100


def test_of_files_their_digests_count_and_no_path_is_kept(tmp_path, empty):
    declare()
    exits("submit_usage", *PLACE, empty, "--actor", "c1-op")
    (refused,) = RefusedAct.objects.all()

    assert (refused.act, refused.code) == ("manage.py submit_usage", "document_must_not_be_empty")
    assert refused.about == {"centre": "c1", "cluster": "k1", "format": "slurm-sacct"}
    assert str(tmp_path) not in str(refused.fields)
    options = {
        "files": [hashlib.sha256(b"").hexdigest()],
        "centre": "c1",
        "cluster": "k1",
        "format": "slurm-sacct",
        "profile": None,
        "dry_run": False,
    }
    assert bytes(refused.inputs_digest) == digest_of({"command": "submit_usage", "options": options})


def test_a_reason_stands_as_its_digest_only():
    declare()
    exits("settle", *RUN, "--dispute", "--reason", "Li Si was ill", "--actor", "c1-op")
    (refused,) = RefusedAct.objects.all()

    assert refused.about == {"programme": "P1", "period": "2026-10", "run": "S1", "dispute": "True"}
    assert "Li Si" not in f"{refused.fields} {refused.about} {refused.act}"


def test_what_the_books_refused_of_a_world_is_kept_although_nothing_of_it_was_written(tmp_path):
    declare()
    greedy = world()
    for number in (3, 4):
        greedy["vouchers"].append(
            {**greedy["vouchers"][0], "code": f"V{number}", "award": f"A{number}", "face": "99999.00"}
        )
    path = tmp_path / "world.yaml"
    path.write_text(yaml.safe_dump(greedy, sort_keys=False))

    code, _, err = exits("apply", str(path), "--actor", "op")

    assert (code, err.count("world.yaml:")) == (1, 4)
    assert not Voucher.objects.filter(code__in=["V3", "V4"]).exists()
    assert kept() == [
        ("op", "manage.py apply", "world_file_has_errors"),
        *[("op", "post AWARD", "account_must_not_pass_its_floor")] * 2,
        *[("op", "post ISSUE", "account_must_not_pass_its_floor")] * 2,
    ]
    assert len({refused.about["entry_1"] for refused in RefusedAct.objects.filter(act__startswith="post")}) == 4
    assert all(verdict.holds for verdict in verify())


@pytest.mark.parametrize(
    "call",
    [
        ("explain", "O1:2026-10"),
        ("submit_usage", *PLACE, "--dry-run", "EMPTY"),
        ("submit_usage", *PLACE, "--dry-run", "--actor", "c1-op", "EMPTY"),
    ],
    ids=["explain", "dry run", "dry run by somebody"],
)
def test_a_command_that_only_looks_leaves_nothing(call, empty):
    declare()
    assert exits(*(empty if word == "EMPTY" else word for word in call))[0] == 2
    assert kept() == []


def test_a_command_that_is_not_refused_leaves_nothing(tmp_path):
    declare()
    path = tmp_path / "usage.sacct"
    path.write_text(f"{HEADER}\n")

    command("submit_usage", *PLACE, str(path), "--actor", "c1-op")

    assert kept() == []
