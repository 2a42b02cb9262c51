"""A new cluster: made complete under another name, then renamed, so that no interruption leaves half of one."""

from __future__ import annotations

import os
import secrets
import subprocess
from pathlib import Path

from config.database.account import Account
from config.database.binaries import Binaries
from config.database.errors import DatabaseCouldNotStart
from config.database.folders import Places, private_folder, remove_leftovers
from config.database.processes import call
from config.database.roles import ROLES, SUPERUSER


def initialise(places: Places, account: Account, programs: Binaries, *, to_disk: bool) -> None:
    """Make the cluster folder of `places`. Called with the lock held and no server running.

    `to_disk=False` skips the wait for the disk, for clusters that need not survive the machine.

    Refuses: `database_could_not_start` with what `initdb` said.
    """
    remove_leftovers(places.state_root, f"{places.cluster.name}.new-*")
    fresh = places.cluster.with_name(f"{places.cluster.name}.new-{secrets.token_hex(4)}")
    fresh.mkdir(mode=0o711)
    (fresh / "passwords").mkdir(mode=0o700)
    for role in ROLES:
        _write_secret(fresh / "passwords" / role, secrets.token_urlsafe(32))
    private_folder(fresh / "data", account)
    _initdb(fresh, account, programs, places, to_disk=to_disk)
    if places.cluster.exists():
        # A folder without data is not a cluster; what is in it may still matter to somebody.
        places.cluster.rename(places.cluster.with_name(f"{places.cluster.name}.aside-{secrets.token_hex(4)}"))
    fresh.rename(places.cluster)
    _flush(places.state_root)


def _initdb(fresh: Path, account: Account, programs: Binaries, places: Places, *, to_disk: bool) -> None:
    # initdb reads the password as the account that runs it, so it is lent a copy that does not stay.
    lent = fresh / "password-lent"
    _write_secret(lent, (fresh / "passwords" / SUPERUSER).read_text())
    if not account.is_us:
        os.chown(lent, account.uid, account.gid)
    with programs.safe_for_shell() as safe:
        command = [safe.program("initdb"), "--pgdata", str(fresh / "data"), "--username", SUPERUSER]
        command += ["--pwfile", str(lent), "--auth", "scram-sha-256", "--locale", "C", "--encoding", "UTF8"]
        command += ["--data-checksums", "--no-instructions", *([] if to_disk else ["--no-sync"])]
        try:
            made = call(command, account=account, cwd=fresh, stderr=subprocess.STDOUT, stdout=subprocess.PIPE)
            said, succeeded = made.stdout.decode(errors="replace"), made.returncode == 0
        except OSError as error:
            said, succeeded = str(error), False
    lent.unlink()
    if not succeeded:
        remove_leftovers(fresh.parent, fresh.name)
        reason = "\n".join(said.strip().splitlines()[-8:])
        raise DatabaseCouldNotStart(folder=places.cluster, log=places.log, reason=reason)


def _write_secret(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
