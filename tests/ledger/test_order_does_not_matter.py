"""Where no floor binds, the order of things is nobody's business: neither the books' nor the person's who reads them.

A *digest of the books* is made of what was posted and of what it adds up to. It ignores ids and the instants of
recording, which say when something was written down and not what.
"""

import hashlib
import json
import random
from functools import partial
from itertools import pairwise

import pytest
from bookkeeping import HAPPENED_MS, at_once, entry, forgotten, post, violated, voucher
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from storm_client import seeds

from ledger.books.models import Account, Entry, Transfer

pytestmark = pytest.mark.database

by_chance = settings(
    max_examples=25, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
DAY_MS = 24 * 60 * 60 * 1000
PLENTY = 1_000_000
VOUCHERS = ("V1", "V2", "V3")
CAP, ROOM, USED = (f"L.{name}[T26,applied,E1,2026]" for name in ("Cap", "Room", "Used"))


def states_of(name):
    """The states in which a voucher's value may be."""
    return [f"B.{state}[T26,{name}{order}]" for state, order in (("Available", ""), ("Held", ",O1"), ("Frozen", ""))]


def plenty():
    """So much in every account that no floor binds whatever the period moves."""
    start = [entry("APPLY", (CAP, ROOM, 2 * PLENTY), (ROOM, USED, PLENTY))]
    for name in VOUCHERS:
        available, held, frozen = states_of(name)
        start += [
            *voucher(name, 3 * PLENTY),
            entry("HOLD", (available, held, PLENTY)),
            entry("FREEZE", (available, frozen, PLENTY)),
        ]
    return start


START = plenty()


def digest(*facts):
    return hashlib.sha256(json.dumps([sorted(each) for each in facts]).encode()).hexdigest()


def totals():
    """A digest of the accounts and of what was ever debited and credited to them."""
    what = ("code", "type", "book__kind", "book__owner", "book__asset", "debits_total", "credits_total")
    return digest(Account.objects.values_list(*what))


def books():
    """A digest of the books: the entries, their rows in order, and the accounts."""
    act = ("idempotency_key", "template", "template_version", "happened_at_ms", "document", "run")
    people = ("proposer", "approver")
    row = ("entry__idempotency_key", "ordinal", "debit_account__code", "credit_account__code", "amount", "book__asset")
    return digest(Entry.objects.values_list(*act, *people), Transfer.objects.values_list(*row), [totals()])


def after(batches, look=books):
    """What one sees after these batches on top of plenty. Nothing of it stays."""
    with forgotten():
        post(START)
        for batch in batches:
            post(batch)
        return look()


@st.composite
def rows(draw, template):
    """A row of a template, among accounts that have plenty or that it opens."""
    available, held, frozen = states_of(draw(st.sampled_from(VOUCHERS)))
    other = draw(st.sampled_from([state for name in VOUCHERS for state in states_of(name)[:1] if state != available]))
    pairs = {
        "HOLD": [(available, held), (available, held.replace("O1", f"O{draw(st.integers(2, 9))}"))],
        "RELEASE": [(held, available)],
        "FREEZE": [(available, frozen), (frozen, available)],
        "EXPIRE": [(available, available.replace("Available", "Expired"))],
        "TRANSFER": [(available, other)],
        "APPLY": [(ROOM, USED), (USED, ROOM)],
        "FUND.TRANSFER": [(f"M.LevelCurrent[T26,{a}]", f"M.LevelCurrent[T26,{b}]") for a, b in ("xy", "yx", "yz")],
    }
    return *draw(st.sampled_from(pairs[template])), draw(st.integers(1, 1000))


TEMPLATES = ["HOLD", "RELEASE", "FREEZE", "EXPIRE", "TRANSFER", "APPLY", "FUND.TRANSFER"]


@st.composite
def periods(draw):
    """What happened in thirty days, in the order in which it happened."""
    days = sorted(draw(st.lists(st.integers(0, 29), min_size=2, max_size=20)))
    period = []
    for number, day in enumerate(days):
        template = draw(st.sampled_from(TEMPLATES))
        legs = draw(st.lists(rows(template), min_size=1, max_size=4))
        happened_at_ms = HAPPENED_MS + day * DAY_MS
        period.append(entry(template, *legs, key=f"key-{number}", happened_at_ms=happened_at_ms, document=f"D{day}"))
    return period


@st.composite
def cut(draw, entries):
    """The same entries in the same order, in batches."""
    places = draw(st.sets(st.integers(1, max(1, len(entries) - 1)), max_size=len(entries)))
    return [entries[start:end] for start, end in pairwise([0, *sorted(places), len(entries)]) if start < end]


@pytest.mark.django_db
class TestWhereNoFloorBinds:
    @by_chance
    @given(data=st.data(), period=periods())
    def test_the_order_of_the_legs_of_an_entry_does_not_matter_for_the_totals(self, data, period):
        def turned(each):
            legs = [(row.debit, row.credit, row.amount) for row in data.draw(st.permutations(each.rows))]
            return entry(each.template, *legs, key=each.idempotency_key)

        assert after([[turned(each) for each in period]], totals) == after([period], totals)

    @by_chance
    @given(data=st.data(), period=periods())
    def test_the_order_of_the_entries_of_a_batch_does_not_matter(self, data, period):
        assert after([data.draw(st.permutations(period))]) == after([period])

    @by_chance
    @given(data=st.data(), period=periods())
    def test_the_order_of_batches_and_where_they_were_cut_does_not_matter(self, data, period):
        batches = data.draw(cut(period))

        assert after(data.draw(st.permutations(batches))) == after([period])

    @by_chance
    @given(period=periods())
    def test_a_period_in_thirty_runs_gives_the_books_of_one_run(self, period):
        runs = [[each for each in period if each.document == f"D{day}"] for day in range(30)]

        assert after([run for run in runs if run]) == after([period])

    @by_chance
    @given(data=st.data(), period=periods())
    def test_runs_that_overlap_or_are_done_again_give_the_books_of_one_run(self, data, period):
        runs = data.draw(cut(period))
        again = data.draw(st.lists(st.sampled_from([*runs, period]), max_size=6))

        assert after(data.draw(st.permutations(runs + again))) == after([period])


@seeds(1, 2)
@pytest.mark.parametrize("workers", [2, 8])
def test_how_many_workers_share_a_period_does_not_matter(committed, seed, workers):
    chance = random.Random(seed)
    period, shares = [], [[] for _ in range(workers)]
    for number in range(120):
        (available, held, frozen), (other, *_) = map(states_of, chance.sample(VOUCHERS, 2))
        acts = [
            ("HOLD", available, held),
            ("HOLD", available, held.replace("O1", f"O{number % 9}")),
            ("RELEASE", held, available),
            ("FREEZE", available, frozen),
            ("TRANSFER", available, other),
            ("APPLY", ROOM, USED),
        ]
        template, *row = chance.choice(acts)
        period.append(entry(template, (*row, chance.randint(1, 1000)), key=f"key-{number}"))
        chance.choice(shares).append(period[-1])
    by_one = after([period])

    def work(share):
        while share:
            batch, share = share[:5], share[5:]
            post(batch)

    post(START)
    outcomes = at_once(*(partial(work, share) for share in shares))

    assert outcomes == [None] * workers
    assert books() == by_one
    assert violated() == set()
