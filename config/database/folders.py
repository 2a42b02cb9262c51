"""Where everything is, and whose it is.

    <state root>/                      <checkout>/.quanbu-<uid>, or /var/lib/quanbu/<hash of checkout> for root
        postgres-18.lock               held while one process initialises, starts or stops
        postgres-18/                   the cluster folder: it exists whole or not at all
            data/                      PostgreSQL's own; the server account's, 0700
            passwords/                 one file a role, 0600; ours, 0700
            socket/                    the server account's, 0700; in /tmp when this path is too long
            quanbu.conf  pg_hba.conf   written anew at each start
            server.log

Nothing outside these folders is created or changed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from config.database.account import Account
from config.database.errors import DatabaseFolderUnusable

ROOT_STATE = Path("/var/lib/quanbu")
SHORT_FOLDERS = Path("/tmp")  # noqa: S108 (verified to be ours before use: see private_folder)
PORT = 5432
SOCKET_NAME = f".s.PGSQL.{PORT}"
# The kernel allows 107 bytes (103 on some systems) and PostgreSQL splits a list of folders at commas.
SOCKET_FOLDER_BYTES_MAX = 103 - len(SOCKET_NAME) - 1
SOCKET_FOLDER_PLAIN = re.compile(r"[A-Za-z0-9/._+-]+")


@dataclass(frozen=True)
class Places:
    """The files of one cluster: of one user, one checkout and one major version."""

    state_root: Path
    major: int

    @property
    def cluster(self) -> Path:
        """The folder that is made whole or not at all."""
        return self.state_root / f"postgres-{self.major}"

    @property
    def lock(self) -> Path:
        """The file whose flock serialises everything that changes the cluster or its server."""
        return self.state_root / f"postgres-{self.major}.lock"

    @property
    def data(self) -> Path:
        """PostgreSQL's data folder."""
        return self.cluster / "data"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.cluster / "server.log"

    @property
    def configuration(self) -> Path:
        """Our settings, which include PostgreSQL's own file."""
        return self.cluster / "quanbu.conf"

    @property
    def admission(self) -> Path:
        """Who may connect, and how they prove who they are."""
        return self.cluster / "pg_hba.conf"

    @property
    def socket(self) -> Path:
        """The folder of the server's socket: inside the cluster folder where that path is short and plain."""
        inside = self.cluster / "socket"
        if len(os.fsencode(inside)) <= SOCKET_FOLDER_BYTES_MAX and SOCKET_FOLDER_PLAIN.fullmatch(str(inside)):
            return inside
        return SHORT_FOLDERS / f"quanbu-{os.geteuid()}-{short_hash(self.cluster, 8)}"

    @property
    def socket_file(self) -> Path:
        """The socket itself."""
        return self.socket / SOCKET_NAME

    @property
    def is_initialised(self) -> bool:
        """True once the cluster folder is complete."""
        return (self.data / "PG_VERSION").is_file()

    def password_file(self, role: str) -> Path:
        """Return the file with the password of a role."""
        return self.cluster / "passwords" / role


def short_hash(path: Path, length: int) -> str:
    """Return the first hexadecimal digits of a path's SHA-256."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:length]


def default_state_root(checkout: Path) -> Path:
    """Return the folder under which this user keeps the clusters of a checkout."""
    if os.geteuid() == 0:
        return ROOT_STATE / short_hash(checkout, 12)
    return checkout / f".quanbu-{os.geteuid()}"


def make_state_root(folder: Path) -> None:
    """Make the state root, or verify that it is this user's.

    Refuses: `database_folder_unusable`.
    """
    try:
        if os.geteuid() == 0:
            folder.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            folder.mkdir(mode=0o711, exist_ok=True)  # the server's user passes through
        else:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseFolderUnusable(
            folder=folder,
            reason=error.strerror,
            advice="Make it writable for your user, or set DATABASE_URL to a server.",
        ) from error
    # A user may keep the state elsewhere through a link; root follows nobody's links.
    _refuse_unless_owned(folder if os.geteuid() == 0 else folder.resolve(), os.geteuid())


def private_folder(folder: Path, account: Account) -> None:
    """Make a folder that only `account` may enter, or verify that it is one.

    Refuses: `database_folder_unusable` for a symbolic link, another owner, or a folder all may write to.
    """
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        pass
    else:
        if not account.is_us:
            os.chown(folder, account.uid, account.gid, follow_symlinks=False)
    _refuse_unless_owned(folder, account.uid)
    if stat.S_IMODE(folder.lstat().st_mode) & 0o077:
        folder.chmod(0o700)


def _refuse_unless_owned(folder: Path, uid: int) -> None:
    found = folder.lstat()
    advice = "Find out who made it; move it away if nobody needs it, and try again."
    if not stat.S_ISDIR(found.st_mode):
        reason = "it is a symbolic link or a file, not a folder"
    elif found.st_uid != uid:
        reason = f"it belongs to the user with id {found.st_uid} instead of {uid}"
    elif found.st_mode & stat.S_IWOTH:
        reason, advice = "every user may write to it", f"Take that right away: chmod o-w {folder}"
    else:
        return
    raise DatabaseFolderUnusable(folder=folder, reason=reason, advice=advice)


def write_whole(path: Path, text: str, mode: int) -> None:
    """Write a file so that a reader sees the old text or the new one, never a part."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    with contextlib.suppress(FileNotFoundError):
        fresh.unlink()
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        os.fchmod(file.fileno(), mode)
    fresh.replace(path)


def remove_leftovers(folder: Path, pattern: str) -> None:
    """Remove what an interrupted run left beside the cluster; what cannot go now goes next time."""
    for leftover in folder.glob(pattern):
        shutil.rmtree(leftover, ignore_errors=True)
