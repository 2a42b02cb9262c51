"""No floored account is ever below zero: not inside a batch, and not with many clients at once."""

import random
from functools import partial

import pytest
from bookkeeping import at_once, entry, post, violated, voucher, written

from ledger.books.errors import AccountPassesItsFloor
from ledger.books.models import Account, Transfer
from ledger.books.selectors import balances_of

pytestmark = pytest.mark.database

V1, V2 = "B.Available[T26,V1]", "B.Available[T26,V2]"
ROOM, USED = "L.Room[T26,issued,E1,2026]", "L.Used[T26,issued,E1,2026]"


@pytest.mark.django_db
def test_an_overdraft_that_a_later_row_refills_is_refused():
    post([*voucher("V1", 50), *voucher("V2", 50)])
    before = written()

    with pytest.raises(AccountPassesItsFloor) as refused:
        post([entry("TRANSFER", (V1, V2, 60), (V2, V1, 60))])

    assert refused.value.fields == {"account": V1, "balance": -10, "amount": 60}
    assert written() == before


@pytest.mark.django_db
def test_the_same_rows_in_the_other_order_are_posted():
    post([*voucher("V1", 50), *voucher("V2", 50)])

    post([entry("TRANSFER", (V2, V1, 10), (V1, V2, 60))])

    assert balances_of([V1, V2]) == {V1: 0, V2: 100}
    assert violated() == set()


@pytest.mark.django_db
def test_order_matters_between_the_entries_of_a_batch_too():
    post([*voucher("V1", 50), *voucher("V2", 50)])
    give, take = entry("TRANSFER", (V2, V1, 10)), entry("TRANSFER", (V1, V2, 60))
    with pytest.raises(AccountPassesItsFloor):
        post([take, give])

    post([give, take])

    assert balances_of([V1, V2]) == {V1: 0, V2: 100}


@pytest.mark.django_db
def test_a_debit_account_is_floored_on_its_own_side():
    with pytest.raises(AccountPassesItsFloor):
        post([entry("FUND.LAPSE", ("B.Unallocated[T26]", "B.Authority[T26,city,2026]", 1))])


@pytest.mark.django_db
def test_a_two_sided_account_may_stand_on_either_side():
    post([entry("FUND.TRANSFER", ("M.LevelCurrent[T26,city]", "M.LevelCurrent[T26,province]", 7))])

    assert balances_of(["M.LevelCurrent[T26,province]"]) == {"M.LevelCurrent[T26,province]": -7}
    assert violated() == set()


def test_sixteen_clients_race_for_the_last_ten_fen_and_ten_win(committed):
    post([entry("APPLY", ("L.Cap[T26,issued,E1,2026]", ROOM, 10))])

    outcomes = at_once(*(partial(post, [entry("APPLY", (ROOM, USED, 1))]) for _ in range(16)))

    assert sum(isinstance(outcome, AccountPassesItsFloor) for outcome in outcomes) == 6
    assert sum(isinstance(outcome, list) for outcome in outcomes) == 10
    assert balances_of([ROOM, USED]) == {ROOM: 0, USED: 10}
    assert violated() == set()


def test_clients_that_open_the_same_accounts_at_once_open_them_once(committed):
    rows = [("B.Authority[T26,city,2026]", "B.Unallocated[T26]", 1), ("B.OverCommit[T26]", "B.Unallocated[T26]", 1)]

    def open_them(number):
        parts = [entry("FUND.AUTHORISE", rows[0]), entry("FUND.OVERCOMMIT", rows[1])]
        return post(parts if number % 2 else parts[::-1])

    outcomes = at_once(*(partial(open_them, number) for number in range(8)))

    assert [error for error in outcomes if isinstance(error, Exception)] == []
    assert Account.objects.count() == 3
    assert balances_of(["B.Unallocated[T26]"]) == {"B.Unallocated[T26]": 16}
    assert violated() == set()


@pytest.mark.parametrize("seed", [1, 2])
def test_clients_that_move_value_between_the_same_vouchers_lose_nothing_and_never_lock_up(committed, seed):
    names = [f"V{number}" for number in range(6)]
    post([each for name in names for each in voucher(name, 100)])

    def move(number):
        chance = random.Random(f"{seed} {number}")
        moved = []
        for _ in range(8):
            pairs = [chance.sample(names, 2) for _ in range(3)]
            rows = [(f"B.Available[T26,{a}]", f"B.Available[T26,{b}]", chance.randint(1, 60)) for a, b in pairs]
            try:
                post([entry("TRANSFER", row) for row in rows])
                moved += rows
            except AccountPassesItsFloor:
                continue
        return moved

    outcomes = at_once(*(partial(move, number) for number in range(8)))

    assert [error for error in outcomes if isinstance(error, Exception)] == []
    expected = dict.fromkeys((f"B.Available[T26,{name}]" for name in names), 100)
    for debit, credit, amount in (row for outcome in outcomes for row in outcome):
        expected[debit] -= amount
        expected[credit] += amount
    assert balances_of(expected) == expected
    assert Transfer.objects.filter(entry__template="TRANSFER").count() == sum(len(outcome) for outcome in outcomes)
    assert violated() == set()
