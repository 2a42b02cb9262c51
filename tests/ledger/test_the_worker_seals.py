"""A worker is a process that seals what others commit; it ends when it is told, and its death loses nothing."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from bookkeeping import entry, post, violated, voucher
from django.db import connections
from history import assert_everything_is_sealed_once, wait_until
from storm import PATIENCE_S, kill

from ledger.log import services as log
from ledger.log.models import Leaf, Record
from ledger.log.selectors import tree_size

pytestmark = pytest.mark.database

ROOT = Path(__file__).resolve().parents[2]
WORKER = """
import sys, django
django.setup()
from django.core.management import execute_from_command_line
from django.db import connections
connections.settings["default"]["NAME"] = sys.argv[1]
execute_from_command_line(["manage.py", "worker", *sys.argv[2:]])
"""


@contextmanager
def worker(database, *options):
    """A worker at a database; whatever becomes of the test, it is gone afterwards."""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings_test", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", WORKER, database, *options],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                kill(process.pid)


def work(name):
    """Something for a worker: entries and a record."""
    post([entry("HOLD", ("B.Available[T26,V1]", f"B.Held[T26,V1,{name}]", n)) for n in range(1, 5)])
    log.record(kind="test.happened", subject=name, told={}, submitter="north")


def test_it_seals_what_is_posted_until_it_is_told_to_stop_and_another_goes_on_where_one_was_killed(committed):
    post(voucher("V1", 1_000))

    with worker(committed) as killed, worker(committed) as other:
        for process in (killed, other):
            assert process.stdout.readline().startswith("The worker seals the log.")
        wait_until(lambda: tree_size() == 2, listening_to=[other.stdout])
        work("one")
        wait_until(lambda: tree_size() == 7, listening_to=[other.stdout])
        kill(killed.pid)
        assert killed.wait(PATIENCE_S) == -signal.SIGKILL
        work("two")
        wait_until(lambda: tree_size() == 12, listening_to=[other.stdout])
        other.send_signal(signal.SIGTERM)
        said, _ = other.communicate(timeout=PATIENCE_S)

    assert other.returncode == 0
    assert said == "The worker has stopped; what comes now is sealed by the next one.\n"
    work("three")
    assert tree_size() == 12
    with worker(committed, "--once") as once:
        said, _ = once.communicate(timeout=PATIENCE_S)
    assert (once.returncode, said) == (0, "The log is sealed up to position 17.\n")
    assert Record.objects.filter(leaf__isnull=False).count() == 3
    assert_everything_is_sealed_once()
    assert violated() == set()


def test_one_that_is_killed_in_the_middle_of_a_sealing_loses_nothing(committed):
    """The owner holds the table that sealing writes last, so that the worker has done everything else."""
    post(voucher("V1", 1_000))
    work("one")

    with connections["owner"].cursor() as cursor:
        cursor.execute("BEGIN; LOCK TABLE ledger_log_head IN SHARE ROW EXCLUSIVE MODE")
        with worker(committed) as process:
            wait_until(lambda: blocked(cursor), listening_to=[])
            kill(process.pid)
        assert not Leaf.objects.exists()
        cursor.execute("ROLLBACK")
        # Its server process seals on for a client that has gone, or does not: both are whole.
        wait_until(lambda: not at_work(cursor))

    assert tree_size() in {0, 7}
    work("two")
    assert log.seal() == 12
    assert_everything_is_sealed_once()
    assert violated() == set()


def blocked(cursor):
    """How many of this database's sessions wait for the table."""
    cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'ledger_log_head'::regclass")
    return cursor.fetchone()[0]


def at_work(cursor):
    """How many of this database's sessions do something, but for this one."""
    cursor.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle'"
        " AND pid <> pg_backend_pid()"
    )
    return cursor.fetchone()[0]
