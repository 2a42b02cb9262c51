"""Databases for tests: real PostgreSQL, migrated once by the owner, used by the runtime role.

A *template* database is migrated once per state of the migrations. Each xdist worker copies it; a test that runs in a
transaction uses the worker's copy, and a test that commits (`committed`) gets a copy of its own, because append-only
tables refuse to be emptied.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, connections
from psycopg import sql

ROOT = Path(__file__).resolve().parents[1]
ALIASES = ("default", "owner")


def fingerprint() -> str:
    """Return a digest of everything that shapes an empty database."""
    digest = hashlib.sha256()
    patterns = ("*/migrations/*.py", "*/*/sql/**/*.sql", "ledger/books/chart/*.csv", "*/privileges.py", "*/*/models.py")
    files = {path for pattern in patterns for path in ROOT.glob(pattern)}
    setup = ROOT / "config/shell/management/commands/setup_database.py"
    for path in sorted(files | {setup, ROOT / "ledger/operations.py"}):
        digest.update(path.as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:12]


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let one process at a time make or drop databases."""
    settings.STATE_DIR.mkdir(exist_ok=True)
    with (settings.STATE_DIR / "test-databases.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def as_owner(statement: str, *names: str) -> list[tuple[str, ...]]:
    """Run a statement about databases as the owner, outside any of them."""
    with connections["owner"]._nodb_cursor() as cursor:
        cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
        return cursor.fetchall() if cursor.description else []


def use(database: str) -> None:
    """Point both connections of this process, and of its threads, at a database."""
    for alias in ALIASES:
        connections[alias].close()
        connections.settings[alias]["NAME"] = database
        assert connections[alias].settings_dict["NAME"] == database


def drop(name: str) -> None:
    """Drop a database as soon as its last session is gone: the owner may not end the runtime role's sessions."""
    for attempt in range(100):
        try:
            as_owner("DROP DATABASE IF EXISTS {}", name)
        except OperationalError:
            if attempt == 99:
                raise
            with connections["owner"]._nodb_cursor() as cursor:
                cursor.execute("SELECT pg_sleep(0.05)")
        else:
            return


@pytest.fixture(scope="session")
def template_database(django_db_blocker: pytest.FixtureRequest) -> str:
    """The migrated template. Templates of other states of the migrations are dropped on the way."""
    template = f"test_template_{fingerprint()}"
    with django_db_blocker.unblock(), one_at_a_time():
        databases = {name for (name,) in as_owner("SELECT datname FROM pg_database")}
        if template not in databases:
            for stale in databases:
                if stale.startswith("test_template_"):
                    drop(stale)
            as_owner("CREATE DATABASE {}", f"{template}_new")
            use(f"{template}_new")
            call_command("setup_database", verbosity=0)
            for alias in ALIASES:
                connections[alias].close()
            as_owner("ALTER DATABASE {} RENAME TO {}", f"{template}_new", template)
    return template


@contextmanager
def copy_of(template: str, name: str) -> Iterator[str]:
    """Copy a database, use the copy, and drop it."""
    before = connections.settings["default"]["NAME"]
    drop(name)
    as_owner("CREATE DATABASE {} TEMPLATE {}", name, template)
    use(name)
    try:
        yield name
    finally:
        use(before)
        drop(name)


@pytest.fixture(scope="session")
def django_db_setup(template_database: str, worker_id: str, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """The worker's own copy of the template, instead of pytest-django's."""
    with django_db_blocker.unblock(), copy_of(template_database, f"test_{worker_id}_{os.getpid()}"):
        yield


@pytest.fixture
def committed(
    django_db_setup: None, template_database: str, worker_id: str, django_db_blocker: pytest.FixtureRequest
) -> Iterator[str]:
    """A database of this test's own, in which transactions really commit and threads see each other."""
    assert not connections["default"].in_atomic_block, "a test is marked django_db or asks for committed, not both"
    with (
        django_db_blocker.unblock(),
        copy_of(template_database, f"test_{worker_id}_{os.getpid()}_committed") as name,
    ):
        yield name
