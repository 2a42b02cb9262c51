"""Django's PostgreSQL backend, which also knows the embedded cluster.

With `OPTIONS = {"embedded_role": "runtime"}` (or `"owner"`), host, port, user and password are the cluster's,
asked for at the moment of connecting; a connection that fails brings the server up and is tried once more.
Without it this is Django's backend and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psycopg
from django.db.backends.postgresql import base, client
from django.utils.asyncio import async_unsafe

from config.database.launcher import Role, embedded

CHECKOUT = Path(__file__).resolve().parents[2]
ROLE_OPTION = "embedded_role"


class DatabaseClient(client.DatabaseClient):
    """`manage.py dbshell`, for the embedded cluster as well."""

    @classmethod
    def settings_to_cmd_args_env(
        cls, settings_dict: dict[str, Any], parameters: Iterable[str]
    ) -> tuple[list[str], dict[str, str] | None]:
        """Return the command and environment of `psql`."""
        if ROLE_OPTION not in settings_dict["OPTIONS"]:
            return super().settings_to_cmd_args_env(settings_dict, list(parameters))
        cluster = embedded(CHECKOUT)
        cluster.ensure_running()
        found = cluster.parameters(settings_dict["OPTIONS"][ROLE_OPTION])
        settings_dict = settings_dict | {name.upper(): value for name, value in found.items()}
        command, environment = super().settings_to_cmd_args_env(settings_dict, list(parameters))
        if cluster.binaries.has("psql"):
            command[0] = cluster.binaries.program("psql")
        return command, environment


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to PostgreSQL, embedded or not."""

    client_class = DatabaseClient

    def get_connection_params(self) -> dict[str, Any]:
        """Return the keywords of `psycopg.connect`.

        Refuses: what `Cluster.ensure_running` refuses, where the cluster has yet to be made.
        """
        conn_params: dict[str, Any] = super().get_connection_params()
        role: Role | None = conn_params.pop(ROLE_OPTION, None)
        return conn_params if role is None else conn_params | embedded(CHECKOUT).parameters(role)

    @async_unsafe
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect; where the embedded server does not answer, bring it up and connect again.

        Refuses: what `Cluster.ensure_running` refuses.
        """
        try:
            return super().get_new_connection(conn_params)
        except psycopg.OperationalError:
            if ROLE_OPTION not in self.settings_dict["OPTIONS"]:
                raise
        embedded(CHECKOUT).ensure_running()
        return super().get_new_connection(self.get_connection_params())

    def set_autocommit(
        self,
        autocommit: bool,  # noqa: FBT001 (Django's signature)
        force_begin_transaction_with_broken_autocommit: bool = False,  # noqa: FBT001, FBT002
    ) -> None:
        """Leave a transaction whose connection was lost without connecting anew.

        Django would, only to set what a new connection has anyway; and a server that does not come back would then hide
        the error that says what was lost behind one that says that nothing was done.
        """
        if autocommit and self.connection is None:
            return
        super().set_autocommit(autocommit, force_begin_transaction_with_broken_autocommit)
