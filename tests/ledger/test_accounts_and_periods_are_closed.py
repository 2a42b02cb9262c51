"""Freezing, thawing and closing accounts, and closing the periods of a book; each act stays on record."""

import threading
from functools import partial

import pytest
from bookkeeping import HAPPENED_MS, at_once, entry, post, violated, voucher
from django.db import connection, connections, transaction

from ledger import clock
from ledger.books import errors
from ledger.books import services as books
from ledger.books.models import AccountAct, Book, PeriodClose

pytestmark = pytest.mark.database

V1, HELD = "B.Available[T26,V1]", "B.Held[T26,V1,O1]"
NOW_MS = 4_000_000_000_000


def hold(amount=1, **fields):
    return [entry("HOLD", (V1, HELD, amount), **fields)]


@pytest.fixture
def _a_voucher(db):
    with clock.held_at(NOW_MS):
        post(voucher("V1", 100))
        yield


@pytest.mark.usefixtures("_a_voucher")
class TestAccounts:
    def test_nothing_is_posted_to_a_frozen_account_until_the_freeze_ends(self):
        books.freeze(V1, until_ms=NOW_MS + 10, actor="clerk", reason="a case")

        with pytest.raises(errors.AccountFrozen) as refused:
            post(hold())
        with clock.held_at(NOW_MS + 10):
            post(hold())

        assert refused.value.fields["frozen_until_ms"] == NOW_MS + 10
        assert violated() == set()

    def test_a_second_freeze_moves_the_end_and_a_thaw_ends_it(self):
        books.freeze(V1, until_ms=NOW_MS + 10, actor="clerk", reason="a case")
        books.freeze(V1, until_ms=NOW_MS + 20, actor="clerk", reason="a longer case")
        with clock.held_at(NOW_MS + 15), pytest.raises(errors.AccountFrozen):
            post(hold())
        books.thaw(V1, actor="judge", reason="no case")
        post(hold())

        acts = AccountAct.objects.order_by("id").values_list("kind", "until_ms", "actor", "reason", "recorded_at_ms")
        assert list(acts) == [
            ("freeze", NOW_MS + 10, "clerk", "a case", NOW_MS),
            ("freeze", NOW_MS + 20, "clerk", "a longer case", NOW_MS),
            ("thaw", None, "judge", "no case", NOW_MS),
        ]
        assert violated() == set()

    def test_a_closed_account_takes_nothing_ever_again(self):
        post([entry("EXPIRE", (V1, "B.Expired[T26,V1]", 100))])
        books.close_account(V1, actor="clerk", reason="the voucher ended")

        with clock.held_at(7_258_118_399_999), pytest.raises(errors.AccountClosed):
            post([entry("ISSUE", ("B.Unallocated[T26]", V1, 1))])
        for again in (books.close_account, books.thaw, partial(books.freeze, until_ms=NOW_MS + 1)):
            with pytest.raises(errors.AccountClosed):
                again(V1, actor="clerk", reason="again")
        assert violated() == set()

    @pytest.mark.parametrize(
        ("refusal", "act"),
        [
            (errors.AccountNotEmpty, partial(books.close_account, V1, actor="a", reason="r")),
            (errors.AccountNotFrozen, partial(books.thaw, V1, actor="a", reason="r")),
            (errors.AccountUnknown, partial(books.close_account, "B.Available[T26,V9]", actor="a", reason="r")),
            (errors.FreezeWithoutEnd, partial(books.freeze, V1, until_ms=NOW_MS, actor="a", reason="r")),
            (errors.FreezeWithoutEnd, partial(books.freeze, V1, until_ms=7_258_118_400_000, actor="a", reason="r")),
            (errors.ActWithoutReason, partial(books.freeze, V1, until_ms=NOW_MS + 1, actor="", reason="r")),
            (errors.ActWithoutReason, partial(books.freeze, V1, until_ms=NOW_MS + 1, actor="a", reason="")),
        ],
    )
    def test_an_act_that_cannot_be_is_refused_and_leaves_nothing(self, refusal, act):
        with pytest.raises(refusal) as refused:
            act()

        assert "(unknown" not in refused.value.sentence
        assert not AccountAct.objects.exists()


@pytest.mark.usefixtures("_a_voucher")
class TestPeriods:
    def test_after_the_close_only_the_open_period_takes_postings(self):
        post(hold(happened_at_ms=HAPPENED_MS))
        assert books.close_period("T26", open_from_ms=HAPPENED_MS + 1, actor="finance", document="D1") == 1

        with pytest.raises(errors.PeriodClosed) as refused:
            post(hold(happened_at_ms=HAPPENED_MS))
        post(hold(happened_at_ms=HAPPENED_MS + 1))

        assert refused.value.fields["open_from_ms"] == HAPPENED_MS + 1
        close = PeriodClose.objects.get()
        assert (close.transfers, close.amount, close.actor, close.document) == (3, 201, "finance", "D1")
        assert violated() == set()

    def test_every_book_of_the_owner_is_closed_and_no_other(self):
        post(voucher("W1", 5, fund="U26"))
        post([entry("APPLY", ("L.Cap[T26,issued,E1,2026]", "L.Room[T26,issued,E1,2026]", 10))])

        assert books.close_period("T26", open_from_ms=HAPPENED_MS, actor="finance") == 2
        assert dict(Book.objects.values_list("owner", "open_from_ms")) == {"T26": HAPPENED_MS, "U26": 0}

    def test_closing_again_up_to_the_same_instant_changes_nothing(self):
        books.close_period("T26", open_from_ms=HAPPENED_MS, actor="finance")

        assert books.close_period("T26", open_from_ms=HAPPENED_MS, actor="finance") == 0
        assert PeriodClose.objects.count() == 1

    def test_a_book_that_opens_later_is_closed_with_the_next_close(self):
        books.close_period("T26", open_from_ms=HAPPENED_MS, actor="finance")
        post([entry("APPLY", ("L.Cap[T26,issued,E1,2026]", "L.Room[T26,issued,E1,2026]", 10))])

        assert books.close_period("T26", open_from_ms=HAPPENED_MS + 1, actor="finance") == 2
        assert violated() == set()

    @pytest.mark.parametrize(
        ("refusal", "fields"),
        [
            (errors.PeriodNotOver, {"open_from_ms": NOW_MS + 1}),
            (errors.PeriodNotOver, {"open_from_ms": 0}),
            (errors.PeriodReopened, {"open_from_ms": HAPPENED_MS - 1}),
            (errors.PeriodClosedByNobody, {"actor": ""}),
            (errors.OwnerWithoutBooks, {"owner": "X26"}),
        ],
    )
    def test_a_close_that_cannot_be_is_refused(self, refusal, fields):
        books.close_period("T26", open_from_ms=HAPPENED_MS, actor="finance")

        with pytest.raises(refusal) as refused:
            books.close_period(**{"owner": "T26", "open_from_ms": HAPPENED_MS + 1, "actor": "finance"} | fields)

        assert "(unknown" not in refused.value.sentence

    def test_a_replay_into_a_period_that_was_closed_since_is_answered(self):
        (first,) = post(hold(key="before"))
        books.close_period("T26", open_from_ms=HAPPENED_MS + 1, actor="finance")

        assert post(hold(key="before"))[0].entry_id == first.entry_id


def test_a_posting_under_way_is_waited_for_and_counted(committed):
    """The close comes while a posting has its accounts: it waits, and counts it."""
    post(voucher("V1", 100))
    posted, go_on = threading.Event(), threading.Event()

    def post_slowly():
        with transaction.atomic():
            post(hold(happened_at_ms=HAPPENED_MS))
            posted.set()
            go_on.wait()

    def close():
        posted.wait()
        pid = backend()
        threading.Thread(target=release_when_waiting, args=(pid, go_on)).start()
        return books.close_period("T26", open_from_ms=HAPPENED_MS + 1, actor="finance")

    outcomes = at_once(post_slowly, close)

    assert outcomes == [None, 1]
    assert PeriodClose.objects.get().transfers == 3
    assert violated() == set()


def test_a_posting_that_comes_during_the_close_is_refused_after_it(committed):
    post(voucher("V1", 100))
    closed, go_on = threading.Event(), threading.Event()

    def close_slowly():
        with transaction.atomic():
            books.close_period("T26", open_from_ms=HAPPENED_MS + 1, actor="finance")
            closed.set()
            go_on.wait()

    def post_late():
        closed.wait()
        pid = backend()
        threading.Thread(target=release_when_waiting, args=(pid, go_on)).start()
        return post(hold(happened_at_ms=HAPPENED_MS))

    outcomes = at_once(close_slowly, post_late)

    assert outcomes[0] is None
    assert isinstance(outcomes[1], errors.PeriodClosed)
    assert violated() == set()


@pytest.mark.parametrize("seed", [1, 2])
def test_closes_and_postings_that_race_leave_no_late_entry(committed, seed):
    post([each for number in range(4) for each in voucher(f"V{number}", 1000)])

    def post_many(number):
        refused = 0
        for turn in range(12):
            account = f"T26,V{(number + turn) % 4}"
            try:
                post([entry("HOLD", (f"B.Available[{account}]", f"B.Held[{account},O{number}-{turn}]", 1),
                            happened_at_ms=HAPPENED_MS + turn)])  # fmt: skip
            except errors.PeriodClosed:
                refused += 1
        return refused

    def close_many():
        for turn in range(1, 12, 2):
            books.close_period("T26", open_from_ms=HAPPENED_MS + turn, actor=f"finance {seed}")

    outcomes = at_once(*(partial(post_many, number) for number in range(7)), close_many)

    assert [outcome for outcome in outcomes if isinstance(outcome, Exception)] == []
    assert violated() == set()


def backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def release_when_waiting(pid: int, go_on: threading.Event) -> None:
    """Set the event as soon as a backend waits for a lock."""
    try:
        with connection.cursor() as cursor:
            while True:
                cursor.execute("SELECT wait_event_type FROM pg_stat_activity WHERE pid = %s", [pid])
                if cursor.fetchone() == ("Lock",):
                    break
    finally:
        go_on.set()
        connections.close_all()
