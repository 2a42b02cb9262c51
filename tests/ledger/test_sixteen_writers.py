"""Sixteen writers at once on the same accounts: nothing is lost, no limit is passed, nobody waits for ever."""

import random
import socket
import threading
from collections import Counter
from functools import partial

import pytest
from bookkeeping import at_once, entry, post, violated, voucher
from django.db import OperationalError, connection, connections, transaction
from judge import Judge
from storm_client import batch, kind_of, opening, seeds

from ledger.books.errors import AccountPassesItsFloor, IdempotencyConflict
from ledger.books.selectors import balances_of

pytestmark = pytest.mark.database

WRITERS, BATCHES = 16, 25
AVAILABLE, HELD = "B.Available[T26,V1]", "B.Held[T26,V1,O1]"
CAP, ROOM, USED = (f"L.{name}[T26,applied,E1,2026]" for name in ("Cap", "Room", "Used"))


def answered(entries, *refusals):
    """Post a batch and return it with its answer: what was posted, or one of these refusals."""
    try:
        return entries, post(entries)
    except refusals as refusal:
        return entries, refusal


def all_at_once(batches_of):
    """Have each writer post its batches one after another, and return every batch with its answer."""
    outcomes = at_once(*(partial(batches_of, writer) for writer in range(WRITERS)))
    assert [outcome for outcome in outcomes if isinstance(outcome, Exception)] == []
    told = [each for outcome in outcomes for each in outcome]
    assert len(told) == WRITERS * BATCHES, "each request is answered"
    return told


@seeds(1, 2)
def test_what_sixteen_writers_were_told_adds_up_to_the_books(committed, seed):
    judge = Judge()
    judge.post(opening())

    def write(writer):
        return [answered(batch(seed, writer, number), AccountPassesItsFloor) for number in range(BATCHES)]

    told = all_at_once(write)

    for entries, answer in told:
        judge.hear_question(entries)
        if isinstance(answer, list):
            judge.hear_answer(entries, answer)
    judge.look()
    assert violated() == set()


@seeds(1)
@pytest.mark.parametrize(
    ("face", "cap"), [(400, 9_000), (9_000, 400), (400, 400)], ids=["the voucher's", "the programme's", "both"]
)
def test_a_limit_is_drawn_to_the_last_and_not_further(committed, seed, face, cap):
    post([*voucher("V1", face), entry("APPLY", (CAP, ROOM, cap))])

    def write(writer):
        chance = random.Random(f"{seed} {writer}")
        for number in range(BATCHES):
            amount, key = chance.randint(1, 9), f"{seed}-{writer}-{number}"
            both = [
                entry("APPLY", (ROOM, USED, amount), key=f"{key}-used"),
                entry("HOLD", (AVAILABLE, HELD, amount), key=f"{key}-held"),
            ]
            yield answered(chance.sample(both, 2), AccountPassesItsFloor)

    told = all_at_once(write)

    drawn = sum(entries[0].rows[0].amount for entries, answer in told if isinstance(answer, list))
    stands = balances_of([AVAILABLE, HELD, ROOM, USED])
    assert stands == {AVAILABLE: face - drawn, HELD: drawn, ROOM: cap - drawn, USED: drawn}
    refusals = [(entries[0].rows[0].amount, answer) for entries, answer in told if not isinstance(answer, list)]
    assert refusals, "more was asked for than there was"
    # What is left only ever falls, so that what was refused then is more than what is left now.
    assert all(amount > stands[refusal.fields["account"]] for amount, refusal in refusals)
    assert violated() == set()


@seeds(1, 2)
def test_a_key_that_everybody_posts_acts_once_and_everybody_hears_the_same(committed, seed):
    post(voucher("V1", 10_000))
    everybodys = [entry("HOLD", (AVAILABLE, HELD, number + 1), key=f"key-{number}") for number in range(BATCHES)]

    def write(writer):
        order = random.Random(f"{seed} {writer}").sample(everybodys, BATCHES)
        return [answered([each]) for each in order]

    told = all_at_once(write)

    ids = {(each.idempotency_key, posted.entry_id) for (each,), (posted,) in told}
    acted = Counter(each.idempotency_key for (each,), (posted,) in told if not posted.replayed)
    assert len(ids) == BATCHES
    assert acted == Counter(each.idempotency_key for each in everybodys)
    assert balances_of([HELD]) == {HELD: sum(range(1, BATCHES + 1))}
    assert violated() == set()


@seeds(1, 2)
def test_of_other_inputs_under_one_key_one_wins_and_the_rest_conflict(committed, seed):
    post(voucher("V1", 100_000))

    wanted = [f"key-{number}" for number in range(BATCHES)]

    def write(writer):
        order = random.Random(f"{seed} {writer}").sample(wanted, BATCHES)
        own = [entry("HOLD", (AVAILABLE, HELD, 1 + writer % 4), key=key) for key in order]
        return [answered([each], IdempotencyConflict) for each in own]

    told = all_at_once(write)

    heard = {key: [] for key in wanted}
    for (each,), answer in told:
        if isinstance(answer, list):
            heard[each.idempotency_key] += [(each.rows[0].amount, *answer)]
    for winners in heard.values():
        assert len(winners) == WRITERS // 4, "the others conflict"
        assert len({(amount, posted.entry_id) for amount, posted in winners}) == 1
        assert [posted.replayed for _, posted in winners].count(False) == 1
    assert balances_of([HELD]) == {HELD: sum(winners[0][0] for winners in heard.values())}
    assert violated() == set()


@seeds(1)
@pytest.mark.parametrize("shared", [True, False], ids=["the same keys", "keys of their own"])
def test_batches_in_any_order_of_keys_and_of_accounts_never_lock_up(committed, seed, shared):
    names = [f"V{number:02}" for number in range(10)]
    judge = Judge()
    judge.post([each for name in names for each in voucher(name, 100_000)])
    together = threading.Barrier(WRITERS)

    def write(writer):
        order = random.Random(f"{seed} {writer}")
        for number in range(BATCHES):
            # All at the same moment: the same accounts, half of which are opened now, and perhaps the same keys.
            key = f"{number}-{0 if shared else writer}"
            wanted = [
                entry("HOLD", (f"B.Available[T26,{name}]", f"B.Held[T26,{name},O{number}]", 1), key=f"{key}-{name}")
                for name in names
            ]
            together.wait()
            yield answered(order.sample(wanted, len(wanted)))

    def write_or_let_go(writer):
        try:
            return list(write(writer))
        except Exception:
            together.abort()
            raise

    told = all_at_once(write_or_let_go)

    for entries, answer in told:
        judge.hear_question(entries)
        judge.hear_answer(entries, answer)
    assert judge.new == judge.asked.keys()
    judge.look()
    assert violated() == set()


def await_waiting(number):
    """Return once so many sessions of this database wait for a lock. Asked as the owner, outside any transaction."""
    with connections["owner"].cursor() as cursor:
        for _ in range(100_000):
            cursor.execute(
                "SELECT count(DISTINCT pid) FROM pg_locks INNER JOIN pg_stat_activity USING (pid)"
                " WHERE NOT granted AND datname = current_database()"
            )
            if cursor.fetchone() == (number,):
                return
    raise AssertionError(f"{number} sessions never wait at once")


def terminated():
    """Have the server end this session."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


def hung_up():
    """Leave the server alone with this session, as a client does that dies."""
    with socket.socket(fileno=connection.connection.fileno()) as line:
        line.shutdown(socket.SHUT_RDWR)
        line.detach()


@pytest.mark.parametrize("end", [terminated, hung_up])
def test_a_writer_that_dies_in_its_transaction_frees_its_key_and_its_value(committed, end):
    post(voucher("V1", 100))
    ready = threading.Event()

    def die():
        try:
            with transaction.atomic():
                (posted,) = post([entry("HOLD", (AVAILABLE, HELD, 100), key="key-0")])
                assert not posted.replayed
                ready.set()
                await_waiting(WRITERS - 1)
                end()
        finally:
            ready.set()

    def write(writer):
        ready.wait()
        key = f"key-{writer if writer % 2 else 0}"
        return answered([entry("HOLD", (AVAILABLE, HELD, 100), key=key)], AccountPassesItsFloor)

    dead, *told = at_once(die, *(partial(write, writer) for writer in range(1, WRITERS)))

    assert isinstance(dead, OperationalError)
    assert kind_of(dead, asked=True) == "ambiguous"
    heard = [(each.idempotency_key, *answer) for (each,), answer in told if isinstance(answer, list)]
    assert len(told) == WRITERS - 1
    assert len({(key, posted.entry_id) for key, posted in heard}) == 1, "the value is held once, under one key"
    assert [posted.replayed for _, posted in heard].count(False) == 1
    assert len(heard) == (7 if heard[0][0] == "key-0" else 1), "who asks under that key hears the same"
    assert balances_of([AVAILABLE, HELD]) == {AVAILABLE: 0, HELD: 100}
    assert violated() == set()
