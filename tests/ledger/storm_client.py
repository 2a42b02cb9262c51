"""A storm of postings: batches drawn from a seed, and client processes that post them until somebody kills them.

*Client*: a process that posts one batch after another and writes into the journal what it is about to ask and what it
was answered. *Journal*: a pipe that outlives its writers; a line is written whole or not at all, whoever is killed.
*Nursery*: the process that the clients are forked from. *Gate*: a pipe that gives one byte to each client that lost its
server and waits to be let on. *Open*: of a batch that was asked and not yet answered.
"""

import os
import random
import re
import signal
import sys
from itertools import count
from pathlib import Path

import pytest
from bookkeeping import entry, post, voucher
from django.db import InterfaceError, OperationalError, connection, connections

from config.database import base
from config.database.errors import DatabaseCouldNotStart
from config.database.launcher import Cluster
from ledger.books.errors import BooksRefusal

FACE = 2_000
VOUCHERS = [f"V{number}" for number in range(6)]
CAP, ROOM, USED = (f"L.{name}[T26,applied,E1,2026]" for name in ("Cap", "Room", "Used"))

#: How PostgreSQL says that it ends, or is not there yet.
GOING_OR_COMING = {"57P01", "57P02", "57P03"}
#: How its client library says, without a code, that nobody answers, or not any more.
UNANSWERED = re.compile(
    "server closed the connection unexpectedly|terminating connection|could not receive data|could not send data"
    "|no connection to the server|the connection is (closed|lost)|Connection reset by peer|Broken pipe"
    "|Connection refused|No such file or directory|Resource temporarily unavailable"
    r"|the database system is (starting up|shutting down|in recovery mode|not (yet )?accepting connections)"
)


def seeds(*usual):
    """Give a test seeds, which stand in its name; `QUANBU_TEST_SEEDS="7 8"` tries these instead."""
    named = os.environ.get("QUANBU_TEST_SEEDS", "").split()
    return pytest.mark.parametrize("seed", [int(seed) for seed in named] or usual)


def opening():
    """What a storm begins with: vouchers, and room under a limit of the programme."""
    vouchers = [each for name in VOUCHERS for each in voucher(name, FACE)]
    return [*vouchers, entry("APPLY", (CAP, ROOM, FACE))]


def move(chance, key):
    """One entry that moves value between the accounts of the opening, or opens one; a floor may refuse it."""
    name, other = chance.sample(VOUCHERS, 2)
    available, amount = f"B.Available[T26,{name}]", chance.randint(1, FACE // 4)
    held = f"B.Held[T26,{name},O{chance.randint(1, 2)}]"
    template, row = chance.choice(
        [
            ("HOLD", (available, held, amount)),
            ("RELEASE", (held, available, amount)),
            ("TRANSFER", (available, f"B.Available[T26,{other}]", amount)),
            ("APPLY", chance.choice([(ROOM, USED, amount), (USED, ROOM, amount)])),
            ("HOLD", (available, f"B.Held[T26,{name},{key}]", 1)),
        ]
    )
    return entry(template, row, key=key)


def batch(seed, client, number):
    """The batch that a client posts as its `number`th: one entry or several, one of its own again, or everybody's."""
    chance = random.Random(f"{seed} {client} {number}")
    kind = chance.choices(["one", "several", "again", "shared"], [4, 4, 1, 1])[0]
    if kind == "again" and number:
        return batch(seed, client, chance.randrange(number))
    prefix = f"{seed}-{client}-{number}"
    if kind == "shared":
        prefix = f"{seed}-shared-{number // 8}"
        chance = random.Random(prefix)
    size = 1 if kind == "one" else chance.randint(2, 6)
    return [move(chance, f"{prefix}-{place}") for place in range(size)]


def kind_of(error, *, asked):
    """Say what an error means to a client: `refused`, `transient`, `ambiguous`, or None for what must not happen.

    A refusal is an answer. A transient error leaves nothing behind: the question was not sent. An ambiguous one came
    after the question, so that only asking again tells what became of it.
    """
    if isinstance(error, BooksRefusal):
        return "refused" if asked else None
    lost = isinstance(error, DatabaseCouldNotStart)
    if isinstance(error, OperationalError | InterfaceError):
        code = getattr(error.__cause__, "sqlstate", None)
        lost = code in GOING_OR_COMING if code else UNANSWERED.search(str(error)) is not None
    if not lost:
        return None
    return "ambiguous" if asked else "transient"


class Client:
    """Posts its batches for ever; what it cannot get an answer to it asks again, until it is answered."""

    def __init__(self, seed, name, gate, journal):
        self.seed, self.name, self.gate, self.journal = seed, name, gate, journal
        self.known = None

    def run(self):
        """Post until killed."""
        try:
            self.connect()
            for number in count():
                while not self.is_answered(number):
                    pass
        except Exception as error:  # noqa: BLE001 (one of no known kind: the test fails of it)
            self.say("failed", *repr(error).split())

    def say(self, *words):
        """Write a line into the journal, whole: it is shorter than what a pipe takes in one piece."""
        line = " ".join(map(str, [self.name, *words]))
        os.write(self.journal, line.encode()[:4000] + b"\n")

    def is_answered(self, number):
        """Ask for a batch and say what was answered, if anything was."""
        if connection.connection is not self.known:
            # Django may have connected anew by itself, also when the server died while it refused something.
            self.connect()
            self.wait_at_the_gate()
        self.say("asked", number)
        try:
            posted = post(batch(self.seed, self.name, number))
        except Exception as error:
            kind = kind_of(error, asked=True)
            if kind == "refused":
                self.say("refused", number, error.code)
                return True
            if kind is None:
                raise
            self.say("lost", number, kind, type(error).__name__)
            if connection.connection is self.known:
                connection.close()
            return False
        answers = (f"{each.entry_id}:{'replayed' if each.replayed else 'posted'}" for each in posted)
        self.say("acknowledged", number, *answers)
        return True

    def wait_at_the_gate(self):
        """Wait to be let on; the server may have gone once more meanwhile."""
        self.say("waits")
        if not os.read(self.gate, 1):
            sys.exit()
        if not connection.is_usable():
            connection.close()
            self.connect()

    def connect(self):
        """Connect if need be, however often it takes; the launcher brings the server back."""
        while connection.connection is None or connection.connection is not self.known:
            try:
                connection.ensure_connection()
                self.known = connection.connection
                self.say("connected", self.known.info.backend_pid)
            except Exception as error:
                connection.close()
                if kind_of(error, asked=False) is None:
                    raise
                self.say("missed", type(error).__name__)


def databases():
    """Return Django's settings of a cluster's own database, for both roles."""
    both = {
        alias: {"ENGINE": "config.database", "NAME": "quanbu", "OPTIONS": {"embedded_role": role}}
        for alias, role in (("default", "runtime"), ("owner", "owner"))
    }
    return connections.configure_settings(both)


def nursery(state_root, gate, journal):
    """Fork a client for each line of seed and name and print its process; kill them all when the lines end."""
    cluster = Cluster(Path(state_root).parent, Path(state_root))
    base.embedded = lambda _: cluster
    connections.settings.update(databases())
    born = []
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            Client(*map(int, line.split()), gate, journal).run()
            os._exit(0)
        born.append(pid)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
    # None was waited for before, so that none of these numbers can have become a stranger's.
    for pid in born:
        os.kill(pid, signal.SIGKILL)
    for pid in born:
        os.waitpid(pid, 0)
