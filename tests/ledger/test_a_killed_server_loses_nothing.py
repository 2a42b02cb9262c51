"""Kill -9, whenever and whatever it hits: what was acknowledged is there, nothing is half there, asking again helps.

A cluster of its own with production's settings, under a storm of postings by processes of their own (`storm.py`).
"""

import os
import select
import socket
import tempfile
import threading
from pathlib import Path

import pytest
from bookkeeping import at_once, entry, post, violated, voucher
from django.core.management import call_command
from django.db import DatabaseError, InterfaceError, OperationalError, connection, connections, transaction
from history import assert_everything_is_sealed_once, wait_until, waiting_for_a_lock
from psycopg import errors
from storm import PATIENCE_S, Storm, kill_server, leading_to, own_cluster
from storm_client import kind_of, seeds

from config.database.errors import DatabaseCouldNotStart, DatabaseFolderUnusable
from config.database.folders import SOCKET_NAME
from ledger.books.errors import AccountPassesItsFloor
from ledger.books.models import Entry
from ledger.books.selectors import balances_of
from ledger.errors import Refusal
from ledger.log import services as log
from ledger.log.selectors import tree_size

pytestmark = pytest.mark.database

#: Eleven kills.
DECK = ["server", "server", "server_twice", "server_and_client", "postmaster", "backend", "backend", "client", "client"]
#: A second server is tried with fewer.
DECKS = 2 if os.environ.get("QUANBU_POSTGRES_BIN") else 5


@pytest.fixture(scope="module")
def cluster(django_db_blocker):
    """A cluster of this module's own, with its tables."""
    with django_db_blocker.unblock(), own_cluster() as cluster:
        call_command("setup_database", verbosity=0)
        connections["owner"].close()
        yield cluster


@pytest.fixture
def _it_runs(cluster):
    """The cluster's server runs, whatever was done to it."""
    connection.close()
    connection.ensure_connection()


@seeds(2026)
@pytest.mark.usefixtures("_it_runs")
def test_a_storm_of_postings_survives_kill_after_kill(cluster, seed):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('fsync'), current_setting('synchronous_commit')")
        assert cursor.fetchone() == ("on", "on")
    storm = Storm(cluster, seed)

    with storm.raging():
        for _ in range(DECKS):
            for blow in storm.chance.sample(DECK, len(DECK)):
                storm.strike(blow)
            assert violated() == set()
        storm.end()

    assert len(storm.kills) >= 11 * DECKS
    assert violated() == set()


class Cut(threading.Thread):
    """Stands between a client and the server, and at the client's words `at` kills the server: before or after them.

    Outside a transaction a posting is one statement and commits with it, before the server answers.

    Django takes it for the cluster. Whether it brings the server back is for the test to say.
    """

    def __init__(self, cluster, *, committed, comes_back=True, at=b"ledger_post_entries_v1"):
        super().__init__()
        self.cluster, self.committed, self.comes_back, self.at, self.armed = cluster, committed, comes_back, at, False
        self.folder = Path(tempfile.mkdtemp(prefix="cut-", dir=cluster.checkout))
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.folder / SOCKET_NAME))
        self.listener.listen()

    def parameters(self, role):
        return self.cluster.parameters(role) | {"host": str(self.folder)}

    def ensure_running(self):
        if not self.comes_back:
            raise DatabaseCouldNotStart(folder=self.folder, log="the log", reason="no space left on device")
        self.cluster.ensure_running()

    def lose_answer(self, act, ask=post):
        """Ask, and return the error that the client hears."""
        with leading_to(self):
            self.start()
            connection.ensure_connection()
            self.armed = True
            with pytest.raises((OperationalError, DatabaseCouldNotStart)) as lost:
                ask(act)
        self.join()
        return lost.value

    def run(self):
        with self.listener:
            client, _ = self.listener.accept()
        with client, socket.socket(socket.AF_UNIX) as server:
            server.connect(str(self.cluster.places.socket_file))
            while self.passes_on(client, server):
                pass

    def passes_on(self, client, server):
        """Pass on what somebody says, and say whether to go on."""
        (speaker, *_), _, _ = select.select([client, server], [], [])
        said = speaker.recv(65_536)
        if self.armed and self.at in said:
            if self.committed:
                server.sendall(said)
                assert server.recv(65_536), "the server has answered, and nobody is told"
            kill_server(self.cluster)
            return False
        (client if speaker is server else server).sendall(said)
        return said != b""


@pytest.mark.usefixtures("_it_runs")
@pytest.mark.parametrize("committed", [False, True], ids=["killed before the commit", "killed after the commit"])
def test_a_reply_that_was_lost_is_had_by_asking_again(cluster, committed):
    fund = "T27" if committed else "T28"
    available, held = f"B.Available[{fund},V1]", f"B.Held[{fund},V1,O1]"
    post(voucher("V1", 100, fund=fund))
    act = [entry("HOLD", (available, held, 60)), entry("HOLD", (available, held, 30))]

    lost = Cut(cluster, committed=committed).lose_answer(act)
    connection.close()
    there = Entry.objects.filter(idempotency_key__in=[each.idempotency_key for each in act]).count()
    first, second = post(act), post(act)

    assert kind_of(lost, asked=True) == "ambiguous"
    assert there == (2 if committed else 0)
    assert [each.replayed for each in first + second] == [committed, committed, True, True]
    assert [each.entry_id for each in first] == [each.entry_id for each in second]
    assert balances_of([available, held]) == {available: 10, held: 90}
    assert violated() == set()


@pytest.mark.usefixtures("_it_runs")
@pytest.mark.parametrize("at", [b"ledger_post_entries_v1", b"COMMIT"], ids=["alone", "in a transaction"])
def test_a_commit_whose_reply_was_lost_is_not_told_as_a_refusal_which_promises_that_nothing_was_written(cluster, at):
    act = voucher("V1", 100, fund="T29" if at == b"COMMIT" else "T30")

    lost = Cut(cluster, committed=True, comes_back=False, at=at).lose_answer(
        act, transaction.atomic(post) if at == b"COMMIT" else post
    )
    connection.close()

    assert [each.replayed for each in post(act)] == [True, True], "it was written"
    assert not isinstance(lost, Refusal)


@pytest.mark.usefixtures("_it_runs")
def test_a_sealing_that_was_cut_short_by_the_server_s_death_is_done_by_the_next(cluster):
    """The owner holds the table that sealing writes last: the leaves were written, and are not there afterwards."""
    log.seal()
    before = tree_size()
    post(voucher("V1", 100, fund="T31"))
    log.record_all(kind="test.happened", told={"T31": {}, "T31 too": {}}, submitter="north")
    locked = threading.Event()

    def seal():
        assert locked.wait(PATIENCE_S)
        log.seal()

    def strike():
        with connections["owner"].cursor() as cursor:
            cursor.execute("BEGIN; LOCK TABLE ledger_log_head IN SHARE ROW EXCLUSIVE MODE")
            locked.set()
            wait_until(waiting_for_a_lock)
            kill_server(cluster)

    lost, none = at_once(seal, strike)
    connection.close()

    assert none is None
    assert kind_of(lost, asked=True) == "ambiguous"
    assert tree_size() == before
    assert log.seal() == before + 4
    assert_everything_is_sealed_once()
    assert violated() == set()


def caused_by(cause, kind=OperationalError):
    error = kind(str(cause))
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "when_connecting", "when_asked"),
    [
        (AccountPassesItsFloor(), None, "refused"),
        (DatabaseCouldNotStart(reason="nothing"), "transient", "ambiguous"),
        (caused_by(errors.CannotConnectNow("the database system is starting up")), "transient", "ambiguous"),
        (caused_by(errors.OperationalError("... Connection refused")), "transient", "ambiguous"),
        (caused_by(errors.CrashShutdown("terminating connection")), "transient", "ambiguous"),
        (caused_by(errors.OperationalError("server closed the connection unexpectedly")), "transient", "ambiguous"),
        (caused_by(errors.InterfaceError("the connection is closed"), InterfaceError), "transient", "ambiguous"),
        (caused_by(errors.DeadlockDetected("deadlock detected")), None, None),
        (caused_by(errors.TooManyConnections("too many clients")), None, None),
        (caused_by(errors.OperationalError("password authentication failed")), None, None),
        (caused_by(errors.UniqueViolation("duplicate key"), DatabaseError), None, None),
        (DatabaseFolderUnusable(reason="it is a link"), None, None),
        (AssertionError("a bug"), None, None),
    ],
    ids=lambda value: type(value.__cause__ or value).__name__ if isinstance(value, Exception) else None,
)
def test_an_error_is_an_answer_or_means_ask_again_or_fails_the_storm(error, when_connecting, when_asked):
    assert kind_of(error, asked=False) == when_connecting
    assert kind_of(error, asked=True) == when_asked
