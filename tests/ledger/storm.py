"""The other side of a storm: a cluster of its own, the clients at work, and the killer who strikes.

*Quiet*: every client has lost its server, has brought it back or found it brought back, and waits at the gate.
"""

import contextlib
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import connection, connections
from judge import Judge
from storm_client import batch, databases, opening

from config.database import base, processes
from config.database.launcher import Cluster
from ledger.books.errors import AccountPassesItsFloor
from ledger.books.services import Posted

ROOT = Path(__file__).resolve().parents[2]
CLIENTS = 4
#: How long nobody may say anything before the test is given up.
PATIENCE_S = 60
#: How much may be said while the killer waits for one thing.
LINES_MAX = 20_000
NURSERY = (
    "import django; django.setup(); import sys, storm_client as it; it.nursery(sys.argv[1], *map(int, sys.argv[2:]))"
)


def fact_of(pid, place):
    """A word of what the system says of a process, counted from behind its name; None where there is no process."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[place]
    return None


def parent_of(pid):
    """The parent of a process."""
    return int(fact_of(pid, 1) or 0)


def kill(*pids):
    """Kill processes without warning and return once they are gone."""
    with contextlib.ExitStack() as undo:
        watched = []
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                watched.append(os.pidfd_open(pid))
                undo.callback(os.close, watched[-1])
                signal.pidfd_send_signal(watched[-1], signal.SIGKILL)
        for each in watched:
            assert select.select([each], [], [], PATIENCE_S)[0], "a killed process stays"


def postmaster_of(cluster):
    """The process that listens at the cluster's socket."""
    pid, _ = processes.listener(cluster.places.socket_file)
    assert processes.is_postmaster_of(pid, cluster.places.data)
    return pid


def kill_server(cluster):
    """Kill the postmaster and all its children at once: it is stopped first, to see nothing and fork nothing."""
    postmaster = postmaster_of(cluster)
    os.kill(postmaster, signal.SIGSTOP)
    try:
        while fact_of(postmaster, 0) not in {"T", None}:
            pass
        kill(*(int(each.name) for each in Path("/proc").glob("[0-9]*") if parent_of(each.name) == postmaster))
    finally:
        kill(postmaster)


def at_work_in(data):
    """The processes of a server and those that outlived one, by the folder they stand in."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "cwd").samefile(data):
                yield int(process.name)


def pid_in(path):
    """The process that a server's pid file names; None while it names none."""
    with contextlib.suppress(OSError, ValueError):
        return int(path.read_text().split("\n", 1)[0])
    return None


@contextlib.contextmanager
def own_cluster():
    """A cluster in a folder of its own, which Django's connections lead to meanwhile; it goes whatever happens."""
    folder = Path(tempfile.mkdtemp(prefix="quanbu-test-"))
    folder.chmod(0o711)
    cluster = Cluster(folder, folder / "state")
    with contextlib.ExitStack() as undo:
        undo.callback(shutil.rmtree, folder, ignore_errors=True)
        undo.callback(shutil.rmtree, cluster.places.socket, ignore_errors=True)
        undo.callback(lambda: kill(*at_work_in(cluster.places.data)))
        undo.callback(cluster.stop)
        undo.enter_context(leading_to(cluster))
        yield cluster


@contextlib.contextmanager
def leading_to(cluster):
    """Let Django's connections lead to a cluster, whose launcher they call when it does not answer."""
    own = databases()
    before = {alias: (connections[alias], connections.settings[alias]) for alias in own}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(base, "embedded", lambda _: cluster)
        for alias in own:
            connections.settings[alias] = own[alias]
            connections[alias] = connections.create_connection(alias)
        try:
            yield
        finally:
            for alias, (wrapper, settings) in before.items():
                connections[alias].close()
                connections[alias], connections.settings[alias] = wrapper, settings


@dataclass
class Caller:
    """What is known of a living client; `number` is that of its open batch."""

    pid: int
    backend: int = 0
    number: int | None = None
    state: str = "new"
    answered: bool = False


class Storm:
    """Clients at work, what they said, and what must therefore be in the books."""

    def __init__(self, cluster, seed):
        self.cluster, self.seed, self.chance = cluster, seed, random.Random(seed)
        self.callers, self.dead, self.backends, self.born = {}, {}, {}, 0
        self.journal, self.rest, self.answers, self.outcomes, self.kills = [], b"", 0, Counter(), []
        self.judge = Judge()
        self.judge.post(opening())

    @contextlib.contextmanager
    def raging(self):
        """Have clients at work, and end them; what happened is printed, for the case that the test fails."""
        self.heard, journal = os.pipe()
        gate, self.gate = os.pipe()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DATABASE_")}
        environment |= {"PYTHONPATH": os.pathsep.join([str(ROOT), str(Path(__file__).parent)])}
        environment |= {"DJANGO_SETTINGS_MODULE": "config.settings_test"}
        with contextlib.ExitStack() as undo:
            undo.callback(self.tell)
            for end in (self.heard, self.gate):
                undo.callback(os.close, end)
            self.nursery = undo.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", NURSERY, str(self.cluster.state_root), str(gate), str(journal)],
                    cwd=ROOT,
                    env=environment,
                    pass_fds=(gate, journal),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            os.close(gate)
            os.close(journal)
            for _ in range(CLIENTS):
                self.start_client()
            yield

    def start_client(self):
        """Start a client under a name that none had."""
        name, self.born = self.born, self.born + 1
        self.nursery.stdin.write(f"{self.seed} {name}\n")
        self.nursery.stdin.flush()
        self.callers[name] = Caller(int(self.nursery.stdout.readline()))

    def tell(self):
        """Print what happened."""
        sys.stdout.write(f"seed {self.seed}, {dict(self.outcomes + self.judge.outcomes)}, {len(self.kills)} kills:\n")
        sys.stdout.write("\n".join([*self.kills, "The last lines of the journal:", *self.journal[-40:], ""]))

    # What the clients say.

    def hear(self, until):
        """Listen to the clients until something is so."""
        enough = len(self.journal) + LINES_MAX
        while not until():
            assert len(self.journal) < enough, "what is waited for does not come"
            assert select.select([self.heard], [], [], PATIENCE_S)[0], "the clients have nothing to say"
            self.note_all()

    def hear_out(self):
        """Listen to what was said so far."""
        while select.select([self.heard], [], [], 0)[0]:
            self.note_all()

    def note_all(self):
        self.rest += os.read(self.heard, 65_536)
        *lines, self.rest = self.rest.split(b"\n")
        for line in lines:
            self.journal.append(line.decode())
            name, word, *words = self.journal[-1].split()
            getattr(self, f"note_{word}")(int(name), *words)

    def note_connected(self, name, backend):
        self.callers[name].backend = int(backend)

    def note_missed(self, _, kind):
        self.outcomes[f"transient: {kind}"] += 1

    def note_asked(self, name, number):
        self.callers[name].number, self.callers[name].state = int(number), "asks"
        self.judge.hear_question(batch(self.seed, name, int(number)))

    def note_acknowledged(self, name, number, *answers):
        told = (answer.split(":") for answer in answers)
        posted = [Posted(int(entry_id), replayed=how == "replayed") for entry_id, how in told]
        self.judge.hear_answer(batch(self.seed, name, int(number)), posted)
        self.note_answered(name)

    def note_refused(self, name, number, code):
        assert code == AccountPassesItsFloor.code, f"batch {number} of client {name}: {code}"
        self.outcomes["refused"] += 1
        self.note_answered(name)

    def note_answered(self, name):
        self.callers[name].number, self.callers[name].answered = None, True
        self.answers += 1

    def note_lost(self, name, number, *kind):
        self.outcomes[": ".join(kind)] += 1
        self.callers[name].state = "lost"
        self.judge.absent -= self.keys_of(name, int(number))

    def note_waits(self, name):
        self.callers[name].state = "waits"

    def note_failed(self, name, *words):
        raise AssertionError(f"client {name} met an error of no known kind: {' '.join(words)}")

    # The killer.

    def strike(self, blow):
        """Kill at a moment that the seed chooses, look in quiet if there is any, and let the storm go on."""
        victim = self.await_moment()
        self.kills.append(f"{blow}, of client {victim}, after {len(self.journal)} lines")
        getattr(self, f"kill_{blow}")(victim)
        if blow != "client":
            self.hear(lambda: all(caller.state == "waits" for caller in self.callers.values()))
            connection.close()
            self.judge.look(self.unanswered())
        self.ask_for_the_dead()
        while len(self.callers) < CLIENTS:
            self.start_client()
        for caller in self.callers.values():
            caller.answered = False
            if caller.state == "waits":
                os.write(self.gate, b"!")

    def await_moment(self):
        """Wait until all were answered since the last blow and for so many answers; perhaps also for a question."""
        victim, enough = self.chance.choice(sorted(self.callers)), self.answers + self.chance.randint(1, 40)
        self.hear(lambda: all(each.answered for each in self.callers.values()) and self.answers >= enough)
        if self.chance.randrange(2):
            self.hear(lambda: self.callers[victim].number is not None)
        return victim

    def kill_server(self, _):
        kill_server(self.cluster)

    def kill_postmaster(self, _):
        kill(postmaster_of(self.cluster))

    def kill_backend(self, victim):
        backend = self.callers[victim].backend
        assert parent_of(backend) == postmaster_of(self.cluster), "it is a process of this server"
        kill(backend)

    def kill_client(self, victim):
        caller = self.callers[victim]
        kill(caller.pid)
        self.hear_out()
        del self.callers[victim]
        if caller.number is not None:
            self.dead[victim], self.backends[victim] = caller.number, caller.backend
            self.judge.absent -= self.keys_of(victim, caller.number)

    def kill_server_and_client(self, victim):
        """Kill the server, and a client while it brings the server back."""
        self.kill_server(victim)
        self.kills.append("and the client")
        self.hear(lambda: self.callers[victim].state != "asks")
        self.kill_client(victim)

    def kill_server_twice(self, victim):
        """Kill the server, and again as soon as somebody has started it and it has written down its number."""
        self.kill_server(victim)
        self.kills.append("and again")
        data = self.cluster.places.data
        for _ in range(PATIENCE_S * 1000):
            started = pid_in(data / "postmaster.pid")
            if started and processes.is_postmaster_of(started, data):
                kill(started)
                return
            if select.select([self.heard], [], [], 0.001)[0]:
                self.note_all()
        raise AssertionError("nobody starts the server")

    def ask_for_the_dead(self):
        """Ask what dead clients were not answered, once nobody works for them any more.

        A posting is one statement, which the server may end and commit after its client has gone.
        """
        for name, number in self.dead.items():
            self.await_the_end_of(self.backends[name])
            try:
                self.judge.post(batch(self.seed, name, number))
            except AccountPassesItsFloor:
                self.outcomes["refused"] += 1
        self.dead.clear()

    def await_the_end_of(self, backend):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [backend])
            while cursor.fetchone():
                cursor.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [backend])

    def end(self):
        """Kill all clients, ask for them, and look at everything from the beginning."""
        for name in list(self.callers):
            self.kills.append("a client, at the end")
            self.kill_client(name)
        self.ask_for_the_dead()
        self.judge.look_at_everything()

    def keys_of(self, name, number):
        return {each.idempotency_key for each in batch(self.seed, name, number)}

    def unanswered(self):
        """The keys of each batch that was asked and not answered, of the living and of the dead."""
        living = {name: caller.number for name, caller in self.callers.items() if caller.number is not None}
        return [self.keys_of(name, number) for name, number in (living | self.dead).items()]
