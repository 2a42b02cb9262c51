"""Worked cases, posted entry by entry through the door.

Six were worked out by hand from the rules of a real kind of programme each: deduct at purchase (i), claim after use
(ii), free trial hours (iii), a grant for a centre (iv), two centres with a co-payment (v), expiry, revocation and
clawback (vi). The small ones have a rarer act each. Every identity of the books must hold after every single entry, not
only at the end.
"""

import json
import os
import random
import sys
from collections import Counter
from dataclasses import replace

import pytest
from bookkeeping import CASE_NAMES, SMALL_CASE_NAMES, Case, begun, forgotten, post, violated, written

from ledger.books.errors import BooksRefusal
from ledger.books.models import Account
from ledger.books.selectors import balances_of
from ledger.books.services import Entry, Row

pytestmark = [pytest.mark.database, pytest.mark.django_db]

SEED = 2026
MUTANTS_A_CASE = 60
MUTANTS_A_SMALL_CASE = 15


def uncleared() -> dict[str, int]:
    """Clearing accounts that are not zero. `B.Available` is left out: a voucher may be alive at the end of a case."""
    accounts = Account.objects.exclude(type__cleared_when="").exclude(type="B.Available")
    return {account.code: account.balance for account in accounts if account.balance}


@pytest.mark.parametrize("name", [*CASE_NAMES, *SMALL_CASE_NAMES])
def test_every_identity_holds_after_every_entry_and_the_end_is_as_worked_by_hand(name):
    worked = begun(name)

    for each in worked.entries:
        post([each])
        assert violated() == set(), each

    assert uncleared() == {}
    assert balances_of(worked.by_hand) == worked.by_hand


@pytest.mark.parametrize("name", CASE_NAMES)
def test_a_case_posted_as_one_batch_ends_the_same(name):
    worked = begun(name)
    with forgotten():
        for each in worked.entries:
            post([each])
        one_by_one = balances_of(worked.accounts)

    post(worked.entries)

    assert balances_of(worked.accounts) == one_by_one


@pytest.mark.parametrize("name", CASE_NAMES)
def test_posting_a_whole_case_again_changes_nothing(name):
    worked = begun(name)
    post(worked.entries)
    before = written()

    assert all(posted.replayed for posted in post(worked.entries))
    assert written() == before


def mutants(worked: Case) -> list[tuple[str, list[Entry]]]:
    """Every case with one mistake: a row dropped, turned round, off by one, doubled, on another account; an entry
    dropped."""
    by_type: dict[str, list[str]] = {}
    for code in worked.accounts:
        by_type.setdefault(code.split("[")[0], []).append(code)
    found = []
    for place, each in enumerate(worked.entries):
        before, after = worked.entries[:place], worked.entries[place + 1 :]
        for ordinal, row in enumerate(each.rows):
            instead: list[tuple[str, list[Row]]] = [
                ("dropped", []),
                ("turned round", [Row(row.credit, row.debit, row.amount, row.asset)]),
                ("doubled", [Row(row.debit, row.credit, 2 * row.amount, row.asset)]),
                ("one more", [Row(row.debit, row.credit, row.amount + 1, row.asset)]),
                ("one less", [Row(row.debit, row.credit, row.amount - 1, row.asset)]),
            ]
            instead += [
                (f"debits {other}", [Row(other, row.credit, row.amount, row.asset)])
                for other in by_type[row.debit.split("[")[0]]
                if other not in (row.debit, row.credit)
            ]
            instead += [
                (f"credits {other}", [Row(row.debit, other, row.amount, row.asset)])
                for other in by_type[row.credit.split("[")[0]]
                if other not in (row.debit, row.credit)
            ]
            for what, rows in instead:
                wrong = [*each.rows[:ordinal], *rows, *each.rows[ordinal + 1 :]]
                if wrong:
                    changed = replace(each, rows=wrong)
                    found.append((f"{each.idempotency_key} row {ordinal + 1} {what}", [*before, changed, *after]))
        found.append((f"{each.idempotency_key} dropped", [*before, *after]))
    return found


def caught(entries: list[Entry], by_hand: dict[str, int]) -> str | None:
    """Say what notices a mistake: a refusal, the invariants, a clearing account or a balance worked out by hand."""
    with forgotten():
        try:
            post(entries)
        except BooksRefusal as refusal:
            return f"the door: {refusal.code}"
        if names := violated():
            return f"views: {', '.join(sorted(names))}"
        if uncleared():
            return "a clearing account at the end"
        if balances_of(by_hand) != by_hand:
            return "a balance worked out by hand"
    return None


@pytest.mark.parametrize("name", [*CASE_NAMES, *SMALL_CASE_NAMES])
def test_one_mistake_in_a_case_never_goes_unnoticed(name):
    """A sample of the mistakes; with MUTANTS=all in the environment every one, and with -s what noticed how many."""
    worked = begun(name)
    tried = mutants(worked)
    if os.environ.get("MUTANTS") != "all":
        random.Random(f"{SEED} {name}").shuffle(tried)
        tried = tried[: MUTANTS_A_CASE if name in CASE_NAMES else MUTANTS_A_SMALL_CASE]

    noticed = {what: caught(entries, worked.by_hand) for what, entries in tried}

    sys.stdout.write(f"\n{json.dumps({'case': name} | dict(Counter(map(str, noticed.values()))))}\n")
    assert [what for what, by in noticed.items() if by is None] == []
