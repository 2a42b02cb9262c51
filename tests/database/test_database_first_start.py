"""The first start of a cluster: by many at once, interrupted, and in awkward places."""

import os
import signal
from pathlib import Path

import pytest

from config.database.binaries import Binaries

pytestmark = pytest.mark.launcher


def test_eight_first_starts_at_once_share_one_cluster(world):
    found = world.first_found

    assert len(found) == 8
    assert {visit["ready"] for visit in found} == {True}
    assert len({visit["pid"] for visit in found}) == 1
    assert len({visit["parameters"]["runtime"]["password"] for visit in found}) == 1


def test_a_deep_place_with_blanks_and_quotes_is_as_good_as_any(world, awkward):
    found = world.visit("ensure_running")

    assert found["ready"]
    assert found["folder"].count(awkward) == 6
    assert len(found["folder"]) > 200
    assert len(found["socket"]) < 100


def test_a_locale_that_is_not_installed_does_no_harm(world, odd_environment):
    found = world.visit_once("stop", "ensure_running", environment=odd_environment)

    assert found["ready"]
    with world.connect("runtime") as connection:
        assert connection.execute("SHOW lc_messages").fetchone() == ("C",)


def test_programs_in_an_awkward_place_are_as_good_as_any(make_world, readable_wheel, ground, awkward):
    world = make_world("ordinary")
    world.programs = Binaries(readable_wheel).copied_to(ground / "programs" / awkward).folder

    found = world.visit("ensure_running")

    assert found["ready"]
    world.end()


def test_a_first_start_that_was_killed_leaves_nothing_half_made(make_world, readable_wheel, ground):
    # As root the programs run as somebody else, who cannot kill the launcher: the trial is the ordinary user's.
    world = make_world("ordinary")
    deadly = Binaries(readable_wheel).copied_to(ground / "deadly").folder
    (deadly / "initdb").write_text(f'#!/bin/sh\n"{readable_wheel}/initdb" "$@"\nkill -9 $PPID\n')
    patient, world.programs = world.programs, deadly

    with world.send() as killed:
        world.order(killed, "ensure_running")
        killed.stdout.read()
    half_made = sorted(folder.name for folder in world.state_root.iterdir())
    world.programs = patient
    found = world.visit("ensure_running")

    assert killed.returncode == -signal.SIGKILL
    assert [name.split("-")[:2] for name in half_made] == [["postgres", "18.lock"], ["postgres", "18.new"]]
    assert found["ready"]
    assert sorted(folder.name for folder in world.state_root.iterdir()) == ["postgres-18", "postgres-18.lock"]
    world.end()


def test_root_and_an_ordinary_user_share_a_checkout_without_meeting(user_named, make_world):
    root = make_world("root", default_state=True)
    ordinary = make_world("ordinary", default_state=True)
    ordinary.checkout = root.checkout
    os.chown(root.checkout, ordinary.user.uid, ordinary.user.gid)
    place = ("--checkout", str(root.checkout))

    as_root = root.command("start", *place)
    as_user = ordinary.command("start", *place)

    assert (as_root[0], as_user[0]) == (0, 0)
    found = [root.visit(), ordinary.visit()]
    assert all(visit["ready"] for visit in found)
    assert found[0]["pid"] != found[1]["pid"]
    assert Path(found[1]["folder"]).parent == root.checkout / f".quanbu-{ordinary.user.uid}"
    assert not Path(found[0]["folder"]).is_relative_to(root.checkout)
    assert ordinary.command("stop", *place)[0] == 0
    assert root.command("status", *place)[0] == 0
    with root.connect("runtime") as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
