"""What went wrong in ledgers before ours, each as a case that must not go wrong here.

Sources: the code and the threads of the projects named, read and in part run in November 2026.
"""

from decimal import Decimal

import pytest
from bookkeeping import Batch, entry, knock, post, violated, voucher, written
from django.db import DatabaseError, DataError, connections, transaction

from ledger.books import errors
from ledger.books.models import Entry, Transfer
from ledger.books.open_items import open_items
from ledger.books.selectors import balance_at, balances_of, total_of
from ledger.books.statements import account_of
from ledger.errors import Refusal
from ledger.log import services as log

pytestmark = pytest.mark.database

V1, HELD = "B.Available[T26,V1]", "B.Held[T26,V1,O1]"


def hold(amount, **fields):
    return entry("HOLD", (V1, HELD, amount), **fields)


@pytest.mark.django_db
@pytest.mark.parametrize("amount", [float("nan"), float("inf"), float("-inf"), Decimal("NaN"), Decimal("Infinity")])
def test_pgledger_a_nan_or_an_infinity_passes_every_comparison(amount):
    """There NaN > 0 holds and NaN < 0 does not, so an account without value pays for ever."""
    post(voucher("V1", 5))
    before = written()

    with pytest.raises(errors.TransferAmountNotPositive):
        post([hold(amount)])
    with pytest.raises(DataError):
        knock(Batch(amounts=[str(amount)]))

    assert written() == before


def test_hordak_a_leg_moved_to_another_transaction_leaves_the_first_unbalanced(committed):
    post(voucher("V1", 100))
    post([hold(10, key="one"), hold(20, key="two")])
    move = (
        "UPDATE ledger_transfer SET entry_id = (SELECT id FROM ledger_entry WHERE idempotency_key = 'two'), ordinal = 2"
        " WHERE entry_id = (SELECT id FROM ledger_entry WHERE idempotency_key = 'one')"
    )

    with pytest.raises(DatabaseError), connections["owner"].cursor() as cursor:
        cursor.execute(move)
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_transfer DISABLE TRIGGER USER")
        cursor.execute(move)

    assert {"entries_are_whole", "entries_match_their_digests"} <= violated()


def test_hordak_a_posted_transaction_is_deleted_whole(committed):
    """Not by the owner; and by who switches the guards off, not without a gap in the numbers."""
    post(voucher("V1", 100))
    post([hold(10, key="gone"), hold(20)])
    log.seal()
    owner = connections["owner"]
    gone = "(SELECT id FROM ledger_entry WHERE idempotency_key = 'gone')"

    for table in ("ledger_transfer", "ledger_entry"):
        with pytest.raises(DatabaseError), owner.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table}")
    with transaction.atomic(using="owner"), owner.cursor() as cursor:
        for table in ("ledger_transfer", "ledger_entry", "ledger_account", "ledger_entry_number", "ledger_movement"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute("UPDATE ledger_account SET debits_total = debits_total - 10 WHERE code = %s", [V1])
        cursor.execute("UPDATE ledger_account SET credits_total = credits_total - 10 WHERE code = %s", [HELD])
        cursor.execute("UPDATE ledger_transfer SET debit_balance = debit_balance + 10, credit_balance ="
                       " credit_balance - 10 WHERE amount = 20")  # fmt: skip
        cursor.execute("UPDATE ledger_movement SET transfers = 1, debits = least(debits, 20), credits ="
                       " least(credits, 20) WHERE template_id = 'HOLD'")  # fmt: skip
        for table, column in (("ledger_entry_number", "entry_id"), ("ledger_transfer", "entry_id"),
                              ("ledger_entry", "id")):  # fmt: skip
            cursor.execute(f"DELETE FROM {table} WHERE {column} = {gone}")

    assert violated() == {
        "entries_are_numbered_without_gaps",
        "entries_are_sealed_or_wait",
        "leaves_hold_what_was_sealed",
    }


def test_hordak_an_id_past_31_bits_is_out_of_range(committed):
    with connections["owner"].cursor() as cursor:
        for table in ("book", "account", "entry", "transfer", "entry_number", "movement"):
            cursor.execute(f"SELECT setval('ledger_{table}_id_seq', 3000000000)")

    post(voucher("V1", 100))
    posted = post([hold(10, key="late"), hold(20)]) + post([hold(1)])
    post([entry("REVERSE", reverses="late")])
    log.seal()

    assert min(each.entry_id for each in posted) > 3_000_000_000
    assert Transfer.objects.latest("id").debit_account_id > 3_000_000_000
    assert violated() == set()


@pytest.mark.django_db
def test_openmeter_a_key_is_claimed_before_the_write_and_the_retry_is_lost():
    """Issue 5118: the first attempt fails after the key was taken, the second is told that it is done."""
    post(voucher("V1", 5))
    with pytest.raises(errors.AccountPassesItsFloor):
        post([hold(9, key="once")])
    post(voucher("V1", 5))

    (done,) = post([hold(9, key="once")])

    assert not done.replayed
    assert balances_of([HELD]) == {HELD: 9}


@pytest.mark.django_db
def test_blnk_held_amounts_are_ignored_by_the_limit():
    """Issue 181: six holds of 1,000 on 5,000."""
    post(voucher("V1", 5_000))
    for _ in range(5):
        post([hold(1_000)])

    with pytest.raises(errors.AccountPassesItsFloor):
        post([hold(1_000)])
    with pytest.raises(errors.AccountPassesItsFloor):
        post([entry("EXPIRE", (V1, "B.Expired[T26,V1]", 1))])


@pytest.mark.django_db
def test_robosystems_an_entry_is_reversed_twice():
    """Pull request 1203."""
    post(voucher("V1", 100))
    post([hold(60, key="held"), hold(40)])
    post([entry("REVERSE", reverses="held", key="first")])

    with pytest.raises(errors.EntryReversedTwice):
        post([entry("REVERSE", reverses="held", key="second")])

    assert Entry.objects.filter(reverses__isnull=False).count() == 1


@pytest.mark.django_db
def test_grand_challenge_the_credits_left_go_negative_after_expiry():
    """Pull request 4132: what was spent is taken from what expired."""
    post(voucher("V1", 100))
    post([hold(70)])

    with pytest.raises(errors.AccountPassesItsFloor):
        post([entry("EXPIRE", (V1, "B.Expired[T26,V1]", 100))])
    post([entry("EXPIRE", (V1, "B.Expired[T26,V1]", 30))])

    assert balances_of([V1, HELD]) == {V1: 0, HELD: 70}


@pytest.mark.django_db
def test_formance_a_question_that_cannot_be_answered_is_answered_with_nothing():
    """Issue 1416: an empty answer was read as "reconciles to zero". Here it is refused, by whatever door it comes."""
    post(voucher("V1", 5))

    for ask in (
        lambda: balances_of(["B.Availble[T26,V1]"]),
        lambda: balances_of(["B.Available[T26]"]),
        lambda: balance_at(V1, recorded_ms=-1),
        lambda: balance_at(V1, happened_ms=7_258_118_400_000),
        lambda: total_of(fund="T26", account_type="B.Availble"),
        lambda: open_items(None, types=["B.Expired"]),
        lambda: open_items(None, fund="T27"),
        lambda: account_of(["T27"], V1),
    ):
        with pytest.raises(Refusal):
            ask()
