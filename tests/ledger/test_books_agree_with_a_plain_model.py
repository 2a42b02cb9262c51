"""The door against a model in thirty lines of Python: the same refusals, the same balances, whatever is asked of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import pytest
from bookkeeping import entry, forgotten, post, violated
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.books.chart import rows_of
from ledger.books.errors import BooksRefusal
from ledger.books.selectors import balances_of
from ledger.books.services import Entry, Row

pytestmark = [pytest.mark.database, pytest.mark.django_db]

TYPES = {row["code"]: row for row in rows_of("account_types")}
SAME = {(row["template"], row["debit_type"], row["credit_type"]): row["same_keys"].split() for row in rows_of("flows")}
TEMPLATES = ["FUND.AUTHORISE", "FUND.LAPSE", "ISSUE", "TRANSFER", "HOLD", "RELEASE", "EXPIRE", "FREEZE", "APPLY",
             "FUND.TRANSFER", "SUSPENSE.IN"]  # fmt: skip


def named(account: str) -> tuple[str, list[str], dict[str, str]]:
    """The type, all keys and the named keys of an account."""
    kind, _, rest = account.removesuffix("]").partition("[")
    keys = rest.split(",")
    return kind, keys, dict(zip(TYPES[kind]["keys"].split(), keys[1:], strict=False)) if kind in TYPES else {}


@dataclass
class Model:
    """The books as a dictionary."""

    balances: dict[str, int] = field(default_factory=dict)
    assets: dict[str, str] = field(default_factory=dict)
    keys: dict[str, Entry] = field(default_factory=dict)

    def faults(self, new: list[tuple[str, Row]]) -> Iterable[str]:
        """What is wrong with the rows, row by row, in the order in which the door looks."""
        for template, row in new:
            for wrong, code in (
                (not 0 < row.amount < 10**18, "transfer_amount_must_be_positive"),
                (row.debit == row.credit, "transfer_accounts_must_be_different"),
                (any(map(self.lacks_keys, (row.debit, row.credit))), "account_must_have_its_keys"),
                (self.flow(template, row) not in SAME, "flow_must_be_in_the_template"),
            ):
                if wrong:
                    yield code
            if self.changes_a_key(template, row):
                yield "flow_must_keep_its_keys"
            if named(row.debit)[1][0] != named(row.credit)[1][0]:
                yield "transfer_must_stay_in_one_book"
        assets = dict(self.assets)
        for code, asset in sorted((code, row.asset) for _, row in new for code in (row.debit, row.credit)):
            assets.setdefault(code, asset)
        if any(assets[code] != row.asset for _, row in new for code in (row.debit, row.credit)):
            yield "account_has_another_asset"

    @staticmethod
    def lacks_keys(code: str) -> bool:
        kind, keys, _ = named(code)
        return kind not in TYPES or len(keys) != 1 + len(TYPES[kind]["keys"].split())

    @staticmethod
    def flow(template: str, row: Row) -> tuple[str, str, str]:
        return template, named(row.debit)[0], named(row.credit)[0]

    def changes_a_key(self, template: str, row: Row) -> bool:
        debit, credit = named(row.debit)[2], named(row.credit)[2]
        return any(debit[key] != credit[key] for key in SAME[self.flow(template, row)])

    def post(self, entries: list[Entry]) -> str | None:
        """Post a batch, or return the code of the refusal and change nothing."""
        if len({each.idempotency_key for each in entries}) < len(entries):
            return "entry_key_must_be_once_in_batch"
        for each in entries:
            if self.keys.get(each.idempotency_key, each) != each:
                return "idempotency_key_has_other_inputs"
        fresh = [each for each in entries if each.idempotency_key not in self.keys]
        new = [(each.template, row) for each in fresh for row in each.rows]
        for code in self.faults(new):
            return code
        after, assets = dict(self.balances), dict(self.assets)
        for _, row in new:
            for code, debits in ((row.debit, True), (row.credit, False)):
                shape = TYPES[named(code)[0]]
                shown_here = debits == (shape["normal_side"] == "debit")
                after[code] = after.get(code, 0) + (row.amount if shown_here else -row.amount)
                assets[code] = row.asset
                if shape["floored"] == "yes" and after[code] < 0:
                    return "account_must_not_pass_its_floor"
        self.balances, self.assets = after, assets
        self.keys |= {each.idempotency_key: each for each in fresh}
        return None


KEYS = {"voucher": "V1 V2", "order": "O1", "level": "city", "budget_year": "2026", "counter": "used", "scope": "E1 E2",
        "period": "2026", "account": "A1", "bank_line": "B1"}  # fmt: skip
amounts = st.integers(1, 30) | st.integers(1, 30) | st.sampled_from([0, -1, 10**18])


@st.composite
def rows(draw, template):
    """A row that the template lists, with keys that mostly agree; rarely one that is wrong."""
    flows = [flow for flow in SAME if flow[0] == template]
    _, debit_type, credit_type = draw(st.sampled_from(flows if draw(st.integers(0, 19)) else sorted(SAME)[:40]))
    chosen = {key: draw(st.sampled_from(values.split())) for key, values in KEYS.items()}
    fund = "F1" if draw(st.integers(0, 4)) else "F2"
    codes = []
    for kind in (debit_type, credit_type):
        if not draw(st.integers(0, 14)):
            chosen["voucher"] = draw(st.sampled_from(["V1", "V2"]))
            fund = draw(st.sampled_from(["F1", "F2"]))
        codes.append(f"{kind}[{','.join([fund, *(chosen.get(key, 'x') for key in TYPES[kind]['keys'].split())])}]")
    amount = draw(st.integers(1, 30)) if draw(st.integers(0, 19)) else draw(amounts)
    return Row(codes[0], codes[1], amount, "CNY" if draw(st.integers(0, 29)) else "USD")


@st.composite
def entries(draw):
    template = draw(st.sampled_from(TEMPLATES))
    key = f"key-{draw(st.integers(1, 400))}"
    return replace(entry(template, key=key), rows=draw(st.lists(rows(template), min_size=1, max_size=3)))


batches = st.lists(entries(), min_size=1, max_size=4)
START = [
    entry("FUND.AUTHORISE", (f"B.Authority[{fund},city,2026]", f"B.Unallocated[{fund}]", 200), key=f"start-{fund}")
    for fund in ("F1", "F2")
] + [entry("ISSUE", ("B.Unallocated[F1]", f"B.Available[F1,{name}]", 60), key=f"start-{name}") for name in ("V1", "V2")]


def refusal_of(batch: list[Entry]) -> str | None:
    try:
        post(batch)
    except BooksRefusal as refusal:
        return refusal.code
    return None


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=st.lists(batches | st.tuples(st.integers(0, 9)), min_size=1, max_size=10))
def test_the_door_and_the_model_refuse_the_same_and_hold_the_same(history):
    model, sent = Model(), [START]
    with forgotten():
        assert refusal_of(START) == model.post(START) is None
        for step in history:
            batch = sent[step[0] % len(sent)] if isinstance(step, tuple) else step
            sent.append(batch)

            assert refusal_of(batch) == model.post(batch)
            assert balances_of(model.balances) == model.balances

        assert violated() == set()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batch=st.lists(entries(), min_size=2, max_size=6, unique_by=lambda each: each.idempotency_key))
def test_a_batch_and_its_entries_one_by_one_end_the_same(batch):
    touched = {code for each in [*START, *batch] for row in each.rows for code in (row.debit, row.credit)}
    with forgotten():
        post(START)
        whole = refusal_of(batch)
        together = balances_of(touched)
    with forgotten():
        post(START)
        parts = [refusal_of([each]) for each in batch]
        apart = balances_of(touched)

    if whole is None:
        assert parts == [None] * len(batch)
        assert together == apart
    else:
        assert any(parts)
