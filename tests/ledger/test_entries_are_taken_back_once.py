"""A REVERSE mirrors all rows of another entry, once; and never a REVERSE, nor what is no longer there to take."""

from functools import partial

import pytest
from bookkeeping import HAPPENED_MS, at_once, entry, forgotten, post, violated, voucher

from ledger.books import errors
from ledger.books.models import Entry, Transfer
from ledger.books.selectors import balances_of

pytestmark = pytest.mark.database

V1, V2, HELD = "B.Available[T26,V1]", "B.Available[T26,V2]", "B.Held[T26,V1,O1]"


def reverse(original, **fields):
    return entry("REVERSE", reverses=original, **fields)


@pytest.mark.django_db
def test_its_rows_are_the_original_s_from_the_last_to_the_first_with_the_sides_exchanged():
    post([*voucher("V1", 100), *voucher("V2", 50)])
    post([entry("TRANSFER", (V1, V2, 30), (V2, V1, 80), key="there")])

    (back,) = post([reverse("there")])

    rows = Transfer.objects.filter(entry=back.entry_id).order_by("ordinal")
    assert [(row.debit_account.code, row.credit_account.code, row.amount) for row in rows] == [
        (V1, V2, 80), (V2, V1, 30)]  # fmt: skip
    assert Entry.objects.get(id=back.entry_id).reverses.idempotency_key == "there"
    assert balances_of([V1, V2]) == {V1: 100, V2: 50}
    assert violated() == set()


@pytest.mark.django_db
def test_sent_again_it_is_a_replay_and_for_another_original_a_conflict():
    post([*voucher("V1", 100)])
    post([entry("HOLD", (V1, HELD, 10), key="one"), entry("HOLD", (V1, HELD, 20), key="two")])
    (back,) = post([reverse("one", key="back")])

    (again,) = post([reverse("one", key="back")])
    with pytest.raises(errors.IdempotencyConflict):
        post([reverse("two", key="back")])

    assert (again.entry_id, again.replayed) == (back.entry_id, True)
    assert balances_of([HELD]) == {HELD: 20}


@pytest.mark.django_db
def test_what_was_spent_meanwhile_cannot_be_taken_back():
    post(voucher("V1", 100))
    issue = Entry.objects.filter(template="ISSUE").latest("id").idempotency_key
    post([entry("HOLD", (V1, HELD, 60))])

    with pytest.raises(errors.AccountPassesItsFloor):
        post([reverse(issue)])


@pytest.mark.django_db
def test_two_of_one_entry_in_a_batch_are_refused():
    post(voucher("V1", 100))
    post([entry("HOLD", (V1, HELD, 60), key="held"), entry("HOLD", (V1, HELD, 10))])

    with pytest.raises(errors.EntryReversedTwice):
        post([reverse("held"), reverse("held")])

    assert balances_of([HELD]) == {HELD: 70}


def test_sixteen_clients_that_take_one_entry_back_do_it_once(committed):
    post(voucher("V1", 100))
    post([entry("HOLD", (V1, HELD, 60), key="held"), entry("HOLD", (V1, HELD, 40))])

    outcomes = at_once(*(partial(post, [reverse("held")]) for _ in range(16)))

    assert sum(isinstance(outcome, list) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, errors.EntryReversedTwice) for outcome in outcomes) == 15
    assert balances_of([V1, HELD]) == {V1: 60, HELD: 40}
    assert violated() == set()


@pytest.mark.django_db
def test_it_is_dated_after_its_original_and_in_an_open_period():
    post(voucher("V1", 100))
    post([entry("HOLD", (V1, HELD, 60), key="held")])

    with forgotten(), pytest.raises(errors.ReversalPrecedes):
        post([reverse("held", happened_at_ms=HAPPENED_MS - 1)])
    post([reverse("held", happened_at_ms=HAPPENED_MS)])
