"""Every refusal of the books, provoked through the door; nothing is written, and the door goes on working after it."""

from dataclasses import replace
from math import inf, nan

import pytest
from bookkeeping import HAPPENED_MS, entry, knock, post, voucher, written
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.books import errors
from ledger.books.services import Entry, Row

pytestmark = [pytest.mark.database, pytest.mark.django_db]

AVAILABLE, HELD = "B.Available[T26,V1]", "B.Held[T26,V1,O1]"


def hold(amount=1, *, debit=AVAILABLE, credit=HELD, asset="CNY", template="HOLD", **fields) -> list[Entry]:
    return [entry(template, (debit, credit, amount, asset), **fields)]


def sized(code: str, length: int) -> str:
    return code.replace("V1", "V" * (length - len(code) + 2))


REFUSED: list[tuple[type[errors.BooksRefusal], list[Entry]]] = [
    (errors.BatchHoldsNoEntries, []),
    (errors.BatchUnreadable, hold(document="a\x00b")),
    (errors.BatchUnreadable, hold(document="half of a pair: \ud800")),
    (errors.BatchUnreadable, hold(nan)),
    (errors.BatchUnreadable, hold(inf)),
    (errors.BatchUnreadable, hold(10**5000)),
    (errors.EntryHasNoRows, [entry("HOLD")]),
    (errors.EntryHasNoRows, [*hold(), entry("HOLD")]),
    (errors.EntryLacksFields, hold(proposer=None)),
    (errors.EntryLacksFields, hold(approver=None)),
    (errors.EntryLacksFields, hold(document=7)),
    (errors.EntryLacksFields, hold(run=["R1"])),
    (errors.EntryLacksFields, hold(happened_at_ms="1")),
    (errors.EntryLacksFields, hold(happened_at_ms=None)),
    (errors.EntryLacksFields, hold(happened_at_ms=True)),
    (errors.EntryLacksFields, hold("1")),
    (errors.EntryLacksFields, hold(None)),
    (errors.EntryLacksFields, hold(amount=True)),
    (errors.EntryLacksFields, hold(asset=None)),
    (errors.EntryLacksFields, hold(debit=None)),
    (errors.EntryLacksFields, hold(credit=5)),
    (errors.EntryLacksFields, [replace(hold()[0], template=None)]),
    (errors.EntryLacksFields, [replace(hold()[0], idempotency_key=None)]),
    (errors.EntryKeyUnreadable, [replace(hold()[0], idempotency_key="")]),
    (errors.EntryKeyUnreadable, hold(key="k" * 201)),
    (errors.EntryKeyUnreadable, hold(key="a key")),
    (errors.EntryKeyUnreadable, hold(key="key\n")),
    (errors.EntryKeyUnreadable, hold(key="\tkey")),
    (errors.EntryKeyUnreadable, hold(key="key\u00a0key")),
    (errors.EntryKeyUnreadable, hold(key="key\u3000")),
    (errors.EntryKeyUnreadable, hold(key="key\u200b")),
    (errors.EntryKeyUnreadable, hold(key="key\x7f")),
    (errors.EntryKeyRepeated, [*hold(key="twice"), *hold(key="twice")]),
    (errors.TemplateUnknown, hold(template="HOLD ")),
    (errors.TemplateUnknown, hold(template="hold")),
    (errors.TemplateUnknown, hold(template="HOLD'; DROP TABLE ledger_entry; --")),
    (errors.TemplateUnknown, hold(template="")),
    (errors.EntryTimeImplausible, hold(happened_at_ms=-1)),
    (errors.EntryTimeImplausible, hold(happened_at_ms=7_258_118_400_000)),
    (errors.EntryTimeImplausible, hold(happened_at_ms=10**30)),
    (errors.EntryTimeImplausible, hold(happened_at_ms=1.5)),
    (errors.ApproverIsProposer, hold(proposer="")),
    (errors.ApproverIsProposer, hold(proposer="one", approver="one")),
    (errors.TransferAmountNotPositive, hold(0)),
    (errors.TransferAmountNotPositive, hold(-1)),
    (errors.TransferAmountNotPositive, hold(1.5)),
    (errors.TransferAmountNotPositive, hold(1.0)),
    (errors.TransferAmountNotPositive, hold(1e300)),
    (errors.TransferAmountNotPositive, hold(10**18)),
    (errors.TransferAmountNotPositive, hold(10**4000)),
    (errors.AccountCodeMalformed, hold(debit="")),
    (errors.AccountCodeMalformed, hold(debit="B.Available")),
    (errors.AccountCodeMalformed, hold(debit="B.Available[]")),
    (errors.AccountCodeMalformed, hold(debit="B.Available[T26,]")),
    (errors.AccountCodeMalformed, hold(debit="B.Available[T26,V1] ")),
    (errors.AccountCodeMalformed, hold(debit="B.Available[T26,V1]\n")),
    (errors.AccountCodeMalformed, hold(debit="\nB.Available[T26,V1]")),
    (errors.AccountCodeMalformed, hold(debit="B.Available[T26,V1]]")),
    (errors.AccountCodeMalformed, hold(debit="B.Available[T26,V 1]")),
    (errors.AccountCodeMalformed, hold(debit="B.Available[T26,V١]")),
    (errors.AccountCodeMalformed, hold(debit="B.Available[T26,Ｖ1]")),
    (errors.AccountCodeMalformed, hold(debit="B.Available[T26,券]")),
    (errors.AccountCodeMalformed, hold(debit="X.Available[T26,V1]")),
    (errors.AccountCodeMalformed, hold(debit="B.Available[T26,V1'); DROP TABLE ledger_entry; --]")),
    (errors.AccountCodeMalformed, hold(debit=sized(AVAILABLE, 401))),
    (errors.AccountCodeMalformed, hold(debit=sized(AVAILABLE, 1_000_000))),
    (errors.AssetMalformed, hold(asset="")),
    (errors.AssetMalformed, hold(asset="1CNY")),
    (errors.AssetMalformed, hold(asset="CNY\n")),
    (errors.AssetMalformed, hold(asset="¥")),
    (errors.AssetMalformed, hold(asset="C" * 42)),
    (errors.TransferAccountsEqual, hold(credit=AVAILABLE, template="TRANSFER")),
    (errors.AccountLacksKeys, hold(debit="B.Available[T26]")),
    (errors.AccountLacksKeys, hold(debit="B.Available[T26,V1,O1]")),
    (errors.AccountLacksKeys, hold(debit="B.available[T26,V1]")),
    (errors.AccountLacksKeys, hold(debit="M.Available[T26,V1]")),
    (errors.FlowNotInTemplate, hold(debit=HELD, credit=AVAILABLE)),
    (errors.FlowNotInTemplate, hold(template="RELEASE")),
    (errors.FlowNotInTemplate, hold(template="REVERSE")),
    (errors.FlowLeavesItsKeys, hold(credit="B.Held[T26,V2,O1]")),
    (errors.TransferLeavesItsBook, hold(credit="B.Held[T27,V1,O1]")),
    (errors.AccountHasAnotherAsset, hold(asset="USD")),
    (errors.AccountHasAnotherAsset, [*hold(debit="B.Available[T26,V1]", asset="CNY"), *hold(asset="EUR")]),
    (errors.AccountPassesItsFloor, hold(101)),
    (errors.AccountPassesItsFloor, hold(1, debit="B.Available[T26,V9]", credit="B.Held[T26,V9,O1]")),
]
ELSEWHERE = {errors.IdempotencyConflict, errors.AccountTotalTooLarge, errors.HistoryChanged}


@pytest.mark.parametrize(("refusal", "entries"), REFUSED, ids=lambda part: getattr(part, "code", ""))
def test_the_door_says_what_is_wrong_and_writes_nothing(refusal, entries):
    post(voucher("V1", 100))
    before = written()

    with pytest.raises(refusal) as refused:
        post(entries)

    assert type(refused.value) is refusal
    assert "(unknown" not in refused.value.sentence
    assert len(refused.value.sentence) < 600
    assert written() == before
    post(hold(100))


def test_every_refusal_of_the_books_is_provoked():
    assert {refusal for refusal, _ in REFUSED} | ELSEWHERE == set(errors.BY_CODE.values())


def test_a_refused_entry_takes_the_others_of_its_batch_with_it():
    post(voucher("V1", 100))
    before = written()

    with pytest.raises(errors.AccountPassesItsFloor):
        post([*hold(60), *hold(30), *hold(11)])

    assert written() == before


def test_a_key_that_was_used_for_something_else_is_a_conflict():
    post(voucher("V1", 100))
    post(hold(60, key="once"))
    before = written()

    with pytest.raises(errors.IdempotencyConflict) as refused:
        post(hold(61, key="once"))

    assert refused.value.fields == {"entry": "once"}
    assert written() == before


def test_a_total_that_would_pass_63_bits_is_refused_with_a_code():
    most = 10**18 - 1
    rows = [(f"M.Bank[T26,{name}]", "M.DueToTreasury[T26]", most) for name in "abcdefghi"]
    post([entry("PENALTY", *rows)])
    before = written()

    with pytest.raises(errors.AccountTotalTooLarge) as refused:
        post([entry("PENALTY", ("M.Bank[T26,j]", "M.DueToTreasury[T26]", most))])

    assert refused.value.fields["account"] == "M.DueToTreasury[T26]"
    assert written() == before
    post([entry("PENALTY", ("M.Bank[T26,j]", "M.DueToTreasury[T26]", 2**63 - 1 - 9 * most))])


def test_the_largest_amounts_times_keys_and_codes_are_taken():
    most = 10**18 - 1
    available = sized(AVAILABLE, 400)

    posted = post(
        [
            entry("FUND.AUTHORISE", ("B.Authority[T26,city,2026]", "B.Unallocated[T26]", most), happened_at_ms=0),
            entry("ISSUE", ("B.Unallocated[T26]", available, most), key="~" * 200, happened_at_ms=7_258_118_399_999),
        ]
    )

    assert [each.replayed for each in posted] == [False, False]


GOOD = {
    "template": "FUND.AUTHORISE",
    "idempotency_key": "raw",
    "happened_at_ms": HAPPENED_MS,
    "proposer": "p",
    "approver": "",
    "document": "",
    "run": "",
    "rows": [{"debit": "B.Authority[T26,city,2026]", "credit": "B.Unallocated[T26]", "amount": 5, "asset": "CNY"}],
}
ROW = GOOD["rows"][0]


def test_the_raw_door_takes_what_is_right():
    assert knock([GOOD]) is None


@pytest.mark.parametrize("batch", [None, {}, GOOD, "x", 7, True, []], ids=repr)
def test_a_batch_is_a_list(batch):
    assert knock(batch) == "batch_must_hold_entries"


@pytest.mark.parametrize(
    "wrong", [None, [], [GOOD], "x", 7, {}, {"rows": {}}, {"rows": []}, {"rows": "rows"}], ids=repr
)
def test_an_entry_is_an_object_with_rows(wrong):
    assert knock([GOOD, wrong]) == "entry_must_have_rows"


@pytest.mark.parametrize("name", sorted(GOOD.keys() - {"rows"}))
@pytest.mark.parametrize("wrong", ["missing", None, [], {}, False])
def test_an_entry_has_all_its_fields_of_their_types(name, wrong):
    fields = {key: value for key, value in GOOD.items() if key != name}

    assert knock([fields if wrong == "missing" else fields | {name: wrong}]) == "entry_must_have_its_fields"


@pytest.mark.parametrize("name", sorted(ROW))
@pytest.mark.parametrize("wrong", ["missing", None, [], {}, False])
def test_a_row_has_all_its_fields_of_their_types(name, wrong):
    fields = {key: value for key, value in ROW.items() if key != name}
    row = fields if wrong == "missing" else fields | {name: wrong}

    assert knock([GOOD | {"rows": [ROW, row]}]) == "entry_must_have_its_fields"


@pytest.mark.parametrize("row", [None, [], "row", 7, ["debit", "credit", "amount", "asset"]], ids=repr)
def test_a_row_is_an_object(row):
    assert knock([GOOD | {"rows": [row]}]) == "entry_must_have_its_fields"


def test_a_field_that_would_not_be_stored_is_refused():
    assert knock([GOOD | {"approved": "yes"}]) == "entry_must_have_its_fields"
    assert knock([GOOD | {"rows": [ROW | {"memo": "x"}]}]) == "entry_must_have_its_fields"


@pytest.mark.parametrize("recorded_at_ms", [None, -1, 7_258_118_400_000, -(2**63), 2**63 - 1])
def test_the_clock_of_the_caller_must_be_plausible(recorded_at_ms):
    assert knock([GOOD], recorded_at_ms) == "entry_time_must_be_plausible"


scalars = st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
texts = st.sampled_from([*GOOD, *ROW, "HOLD", "CNY", "B.Unallocated[T26]", "B.Authority[T26,city,2026]", "x", ""])
anything = st.recursive(
    scalars | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@st.composite
def nearly_good(draw):
    rows = draw(st.lists(st.just(ROW) | st.dictionaries(st.sampled_from(sorted(ROW)), anything), max_size=3))
    changes = draw(st.dictionaries(st.sampled_from(sorted(GOOD)), anything, max_size=2))
    return [GOOD | {"rows": rows} | changes]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batch=nearly_good() | anything)
def test_whatever_json_comes_the_answer_is_a_coded_refusal_or_a_posting(batch):
    assert knock(batch) in {None, *errors.BY_CODE}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    fields=st.fixed_dictionaries(
        {"template": st.text(max_size=8), "idempotency_key": st.text(max_size=8), "proposer": st.text(max_size=3)}
    ),
    row=st.builds(Row, st.text(max_size=30), st.text(max_size=30), st.integers(), st.text(max_size=5)),
)
def test_whatever_texts_come_the_service_refuses_with_a_code(fields, row):
    with pytest.raises(errors.BooksRefusal):
        post([replace(hold()[0], **fields, rows=[row])])
