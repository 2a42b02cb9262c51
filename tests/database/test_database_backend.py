"""Django's backend over the embedded cluster, and as itself over any other server."""

import subprocess
from pathlib import Path

import psycopg
import pytest
from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper as DjangoWrapper

from config.database import base, processes
from config.database.binaries import Binaries
from config.database.launcher import Cluster

pytestmark = pytest.mark.launcher

ELSEWHERE = {"HOST": "localhost", "PORT": "1", "USER": "somebody", "PASSWORD": "a-password"}


@pytest.fixture
def settings_of():
    def make(options, **changed):
        return connections.configure_settings({"default": {"NAME": "quanbu", "OPTIONS": options} | changed})["default"]

    return make


@pytest.fixture
def cluster(own_world, monkeypatch):
    own_world.visit("ensure_running")
    cluster = Cluster(own_world.checkout, own_world.state_root, programs=Binaries(own_world.programs), to_disk=False)
    monkeypatch.setattr(base, "embedded", lambda checkout: cluster)
    return cluster


@pytest.fixture
def wrapper_of(settings_of, cluster):
    wrappers = []

    def make(role):
        wrappers.append(base.DatabaseWrapper(settings_of({"embedded_role": role})))
        return wrappers[-1]

    yield make
    for wrapper in wrappers:
        wrapper.close()


def test_nothing_is_asked_of_a_cluster_before_the_first_connection(settings_of, monkeypatch):
    monkeypatch.setattr(base, "embedded", pytest.fail)

    base.DatabaseWrapper(settings_of({"embedded_role": "runtime"}))


def test_another_server_is_reached_as_by_django_itself(settings_of, monkeypatch):
    monkeypatch.setattr(base, "embedded", pytest.fail)
    settings = settings_of({"connect_timeout": 1}, **ELSEWHERE)
    ours, djangos = base.DatabaseWrapper(settings), DjangoWrapper(settings)

    assert ours.get_connection_params() == djangos.get_connection_params()
    assert ours.client.settings_to_cmd_args_env(settings, []) == djangos.client.settings_to_cmd_args_env(settings, [])
    with pytest.raises(psycopg.OperationalError):
        ours.get_new_connection(ours.get_connection_params())


@pytest.mark.parametrize(("role", "name"), [("runtime", "quanbu"), ("owner", "quanbu_owner")])
def test_a_role_is_connected_by_what_the_cluster_says(wrapper_of, django_db_blocker, role, name):
    wrapper = wrapper_of(role)

    with django_db_blocker.unblock(), wrapper.cursor() as cursor:
        cursor.execute("SELECT current_user, current_database()")
        found = cursor.fetchone()

    assert found == (name, "quanbu")
    assert "embedded_role" not in wrapper.get_connection_params()
    assert wrapper.settings_dict["OPTIONS"] == {"embedded_role": role}


def test_a_connection_brings_a_killed_server_back(wrapper_of, cluster, own_world, django_db_blocker):
    wrapper = wrapper_of("runtime")
    pid, _ = processes.listener(cluster.places.socket_file)
    own_world.kill(pid)

    with django_db_blocker.unblock(), wrapper.cursor() as cursor:
        cursor.execute("SELECT 1")
        found = cursor.fetchone()

    assert found == (1,)


def test_a_connection_makes_the_cluster_where_there_is_none(wrapper_of, cluster, own_world, django_db_blocker):
    own_world.visit("stop")
    cluster.places.cluster.rename(cluster.places.cluster.with_name("put-away"))

    with django_db_blocker.unblock(), wrapper_of("runtime").cursor() as cursor:
        cursor.execute("SELECT 1")
        found = cursor.fetchone()

    assert found == (1,)


def test_the_owner_creates_a_database_without_being_in_one(wrapper_of, django_db_blocker):
    wrapper = wrapper_of("owner")

    with django_db_blocker.unblock(), wrapper._nodb_cursor() as cursor:
        cursor.execute("CREATE DATABASE made_by_django")
        cursor.execute("DROP DATABASE made_by_django")
        cursor.execute("SELECT current_database()")
        found = cursor.fetchone()

    assert found == ("postgres",)


def test_a_database_shell_reaches_the_cluster_with_its_own_psql(wrapper_of, cluster):
    wrapper = wrapper_of("runtime")

    command, environment = wrapper.client.settings_to_cmd_args_env(
        wrapper.settings_dict, ["-Atc", "SELECT current_user"]
    )
    shown = subprocess.run(command, env=environment, capture_output=True, check=True, text=True)

    assert Path(command[0]).parent == cluster.binaries.folder
    assert shown.stdout.strip() == "quanbu"
