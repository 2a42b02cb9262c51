"""Processes: calling PostgreSQL's programs, and facts about processes asked of the operating system.

A number in a pid file is a rumour: the process may be dead, a zombie, or another program that was given the
same number. The functions here say what is true now.
"""

from __future__ import annotations

import os
import socket
import struct
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from config.database.account import Account

PROC = Path("/proc")
PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


def clean_environment() -> dict[str, str]:
    """Return the environment for PostgreSQL's programs.

    Only what they need is passed on: no locale (it may not be installed), no PG* variables (they would
    redirect a client), and no secrets of the application (the server's user could read them).
    """
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return {"PATH": os.defpath} | kept | {"LC_ALL": "C", "LANG": "C", "TZ": "UTC"}


def call(
    command: Sequence[str], *, account: Account | None = None, **arguments: Any
) -> subprocess.CompletedProcess[bytes]:
    """Run a program to its end, as another account where one is given, with nothing inherited but the means.

    Raises OSError when it cannot be run at all.
    """
    identity = {} if account is None else account.popen_arguments()
    defaults: dict[str, Any] = {"cwd": "/", "env": clean_environment(), "stdin": subprocess.DEVNULL}
    options = defaults | identity | arguments
    # PostgreSQL's own programs, ps and sh; no shell reads the arguments.
    called: subprocess.CompletedProcess[bytes] = subprocess.run(command, check=False, **options)  # noqa: S603
    return called


def is_running(pid: int) -> bool:
    """Say whether a process is there and still executes; a zombie does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        stat = (PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return True  # no /proc on this system, or the process ended this moment: the next look will tell
    return stat.rpartition(")")[2].split()[0] not in {"Z", "X"}


def is_postmaster_of(pid: int, data: Path) -> bool:
    """Say whether a process is a PostgreSQL server that works in the folder `data`."""
    if not is_running(pid):
        return False
    process = PROC / str(pid)
    try:
        if process.is_dir():
            named_postgres = (process / "comm").read_text(errors="replace").startswith("postgres")
            return named_postgres and (process / "cwd").samefile(data)
        shown = call(["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True).stdout
    except OSError:
        return False  # another user's process hides its folder; ours would not
    return f"-D {data} ".encode() in shown


def started_on(data: Path, uid: int) -> Iterator[int]:
    """Yield the processes of a user that were called with `-D data`, though the folder may be gone since.

    Yields nothing where the system has no /proc.
    """
    wanted = b"\0-D\0" + os.fsencode(data) + b"\0"
    for process in PROC.glob("[0-9]*"):
        try:
            if process.stat().st_uid == uid and wanted in (process / "cmdline").read_bytes():
                yield int(process.name)
        except OSError:
            continue  # it ended while we looked


def listener(socket_file: Path) -> tuple[int, int] | None:
    """Return the process and user ids of whoever listens at a socket; None when nobody does.

    The process id is 0 where the system does not tell.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        try:
            caller.connect(str(socket_file))
        except OSError:
            return None
        if not hasattr(socket, "SO_PEERCRED"):
            return 0, socket_file.stat().st_uid
        pid, uid, _ = struct.unpack("3i", caller.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        return pid, uid
