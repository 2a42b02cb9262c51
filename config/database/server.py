"""The server process: called, awaited, ended. `pg_isready` alone says whether it is there."""

from __future__ import annotations

import contextlib
import enum
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass

from config.database import configuration, processes
from config.database.account import Account
from config.database.binaries import Binaries
from config.database.errors import DatabaseCouldNotStart, DatabaseCouldNotStop, DatabaseFolderUnusable
from config.database.folders import PORT, SOCKET_NAME, Places, private_folder, write_whole

START_S_MAX = 60
RECOVERY_S_MAX = 600
STOP_S_MAX = 60
LOOK_AGAIN_S = 0.03
LOG_BYTES_MAX = 10 * 1024 * 1024
# What PostgreSQL says while the leftovers of a killed server are still there; each goes away by itself.
PASSING = ("pre-existing shared memory block", "lock file")
# The shell only puts the server into the background, so that it is nobody's child and outlives everyone.
BACKGROUND = '"$@" >&2 & echo "$!"'


class Answer(enum.Enum):
    """What `pg_isready` says."""

    READY = 0
    REJECTING = 1
    SILENT = 2


@dataclass(frozen=True)
class Server:
    """The PostgreSQL server of one cluster. All methods but `answer` are called with the lock held."""

    places: Places
    account: Account
    binaries: Binaries

    def answer(self) -> Answer:
        """Ask the server whether it accepts connections."""
        command = [self.binaries.program("pg_isready"), "-q", "-t", "5", "-U", "postgres", "-d", "postgres"]
        command += ["-h", str(self.places.socket), "-p", str(PORT)]
        said = processes.call(command).returncode
        return Answer(said) if said in {0, 1} else Answer.SILENT

    def is_there(self) -> bool:
        """Say whether the server accepts connections, after waiting for one that is busy coming or going.

        Refuses: `database_could_not_start` when a server holds the socket and does not come round. It is not
        ended: others may be at work in it.
        """
        began = time.monotonic()
        while (answer := self.answer()) is not Answer.READY:
            if answer is Answer.SILENT and processes.listener(self.places.socket_file) is None:
                return False
            if time.monotonic() - began > _patience_s(answer):
                raise self.could_not_start("nothing, though it still listens at its socket")
            time.sleep(LOOK_AGAIN_S)
        return True

    def start(self, programs: Binaries) -> None:
        """Start the server from `programs` and return when it accepts connections.

        Tried again for a minute while what a killed server left behind is in the way.

        Refuses: `database_could_not_start`, `database_folder_unusable`.
        """
        deadline = time.monotonic() + START_S_MAX
        self._prepare_files()
        while True:
            self._remove_empty_pid_file()
            said_before = self._log_size()
            if self._await_ready(self._spawn(programs)):
                return
            said = self._last_words(said_before)
            if not any(words in said for words in PASSING) or time.monotonic() > deadline:
                raise self.could_not_start(said or "nothing")
            time.sleep(LOOK_AGAIN_S * 10)

    def stop(self) -> bool:
        """End the server of our data folder in an orderly way; say whether there was one.

        One that has lost its socket is ended too.

        Refuses: `database_could_not_stop`.
        """
        found = processes.listener(self.places.socket_file)
        noted = self._noted_pid()
        if found is not None:
            pid, uid = found
            if uid not in {self.account.uid, os.geteuid()}:
                raise self._could_not_stop(f"process {pid} of the user with id {uid} has taken its socket")
            self._end(pid or noted, signal.SIGINT)
        elif noted and processes.is_postmaster_of(noted, self.places.data):
            self._end(noted, signal.SIGINT)
        else:
            return False
        return True

    def end_orphans(self) -> None:
        """End servers whose data folder was deleted under them.

        They would notice by themselves within a minute, and take the socket of a successor with them.

        Refuses: `database_could_not_stop`.
        """
        for pid in processes.started_on(self.places.data, self.account.uid):
            self._end(pid, signal.SIGQUIT)

    def _prepare_files(self) -> None:
        try:
            private_folder(self.places.socket, self.account)
            for name in (SOCKET_NAME, f"{SOCKET_NAME}.lock"):
                # Nobody answers there, and the lock that counts is the one in the data folder.
                (self.places.socket / name).unlink(missing_ok=True)
            write_whole(self.places.configuration, configuration.settings_text(self.places), 0o644)
            write_whole(self.places.admission, configuration.ADMISSION, 0o644)
            if self._log_size() > LOG_BYTES_MAX:
                self.places.log.replace(self.places.log.with_suffix(".log.before"))
        except OSError as error:
            raise DatabaseFolderUnusable(
                folder=error.filename or self.places.cluster,
                reason=error.strerror,
                advice="Make room or allow writing, and try again.",
            ) from error

    def _remove_empty_pid_file(self) -> None:
        """Remove what a start left that was killed between making its pid file and writing to it.

        PostgreSQL refuses an empty one for ever. Nobody but us starts this cluster while we hold the lock; where
        somebody does all the same, a process was called with this data folder.
        """
        pid_file = self.places.data / "postmaster.pid"
        with contextlib.suppress(FileNotFoundError):
            if pid_file.stat().st_size == 0 and not any(processes.started_on(self.places.data, self.account.uid)):
                pid_file.unlink()

    def _spawn(self, programs: Binaries) -> int:
        environment = processes.clean_environment()
        if noted := self._noted_pid():
            # The number in a stale pid file may be a living stranger's by now, and PostgreSQL would then refuse
            # for ever. This is how its own tools tell it that the process is known not to be a server; its
            # check that no orphan still holds the shared memory stays in force.
            environment["PG_GRANDPARENT_PID"] = str(noted)
        shell = [shutil.which("sh", path=os.defpath) or "/bin/sh", "-c", BACKGROUND, "sh"]
        server = [programs.program("postgres"), "-D", str(self.places.data)]
        server += ["-c", f"config_file={self.places.configuration}"]
        try:
            with open(self.places.log, "ab", opener=_open_private) as log:
                spawned = processes.call(
                    shell + server,
                    account=self.account,
                    env=environment,
                    start_new_session=True,
                    stderr=log,
                    stdout=subprocess.PIPE,
                )
            return int(spawned.stdout)
        except (OSError, ValueError) as error:
            raise self.could_not_start(str(error)) from error

    def _await_ready(self, pid: int) -> bool:
        began = time.monotonic()
        while True:
            running = processes.is_running(pid)
            answer = self.answer()
            if answer is Answer.READY and running:
                return True
            if not running or time.monotonic() - began > _patience_s(answer):
                return False
            time.sleep(LOOK_AGAIN_S)

    def _end(self, pid: int, how: signal.Signals) -> None:
        if pid <= 1:
            raise self._could_not_stop("its process is not visible from here")
        deadline = time.monotonic() + STOP_S_MAX
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, how)
        while processes.is_running(pid):
            if time.monotonic() > deadline:
                raise self._could_not_stop(f"process {pid} still runs after {STOP_S_MAX} seconds")
            time.sleep(LOOK_AGAIN_S)

    def could_not_start(self, reason: str) -> DatabaseCouldNotStart:
        """Return the refusal with what was said last."""
        return DatabaseCouldNotStart(folder=self.places.cluster, log=self.places.log, reason=reason)

    def _could_not_stop(self, reason: str) -> DatabaseCouldNotStop:
        return DatabaseCouldNotStop(folder=self.places.cluster, log=self.places.log, reason=reason)

    def _noted_pid(self) -> int:
        try:
            return int((self.places.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return 0

    def _log_size(self) -> int:
        return self.places.log.stat().st_size if self.places.log.exists() else 0

    def _last_words(self, start: int) -> str:
        with self.places.log.open("rb") as log:
            log.seek(max(start, log.seek(0, os.SEEK_END) - 2000))
            lines = log.read().decode(errors="replace").strip().splitlines()
        return "\n".join(lines[-8:])


def _patience_s(answer: Answer) -> int:
    # A server that replays its log after a crash answers that it rejects; that may take its time.
    return RECOVERY_S_MAX if answer is Answer.REJECTING else START_S_MAX


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
