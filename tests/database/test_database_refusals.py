"""What the launcher refuses, with a code and something to do about it, and what it exits with."""

import shutil
from pathlib import Path

import pytest

pytestmark = pytest.mark.launcher


def test_a_setting_that_postgresql_refuses_is_named_in_the_refusal(world):
    found = world.visit("ensure_running", "stop")
    settings = Path(found["data"]) / "postgresql.conf"
    text = settings.read_text()
    settings.write_text(text + "\nno_such_setting = 1\n")

    refused = world.visit("ensure_running")
    settings.write_text(text)

    assert refused["refused"] == "database_could_not_start"
    assert "no_such_setting" in refused["sentence"]
    assert found["log"] in refused["advice"]
    assert world.visit("ensure_running")["ready"]


def test_a_socket_folder_that_is_somebody_elses_link_is_not_entered(worlds, user_name, ground):
    world = worlds(user_name, "wheel")
    folder = Path(world.visit("ensure_running", "stop")["socket"])
    kept = folder.rename(ground / f"{folder.name}-kept")
    folder.symlink_to(kept)

    refused = world.visit("ensure_running")
    folder.unlink()
    shutil.move(kept, folder)

    assert refused["refused"] == "database_folder_unusable"
    assert str(folder) in refused["sentence"]
    assert world.visit("ensure_running")["ready"]


def test_a_socket_folder_of_another_user_is_not_entered(worlds, user_named, ground):
    world = worlds("root", "wheel")
    folder = Path(world.visit("ensure_running", "stop")["socket"])
    kept = folder.rename(ground / f"{folder.name}-kept")
    folder.mkdir(mode=0o700)

    refused = world.visit("ensure_running")
    folder.rmdir()
    shutil.move(kept, folder)

    assert refused["refused"] == "database_folder_unusable"
    assert "belongs to the user with id 0" in refused["sentence"]
    assert world.visit("ensure_running")["ready"]


def test_a_checkout_that_may_not_be_written_to_is_named(make_world):
    world = make_world("ordinary")
    world.checkout.chmod(0o500)

    code, _, errors = world.command("start", "--checkout", str(world.checkout))
    world.checkout.chmod(0o700)

    assert code == 1
    assert errors.startswith("database_folder_unusable: ")
    assert str(world.checkout) in errors


@pytest.mark.parametrize(
    ("shown", "reason"),
    [
        (None, "has no initdb, pg_isready, postgres"),
        ("exit 1", "does not run"),
        ("echo 'postgres (PostgreSQL) 14.9'", "14.9"),
    ],
    ids=["absent", "broken", "too old"],
)
def test_programs_that_do_not_serve_are_refused_with_what_to_do(own_world, tmp_path, shown, reason):
    if shown:
        for name in ("initdb", "pg_isready", "postgres"):
            (tmp_path / name).write_text(f"#!/bin/sh\n{shown}\n")
            (tmp_path / name).chmod(0o755)

    code, output, errors = own_world.command("status", environment={"QUANBU_POSTGRES_BIN": str(tmp_path)})

    assert (code, output) == (1, "")
    assert errors.startswith("database_binaries_missing: ")
    assert reason in errors
    assert "DATABASE_URL" in errors


def test_asking_for_the_status_makes_nothing(own_world, tmp_path):
    asked = [own_world.command(act, "--checkout", str(tmp_path)) for act in ("status", "stop")]

    assert [code for code, _, _ in asked] == [1, 0]
    assert "not made yet" in asked[0][1]
    assert "was not running" in asked[1][1]
    assert not list(tmp_path.iterdir())


def test_an_act_that_is_none_is_a_wrong_call(own_world):
    code, _, errors = own_world.command("restart")

    assert code == 2
    assert "restart" in errors
