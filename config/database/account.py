"""Who the server runs as.

*Account*: the operating system's user under which PostgreSQL runs. For an ordinary user it is that user.
PostgreSQL refuses to run as root, so for root it is an existing unprivileged user; none is ever added.
"""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from typing import Any

from config.database.errors import DatabaseBinariesMissing

UNPRIVILEGED_USERS = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """The user and group that own the data folder and run the server."""

    uid: int
    gid: int

    @property
    def is_us(self) -> bool:
        """True when no privileges are dropped: the launcher's own user runs the server."""
        return self.uid == os.geteuid()

    def popen_arguments(self) -> dict[str, Any]:
        """Return the arguments with which `subprocess` runs a program as this account and nobody else."""
        if self.is_us:
            return {"umask": 0o077}
        return {"user": self.uid, "group": self.gid, "extra_groups": [], "umask": 0o077}


def server_account() -> Account:
    """Return the account for this process's user.

    Refuses: `database_binaries_missing` when root has no unprivileged user to run the server as.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    for name in UNPRIVILEGED_USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(entry.pw_uid, entry.pw_gid)
    users = " or ".join(UNPRIVILEGED_USERS)
    raise DatabaseBinariesMissing(reason=f"PostgreSQL refuses to run as root, and there is no user {users}")
