"""Whoever writes, waits, fails or is killed meanwhile: what committed is sealed, once, and nothing else is.

`QUANBU_TEST_SEAL_SECONDS=60` lets the writers write for a minute instead of so many acts.
"""

import os
import random
import threading
import time
from functools import partial
from itertools import count

import pytest
from bookkeeping import at_once, entry, post, violated, voucher
from django.db import InterfaceError, OperationalError, connection, connections, transaction
from history import (
    assert_everything_is_sealed_once,
    contents,
    wait_until,
    waiting_for_a_lock,
)
from storm import PATIENCE_S
from storm_client import FACE, move, opening

from ledger.books.errors import AccountPassesItsFloor
from ledger.books.models import Entry
from ledger.log import services as log
from ledger.log.models import Head, Leaf, Record, Submitter
from ledger.log.selectors import tree_size

pytestmark = pytest.mark.database

WRITERS, ACTS = 8, 120
SOAK_S = int(os.environ.get("QUANBU_TEST_SEAL_SECONDS", "0"))
TOO_MUCH = ("HOLD", ("B.Available[T26,V0]", "B.Held[T26,V0,O9]", 100 * FACE))


class Writers:
    """Eight who write until they have written enough, and what they were told has committed."""

    def __init__(self):
        self.left, self.all_written = WRITERS, threading.Event()
        self.lock, self.rest_sealed, self.late_committed = threading.Lock(), threading.Event(), threading.Event()
        self.subjects, self.keys, self.refused = set(), set(), 0

    def write(self, name):
        """One act after another, of whatever kind."""
        chance, until_s = random.Random(name), time.monotonic() + SOAK_S
        try:
            for number in count():
                if time.monotonic() >= until_s if SOAK_S else number == ACTS:
                    return
                act = chance.choices(
                    [self.post_some, self.record_some, self.both, self.take_back, self.be_refused], [4, 3, 2, 1, 1]
                )[0]
                act(chance, f"{name}-{number}")
        finally:
            with self.lock:
                self.left -= 1
                if not self.left:
                    self.all_written.set()

    def post_some(self, chance, name):
        batch = [move(chance, f"{name}-{place}") for place in range(chance.choice([1, 1, 1, 2, 5, 9]))]
        try:
            post(batch)
        except AccountPassesItsFloor:
            self.note(refused=1)
        else:
            self.note(keys=[each.idempotency_key for each in batch])

    def record_some(self, chance, name):
        subjects = [f"{name}-{place}" for place in range(chance.choice([1, 1, 3, 7]))]
        submitter = chance.choice(["", "north", "south", "east"])
        log.record_all(kind="test.happened", told={each: {} for each in subjects}, submitter=submitter)
        self.note(subjects=subjects)

    def both(self, chance, name):
        """A decision and the entry that follows it, in one transaction."""
        with transaction.atomic():
            post([entry("FUND.AUTHORISE", ("B.Authority[T26,city,2026]", "B.Unallocated[T26]", 1), key=f"{name}-a")])
            log.record(kind="test.happened", subject=name, told={}, submitter="north")
        self.note(subjects=[name], keys=[f"{name}-a"])

    def take_back(self, chance, name):
        with transaction.atomic():
            post([entry("FUND.AUTHORISE", ("B.Authority[T26,city,2026]", "B.Unallocated[T26]", 1), key=f"{name}-r")])
            log.record(kind="test.happened", subject=name, told={}, submitter="south")
            transaction.set_rollback(True)

    def be_refused(self, chance, name):
        with pytest.raises(AccountPassesItsFloor):
            post([entry(*TOO_MUCH, key=f"{name}-refused")])
        self.note(refused=1)

    def note(self, subjects=(), keys=(), refused=0):
        with self.lock:
            self.subjects.update(subjects)
            self.keys.update(keys)
            self.refused += refused

    def seal(self):
        """Seal without pause; return how often, and up to where when everybody else was done."""
        chance = random.Random(1)
        times = 0
        while not self.all_written.is_set():
            log.seal_once(chance.choice([1, 3, 20, log.MOST]))
            times += 1
        size = log.seal()
        self.rest_sealed.set()
        assert self.late_committed.wait(PATIENCE_S)
        log.seal()
        return times, size

    def be_late(self):
        """Write first and commit last."""
        late = [
            entry("FUND.AUTHORISE", ("B.Authority[T99,city,2026]", "B.Unallocated[T99]", n), key=f"late-{n}")
            for n in (1, 2)
        ]
        try:
            with transaction.atomic():
                post(late)
                log.record_all(kind="test.happened", told={"late": {}, "late too": {}}, submitter="west")
                assert self.rest_sealed.wait(PATIENCE_S + SOAK_S)
                assert not Leaf.objects.filter(record__submitter="west").exists()
        finally:
            self.late_committed.set()
        self.note(subjects=["late", "late too"], keys=["late-1", "late-2"])


def test_what_eight_writers_commit_is_sealed_once_while_a_sealer_never_rests(committed):
    writers, opened = Writers(), opening()
    post(opened)

    *_, late, (times, size) = outcomes = at_once(
        *(partial(writers.write, name) for name in range(WRITERS)), writers.be_late, writers.seal
    )

    assert outcomes[:-1] == [None] * (WRITERS + 1)
    assert late is None
    assert times > 20, "the sealer sealed while the others wrote"
    happened = Record.objects.filter(kind="test.happened")
    assert set(happened.values_list("subject", flat=True)) == writers.subjects
    assert Record.objects.filter(kind="act.refused").count() == writers.refused > WRITERS
    assert happened.count() + writers.refused == Record.objects.count()
    posted = {each.idempotency_key for each in opened} | writers.keys
    assert set(Entry.objects.values_list("idempotency_key", flat=True)) == posted
    assert_everything_is_sealed_once()
    for submitter in Submitter.objects.all():
        numbers = sorted(happened.filter(submitter=submitter.code).values_list("number", flat=True))
        assert numbers == list(range(1, submitter.last_number + 1)), submitter.code
    late_ones = Leaf.objects.filter(position__gt=size)
    assert late_ones.count() == 4 == tree_size() - size
    assert set(late_ones.filter(record__isnull=False).values_list("record__submitter", flat=True)) == {"west"}
    assert violated() == set()


def write_some(name, records=9, entries=7):
    """Records and entries that wait for the sealer."""
    log.record_all(kind="test.happened", told={f"{name}-{n}": {} for n in range(records)}, submitter="north")
    amounts = range(1, entries + 1)
    post([entry("FUND.AUTHORISE", ("B.Authority[T26,city,2026]", "B.Unallocated[T26]", n), key=f"{name}-{n}")
          for n in amounts])  # fmt: skip
    return records + entries


def test_portions_smaller_than_what_waits_seal_the_same_and_in_the_same_order_whoever_seals(committed):
    waits = write_some("a", records=40, entries=25)

    sizes = [log.seal_once(7) for _ in range(4)]
    outcomes = at_once(*[partial(log.seal_once, 3)] * 4)

    assert sizes == [(14, 14), (28, 14), (42, 14), (53, 11)], "as long as there are entries, as many of each"
    assert [error for error in outcomes if isinstance(error, Exception)] == []
    assert sum(added for _, added in outcomes) == 12 == waits - 53
    assert log.seal() == waits == 65
    assert_everything_is_sealed_once()
    records = Leaf.objects.filter(record__isnull=False).order_by("position").values_list("record__number", flat=True)
    assert list(records) == list(range(1, 41))
    assert violated() == set()


def test_nobody_who_writes_waits_for_a_sealing_that_is_under_way(committed):
    waits = write_some("before")
    holds, ended = threading.Event(), threading.Event()

    def hold():
        with transaction.atomic():
            log.seal_once()
            holds.set()
            assert ended.wait(PATIENCE_S)

    def write():
        assert holds.wait(PATIENCE_S)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '10s'")
        try:
            write_some("meanwhile")
            post(voucher("V1", 100))
            with pytest.raises(AccountPassesItsFloor):
                post([entry("HOLD", ("B.Available[T26,V1]", "B.Held[T26,V1,O1]", 101))])
            assert tree_size() == 0, "the sealing is under way"
        finally:
            ended.set()

    assert at_once(hold, write) == [None, None]
    assert tree_size() == waits
    assert log.seal() == 2 * waits + 3
    assert_everything_is_sealed_once()
    assert violated() == set()


@pytest.mark.parametrize("table", ["ledger_record_waiting", "ledger_movement", "ledger_log_leaf", "ledger_log_head"])
def test_a_sealer_that_is_killed_in_the_middle_loses_nothing_and_the_next_one_goes_on(committed, table):
    """The owner holds a table that sealing writes, so that it stops there: before, between and after its writes."""
    waits = write_some("a") + write_some("b", records=1, entries=1)
    log.seal_once(1)
    locked, killed = threading.Event(), threading.Event()

    def seal():
        assert locked.wait(PATIENCE_S)
        try:
            log.seal()
        except (OperationalError, InterfaceError):
            assert killed.wait(PATIENCE_S)
            return "killed"

    def kill():
        with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
            locked.set()
            wait_until(waiting_for_a_lock)
            (pid,) = waiting_for_a_lock()
            with connection.cursor() as mine:
                mine.execute("SELECT pg_terminate_backend(%s)", [pid])
            wait_until(lambda: waiting_for_a_lock() == [])
            killed.set()

    assert at_once(seal, kill) == ["killed", None]
    assert tree_size() == 2 == Leaf.objects.count() == Head.objects.get().size
    assert violated() == set()

    write_some("c")
    assert log.seal() == waits + 16
    assert_everything_is_sealed_once()
    assert violated() == set()


def test_a_sealing_that_is_rolled_back_by_its_caller_has_never_been(committed):
    waits = write_some("a")
    with transaction.atomic():
        log.seal_once()
        transaction.set_rollback(True)

    assert (tree_size(), contents()) == (0, [])
    assert log.seal() == waits
    assert_everything_is_sealed_once()
