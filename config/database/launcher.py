"""The embedded cluster of a checkout, started when it is needed.

*Cluster*: one PostgreSQL data folder with its server, roles and passwords. Each user, checkout and major
version has one. `embedded` gives the application's; a test makes its own `Cluster` with a `state_root` of
its own.

Source: PostgreSQL's documentation of initdb, postgres, pg_isready and libpq.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Literal

import psycopg

from config.database import binaries, folders, roles
from config.database.account import Account, server_account
from config.database.binaries import Binaries
from config.database.errors import DatabaseFolderUnusable
from config.database.folders import Places
from config.database.initialisation import initialise
from config.database.server import Answer, Server

Role = Literal["owner", "runtime"]
ROLE_NAMES: dict[Role, str] = {"owner": roles.OWNER, "runtime": roles.RUNTIME}


@dataclass(frozen=True)
class Cluster:
    """The cluster of a checkout. Making one touches nothing; every method may be called at any time.

    `state_root` and `programs` are for tests and tools; left out, they follow from the user and the
    environment. `to_disk=False` makes a new cluster without waiting for the disk.
    """

    checkout: Path
    state_root: Path | None = None
    programs: Binaries | None = None
    to_disk: bool = True

    @cached_property
    def binaries(self) -> Binaries:
        """The PostgreSQL programs that were chosen.

        Refuses: `database_binaries_missing`.
        """
        return self.programs or binaries.chosen()

    @cached_property
    def account(self) -> Account:
        """The user that the server runs as."""
        return server_account()

    @cached_property
    def places(self) -> Places:
        """Where the cluster's files are.

        Refuses: `database_binaries_missing`, because the major version decides.
        """
        root = self.state_root or folders.default_state_root(self.checkout.resolve())
        return Places(root, self.binaries.major)

    def ensure_running(self) -> None:
        """Return once the server accepts connections and has its roles and database.

        Initialises, starts and repairs as needed; of any number of callers at once one does the work.

        Refuses: `database_binaries_missing`, `database_could_not_start`, `database_could_not_stop`,
        `database_folder_unusable`.
        """
        with self._alone():
            self._bring_up()
            try:
                roles.ensure(self.places)
            except psycopg.OperationalError:
                self._bring_up()  # it answered, and died at that moment
                try:
                    roles.ensure(self.places)
                except psycopg.OperationalError as error:
                    raise self._server.could_not_start(str(error)) from error

    def stop(self) -> bool:
        """End the server in an orderly way and return once it is gone; say whether there was one.

        Refuses: `database_binaries_missing`, `database_could_not_stop`, `database_folder_unusable`.
        """
        if not self.places.lock.exists():
            return False  # never started: make no folders only to find nothing in them
        with self._alone():
            return self._server.stop()

    def is_ready(self) -> bool:
        """Say whether the server accepts connections now, in PostgreSQL's own judgement.

        Refuses: `database_binaries_missing`.
        """
        return self.places.is_initialised and self._server.answer() is Answer.READY

    def parameters(self, role: Role) -> roles.Parameters:
        """Return how a role connects; makes the cluster first where there is none.

        Refuses: what `ensure_running` refuses.
        """
        if not self.places.is_initialised:
            self.ensure_running()
        return roles.parameters(self.places, ROLE_NAMES[role])

    def _bring_up(self) -> None:
        if not self.places.is_initialised:
            self._server.end_orphans()
            initialise(self.places, self.account, self._runnable(), to_disk=self.to_disk)
        if not self._server.is_there():
            self._server.stop()  # one that has lost its socket: nobody can connect to it
            self._server.start(self._runnable())

    def _runnable(self) -> Binaries:
        return binaries.runnable(self.binaries, self.account, self.places.state_root)

    @cached_property
    def _server(self) -> Server:
        return Server(self.places, self.account, self.binaries)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the lock. It is the kernel's: it ends with this process, however that ends."""
        folders.make_state_root(self.places.state_root)
        try:
            # Python opens files so that no child inherits them: the server must not keep the lock.
            descriptor = os.open(self.places.lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise DatabaseFolderUnusable(
                folder=self.places.state_root,
                reason=f"{self.places.lock.name}: {error.strerror}",
                advice="Make it writable for your user, or set DATABASE_URL to a server.",
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


@cache
def embedded(checkout: Path) -> Cluster:
    """Return the application's cluster of a checkout. Nothing is started or created by asking."""
    return Cluster(checkout)
