"""The roles, the database and who may do what, made so on every visit.

| role | may | used by |
| --- | --- | --- |
| `postgres` | everything | the launcher, nobody else |
| `quanbu_owner` | log in, create databases; owns them | migrations, test set-up |
| `quanbu` | log in, temporary tables; what migrations grant it | the application |
"""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict

import psycopg

from config.database.folders import PORT, Places

SUPERUSER = "postgres"
OWNER = "quanbu_owner"
RUNTIME = "quanbu"
ROLES = (SUPERUSER, OWNER, RUNTIME)
DATABASE = "quanbu"
SQL = Path(__file__).parent / "sql"


class Parameters(TypedDict):
    """How a role connects: keywords of `psycopg.connect`, to which a database name is added."""

    host: str
    port: int
    user: str
    password: str


def parameters(places: Places, role: str) -> Parameters:
    """Return how `role` connects to the cluster."""
    password = places.password_file(role).read_text()
    return {"host": str(places.socket), "port": PORT, "user": role, "password": password}


def ensure(places: Places) -> None:
    """Create what is missing of the roles, the database and their rights. Repeatable; needs the lock held.

    The server never sees a password: what is sent is the verifier made from it.
    """
    with psycopg.connect(**parameters(places, SUPERUSER), dbname="postgres", autocommit=True, options="") as connection:
        for role in (OWNER, RUNTIME):
            password = places.password_file(role).read_text()
            verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
            connection.execute(
                _statement("set_verifier"), {"setting": f"quanbu.verifier_of_{role}", "verifier": verifier.decode()}
            )
        connection.execute(_statement("create_roles"))
        if connection.execute(_statement("find_database"), {"database": DATABASE}).fetchone() is None:
            connection.execute(_statement("create_database"))
        connection.execute(_statement("restrict_public"))


def _statement(name: str) -> bytes:
    return (SQL / f"{name}.sql").read_bytes()
