"""One idempotency key is one act, for ever, whoever sends it again and however often at once."""

from dataclasses import replace
from functools import partial

import pytest
from bookkeeping import at_once, entry, post, violated, voucher, written
from django.db import connection, transaction

from ledger import clock
from ledger.books import errors
from ledger.books.models import Entry
from ledger.books.selectors import balances_of

pytestmark = pytest.mark.database

LATER_MS = 4_000_000_000_000
AVAILABLE, HELD = "B.Available[T26,V1]", "B.Held[T26,V1,O1]"


def hold(amount, key, **fields):
    return entry("HOLD", (AVAILABLE, HELD, amount), key=key, **fields)


@pytest.fixture
def _a_voucher(db):
    post(voucher("V1", 100))


@pytest.mark.usefixtures("_a_voucher")
class TestInOneTransaction:
    def test_a_replay_gives_the_first_answer_and_writes_nothing(self):
        (first,) = post([hold(100, "once")])
        before = written()

        (again,) = post([hold(100, "once")])

        assert (first.replayed, again.replayed) == (False, True)
        assert again.entry_id == first.entry_id
        assert written() == before

    def test_a_replay_is_answered_even_where_the_act_would_now_be_refused(self):
        post([hold(100, "all")])

        assert post([hold(100, "all")])[0].replayed

    def test_a_replay_by_another_person_at_another_time_is_a_replay(self):
        with clock.held_at(LATER_MS):
            (first,) = post([hold(60, "once", proposer="one", approver="two")])
        with clock.held_at(LATER_MS + 1):
            (again,) = post([hold(60, "once", proposer="three", approver="")])

        assert again.entry_id == first.entry_id
        stands = Entry.objects.get(id=first.entry_id)
        assert (stands.proposer, stands.approver, stands.recorded_at_ms) == ("one", "two", LATER_MS)

    @pytest.mark.parametrize(
        "change",
        [
            {"happened_at_ms": 1},
            {"document": "another"},
            {"run": "another"},
            {"template": "RELEASE"},
            {"rows": []},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_any_other_input_under_a_used_key_is_refused(self, change):
        first = hold(60, "once")
        post([first])
        before = written()

        with pytest.raises((errors.IdempotencyConflict, errors.EntryHasNoRows)):
            post([replace(first, **change)])

        assert written() == before

    def test_the_order_of_rows_is_an_input(self):
        first = replace(hold(10, "once"), rows=[*hold(10, "").rows, *hold(20, "").rows])
        post([first])

        with pytest.raises(errors.IdempotencyConflict):
            post([replace(first, rows=first.rows[::-1])])

    def test_old_and_new_entries_may_share_a_batch(self):
        (old,) = post([hold(60, "old")])

        mixed = post([hold(10, "new-1"), hold(60, "old"), hold(30, "new-2")])

        assert [posted.replayed for posted in mixed] == [False, True, False]
        assert mixed[1].entry_id == old.entry_id
        assert balances_of([AVAILABLE, HELD]) == {AVAILABLE: 0, HELD: 100}
        assert violated() == set()

    def test_one_conflict_refuses_the_new_entries_of_its_batch_too(self):
        post([hold(60, "old")])
        before = written()

        with pytest.raises(errors.IdempotencyConflict):
            post([hold(10, "new"), hold(61, "old")])

        assert written() == before

    def test_a_refused_key_stays_free(self):
        with pytest.raises(errors.AccountPassesItsFloor):
            post([hold(101, "try")])

        assert not post([hold(100, "try")])[0].replayed


def test_eight_clients_with_one_key_act_once(committed):
    post(voucher("V1", 100))
    same = hold(60, "once")

    outcomes = at_once(*[partial(post, [same])] * 8)

    assert sorted(posted.replayed for (posted,) in outcomes) == [False] + [True] * 7
    assert len({posted.entry_id for (posted,) in outcomes}) == 1
    assert balances_of([AVAILABLE, HELD]) == {AVAILABLE: 40, HELD: 60}
    assert violated() == set()


def test_eight_clients_with_one_key_and_other_inputs_agree_on_one(committed):
    post(voucher("V1", 100))

    outcomes = at_once(*(partial(post, [hold(amount, "once")]) for amount in range(1, 9)))

    won = [amount for amount, outcome in enumerate(outcomes, 1) if not isinstance(outcome, Exception)]
    assert len(won) == 1
    assert sum(isinstance(outcome, errors.IdempotencyConflict) for outcome in outcomes) == 7
    assert balances_of([HELD]) == {HELD: won[0]}


def test_batches_that_share_keys_in_other_orders_wait_for_each_other_and_never_lock_up(committed):
    post(voucher("V1", 100))
    entries = [hold(amount, f"key-{amount}") for amount in range(1, 9)]

    outcomes = at_once(*(partial(post, entries[turn:] + entries[:turn]) for turn in range(8)))

    assert [error for error in outcomes if isinstance(error, Exception)] == []
    assert sum(not posted.replayed for outcome in outcomes for posted in outcome) == 8
    assert balances_of([HELD]) == {HELD: 36}
    assert violated() == set()


def test_a_posting_in_a_higher_isolation_is_refused(committed):
    """There the door would not see what a rival posted while it waited."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        with pytest.raises(errors.IsolationTooHigh):
            post([hold(1, "high")])
