"""A running cluster: who may do what in it, and that it comes back whatever happened to its server."""

import fcntl
import os
import shutil
import stat
from pathlib import Path

import psycopg
import pytest

from config.database import processes
from config.database.folders import SOCKET_NAME

pytestmark = pytest.mark.launcher


def column(connection, statement):
    return [row[0] for row in connection.execute(statement).fetchall()]


def test_the_server_outlives_the_command_that_started_it(world):
    world.visit("stop")

    first = world.visit_once("ensure_running")

    second = world.visit("ensure_running")

    assert first["ready"]
    assert second["pid"] == first["pid"]


def test_the_server_runs_without_privileges_and_its_secrets_are_ours(world):
    found = world.visit("ensure_running")

    assert found["server_uid"] != 0
    assert Path(f"/proc/{found['pid']}").stat().st_uid == found["server_uid"]
    for name, uid, mode in (
        ("data", found["server_uid"], 0o700),
        ("passwords", world.user.uid, 0o700),
        ("passwords/postgres", world.user.uid, 0o600),
        ("passwords/quanbu", world.user.uid, 0o600),
        ("passwords/quanbu_owner", world.user.uid, 0o600),
        ("server.log", world.user.uid, 0o600),
    ):
        facts = (Path(found["folder"]) / name).stat()
        assert (name, facts.st_uid, stat.S_IMODE(facts.st_mode)) == (name, uid, mode)
    socket = Path(found["socket"]).lstat()
    assert (socket.st_uid, stat.S_IMODE(socket.st_mode)) == (found["server_uid"], 0o700)


def test_the_server_inherits_no_secret_of_the_application(world):
    world.visit("stop")

    found = world.visit_once("ensure_running", environment={"QUANBU_SECRET_KEY": "not-for-the-server"})

    assert b"not-for-the-server" not in Path(f"/proc/{found['pid']}/environ").read_bytes()


def test_the_settings_are_ours(world):
    world.visit("ensure_running")
    promised = {
        "listen_addresses": "",
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "max_connections": "200",
        "jit": "off",
        "TimeZone": "UTC",
        "server_encoding": "UTF8",
        "password_encryption": "scram-sha-256",
        "data_checksums": "on",
        "log_error_verbosity": "terse",
    }

    with world.connect("runtime") as connection:
        found = {name: connection.execute(f"SHOW {name}").fetchone()[0] for name in promised}
        collation = column(connection, "SELECT datcollate FROM pg_database WHERE datname = 'quanbu'")

    assert found == promised
    assert collation == ["C"]


def test_the_roles_have_what_they_need_and_nothing_else(world):
    world.visit("ensure_running")

    with world.connect("owner") as owner:
        attributes = owner.execute(
            "SELECT rolname, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, rolcanlogin"
            " FROM pg_roles WHERE rolname LIKE 'quanbu%' ORDER BY rolname"
        ).fetchall()
        public = column(
            owner,
            "SELECT datname || ':' || privilege_type FROM pg_database, aclexplode(datacl)"
            " WHERE grantee = 0 AND datname IN ('postgres', 'quanbu', 'template1')",
        )
        owners = column(owner, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'quanbu'")

    assert attributes == [
        ("quanbu", False, False, False, False, False, True),
        ("quanbu_owner", False, True, False, False, False, True),
    ]
    assert public == []
    assert owners == ["quanbu_owner"]


def test_the_runtime_role_makes_temporary_tables_only(world):
    world.visit("ensure_running")

    with world.connect("runtime") as runtime:
        runtime.execute("CREATE TEMPORARY TABLE passing (line int)")
        for refused in (
            "CREATE TABLE lasting (line int)",
            "CREATE SCHEMA other",
            "CREATE DATABASE other",
            "CREATE ROLE other",
            "SELECT pg_read_file('postgresql.conf')",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                runtime.execute(refused)
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        world.connect("runtime", "postgres")


def test_the_owner_makes_databases_from_its_own(world):
    world.visit("ensure_running")

    with world.connect("owner", "postgres") as owner:
        owner.execute("CREATE DATABASE made_for_a_test TEMPLATE quanbu")
        owner.execute("DROP DATABASE made_for_a_test")


def test_a_wrong_password_opens_nothing(world):
    found = world.visit("ensure_running")
    for role in ("owner", "runtime"):
        forged = found["parameters"][role] | {"password": "guessed"}

        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(**forged, dbname="quanbu")


def test_a_dropped_database_is_made_again(world):
    world.visit("ensure_running")
    with world.connect("owner", "postgres") as owner:
        owner.execute("DROP DATABASE quanbu WITH (FORCE)")

    world.visit("ensure_running")

    with world.connect("runtime") as runtime:
        runtime.execute("CREATE TEMPORARY TABLE passing (line int)")


def test_what_was_committed_survives_a_killed_server(world):
    world.visit("ensure_running")
    with world.connect("owner") as owner:
        owner.execute("CREATE TABLE IF NOT EXISTS kept (line int)")
        owner.execute("INSERT INTO kept VALUES (42)")
        found = world.visit()
        world.kill(found["pid"])

    again = world.visit("ensure_running")

    assert again["pid"] != found["pid"]
    with world.connect("owner") as owner:
        assert 42 in column(owner, "SELECT line FROM kept")


def test_a_session_that_outlives_a_killed_server_holds_up_the_next_start_only_for_a_moment(world):
    found = world.visit("ensure_running")
    busy = world.connect("owner")
    backend = busy.info.backend_pid
    # A session that computes does not notice the death of its server until it next waits for something.
    busy.pgconn.send_query(b"SELECT sum(i) FROM generate_series(1, 2000000) AS i")
    world.kill(found["pid"])

    again = world.visit("ensure_running")
    busy.close()

    assert again["ready"]
    assert not processes.is_running(backend)


def test_a_stale_pid_file_that_names_a_stranger_stops_nobody(world, stranger):
    found = world.visit("ensure_running")
    world.kill(found["pid"])
    bystander = stranger(found["server_uid"])
    pid_file = Path(found["data"]) / "postmaster.pid"
    lines = pid_file.read_text().splitlines(keepends=True)
    pid_file.write_text("".join([f"{bystander.pid}\n", *lines[1:]]))

    not_running = world.visit("is_ready", "stop")
    again = world.visit("ensure_running")

    assert not_running["answers"] == [False, False]
    assert again["ready"]
    assert bystander.poll() is None


def test_an_empty_pid_file_of_a_start_that_was_killed_stops_nobody(own_world):
    """A start that is killed between making the file and writing to it leaves it; PostgreSQL refuses it for ever."""
    found = own_world.visit("ensure_running")
    own_world.kill(found["pid"])
    os.truncate(Path(found["data"]) / "postmaster.pid", 0)

    assert own_world.visit("ensure_running")["pid"] != found["pid"]


def test_a_server_that_lost_its_socket_is_replaced(world):
    found = world.visit("ensure_running")
    (Path(found["socket"]) / SOCKET_NAME).unlink()

    again = world.visit("ensure_running")

    assert again["ready"]
    assert not processes.is_running(found["pid"])


def test_a_server_whose_folder_was_deleted_makes_way_for_a_new_cluster(worlds, user_name):
    world = worlds(user_name, "wheel")
    found = world.visit("ensure_running")
    shutil.rmtree(found["folder"])

    again = world.visit("ensure_running")

    assert again["ready"]
    assert not processes.is_running(found["pid"])
    assert again["parameters"]["owner"]["password"] != found["parameters"]["owner"]["password"]


def test_the_server_does_not_inherit_the_lock(world):
    found = world.visit("ensure_running")

    with Path(f"{found['folder']}.lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    assert found["ready"]


def test_stop_ends_the_server_and_says_so_once(world):
    found = world.visit("ensure_running")

    stopped = world.visit("stop", "is_ready", "stop")

    assert stopped["answers"] == [True, False, False]
    assert not processes.is_running(found["pid"])
    assert not list(Path(found["socket"]).iterdir())
