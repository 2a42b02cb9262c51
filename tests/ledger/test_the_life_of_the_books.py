"""Any sequence of batches, retries, reversals, freezes, closes, refusals and sealings, against a plain model in memory.

After every step the door and the model agree on the reply and on every balance; at the end every invariant holds.
"""

from dataclasses import dataclass, field, replace

import pytest
from bookkeeping import entry, post, violated
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from ledger import clock
from ledger.books import services as books
from ledger.books.errors import BooksRefusal
from ledger.books.models import EntryNumber
from ledger.books.selectors import balances_of
from ledger.log import services as log

pytestmark = [pytest.mark.database, pytest.mark.django_db]

START_MS = 1_790_000_000_000
FUND, POOL = "B.Authority[S26,city,2026]", "B.Unallocated[S26]"
VOUCHERS = ("V1", "V2", "V3")
#: Templates of one row, by the accounts they debit and credit for a voucher.
MOVES = {
    "ISSUE": (POOL, "B.Available[S26,{}]"),
    "HOLD": ("B.Available[S26,{}]", "B.Held[S26,{},O1]"),
    "RELEASE": ("B.Held[S26,{},O1]", "B.Available[S26,{}]"),
    "EXPIRE": ("B.Available[S26,{}]", "B.Expired[S26,{}]"),
    "FREEZE": ("B.Available[S26,{}]", "B.Frozen[S26,{}]"),
}
DEBIT_SIDED = {FUND}


@dataclass
class Plain:
    """The books as dictionaries."""

    now_ms: int = START_MS
    open_from_ms: int = 0
    balances: dict[str, int] = field(default_factory=dict)
    posted: dict[str, books.Entry] = field(default_factory=dict)
    rows: dict[str, list[books.Row]] = field(default_factory=dict)
    taken_back: dict[str, str] = field(default_factory=dict)
    frozen_until_ms: dict[str, int] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)

    def refusal_of(self, batch: list[books.Entry]) -> str | None:
        """Post a batch, or say its refusal and change nothing."""
        if any(self.posted.get(each.idempotency_key, each) != each for each in batch):
            return "idempotency_key_has_other_inputs"
        fresh = [each for each in batch if each.idempotency_key not in self.posted]
        for each in fresh:
            if each.reverses and (code := self.why_not_taken_back(each)):
                return code
        rows = {each.idempotency_key: self.rows_of(each) for each in fresh}
        touched = {code for each in rows.values() for row in each for code in (row.debit, row.credit)}
        if touched & self.closed or any(self.frozen_until_ms.get(code, 0) > self.now_ms for code in touched):
            return "account_is_closed or account_is_frozen"
        after = dict(self.balances)
        for each in fresh:
            for row in rows[each.idempotency_key]:
                for code, sign in ((row.debit, 1), (row.credit, -1)):
                    after[code] = after.get(code, 0) + row.amount * (sign if code in DEBIT_SIDED else -sign)
                    if after[code] < 0:
                        return "account_must_not_pass_its_floor"
        if any(each.happened_at_ms < self.open_from_ms for each in fresh):
            return "period_is_closed"
        self.balances = after
        self.posted |= {each.idempotency_key: each for each in fresh}
        self.rows |= rows
        self.taken_back |= {each.reverses: each.idempotency_key for each in fresh if each.reverses}
        return None

    def why_not_taken_back(self, each: books.Entry) -> str | None:
        """What stands against a REVERSE."""
        original = self.posted.get(each.reverses)
        if original is None:
            return "reversed_entry_must_be_posted"
        if original.reverses:
            return "reversal_must_not_be_reversed"
        if each.reverses in self.taken_back:
            return "entry_must_be_reversed_once"
        return "reversal_must_not_precede" if each.happened_at_ms < original.happened_at_ms else None

    def rows_of(self, each: books.Entry) -> list[books.Row]:
        """The rows of an entry; of a REVERSE, the mirror of its original's."""
        if not each.reverses:
            return list(each.rows)
        return [replace(row, debit=row.credit, credit=row.debit) for row in reversed(self.rows[each.reverses])]


def reply_of(act, *args, **fields) -> str | None:
    try:
        act(*args, **fields)
    except BooksRefusal as refusal:
        return refusal.code
    return None


class Life(RuleBasedStateMachine):
    """The door and the model, side by side, in one transaction that is taken back."""

    @initialize()
    def open_the_books(self):
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.model, self.sent, self.made = Plain(), [], 0
        self.send([entry("FUND.AUTHORISE", (FUND, POOL, 100), key="start", happened_at_ms=START_MS)])

    def send(self, batch):
        self.sent.append(batch)
        with clock.held_at(self.model.now_ms):
            said = reply_of(post, batch)
        expected = self.model.refusal_of(batch)
        assert said == expected or (expected and said in expected.split(" or ")), (said, expected, batch)

    def key(self):
        self.made += 1
        return f"life-{self.made}"

    @rule(data=st.data(), size=st.integers(1, 4), back_ms=st.integers(0, 3))
    def post_a_batch(self, data, size, back_ms):
        batch = []
        for _ in range(size):
            template = data.draw(st.sampled_from(sorted(MOVES)))
            voucher = data.draw(st.sampled_from(VOUCHERS))
            debit, credit = (code.format(voucher) for code in MOVES[template])
            if template == "FREEZE" and data.draw(st.booleans()):
                debit, credit = credit, debit
            rows = [(debit, credit, data.draw(st.integers(1, 40))) for _ in range(data.draw(st.integers(1, 2)))]
            batch.append(entry(template, *rows, key=self.key(), happened_at_ms=self.model.now_ms - back_ms))
        self.send(batch)

    @rule(which=st.integers(0, 99))
    def send_a_batch_again(self, which):
        self.send(self.sent[which % len(self.sent)])

    @rule(which=st.integers(0, 99), amount=st.integers(1, 5))
    def use_a_key_for_something_else(self, which, amount):
        batch = self.sent[which % len(self.sent)]
        self.send([replace(batch[0], document=f"another {amount}")])

    @rule(which=st.integers(0, 99), back_ms=st.integers(0, 2))
    def take_an_entry_back(self, which, back_ms):
        keys = sorted(each.idempotency_key for batch in self.sent for each in batch)
        original = keys[which % len(keys)]
        self.send([entry("REVERSE", key=self.key(), reverses=original, happened_at_ms=self.model.now_ms - back_ms)])

    @rule(ms=st.integers(1, 3))
    def let_time_pass(self, ms):
        self.model.now_ms += ms

    @rule(back_ms=st.integers(0, 2))
    def close_the_period(self, back_ms):
        bound = self.model.now_ms - back_ms
        with clock.held_at(self.model.now_ms):
            said = reply_of(books.close_period, "S26", open_from_ms=bound, actor="finance")
        assert said == ("period_must_be_closed_forward" if bound < self.model.open_from_ms else None)
        self.model.open_from_ms = max(bound, self.model.open_from_ms)

    @rule(voucher=st.sampled_from(VOUCHERS), ms=st.integers(0, 3))
    def freeze_an_account(self, voucher, ms):
        code = f"B.Available[S26,{voucher}]"
        with clock.held_at(self.model.now_ms):
            said = reply_of(books.freeze, code, until_ms=self.model.now_ms + ms, actor="clerk", reason="a case")
        if code not in self.model.balances:
            assert said == "account_is_unknown"
        elif code in self.model.closed:
            assert said == "account_is_closed"
        elif ms == 0:
            assert said == "account_act_must_end_after_it_begins"
        else:
            assert said is None
            self.model.frozen_until_ms[code] = self.model.now_ms + ms

    @rule(voucher=st.sampled_from(VOUCHERS))
    def close_an_account(self, voucher):
        code = f"B.Available[S26,{voucher}]"
        with clock.held_at(self.model.now_ms):
            said = reply_of(books.close_account, code, actor="clerk", reason="ended")
        if code not in self.model.balances:
            assert said == "account_is_unknown"
        elif code in self.model.closed:
            assert said == "account_is_closed"
        elif self.model.balances[code]:
            assert said == "account_must_be_empty_to_be_closed"
        else:
            assert said is None
            self.model.closed.add(code)

    @rule()
    def seal(self):
        log.seal()
        assert EntryNumber.objects.count() == len(self.model.posted), "one book, so one number each"

    @invariant()
    def the_balances_agree(self):
        assert balances_of(self.model.balances) == self.model.balances

    def teardown(self):
        try:
            assert violated() == set()
        finally:
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)


def test_the_door_and_a_plain_model_live_the_same_life():
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
