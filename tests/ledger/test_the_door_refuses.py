"""Every refusal of the books, provoked through the door; nothing is written, and the door goes on working after it."""

from dataclasses import replace
from decimal import Decimal
from math import inf, nan

import pytest
from bookkeeping import HAPPENED_MS, Batch, entry, forgotten, knock, post, voucher, written
from django.db import DataError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.books import errors
from ledger.books.services import Entry, Row, close_account, close_period, freeze

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
    (errors.BatchUnreadable, hold(document="a\x1eb")),
    (errors.TransferAmountNotPositive, hold(nan)),
    (errors.TransferAmountNotPositive, hold(inf)),
    (errors.TransferAmountNotPositive, hold(Decimal("NaN"))),
    (errors.TransferAmountNotPositive, hold(Decimal("Infinity"))),
    (errors.TransferAmountNotPositive, hold(Decimal(5))),
    (errors.TransferAmountNotPositive, hold(10**5000)),
    (errors.TransferAmountNotPositive, hold(2**63)),
    (errors.TransferAmountNotPositive, hold(-(2**63))),
    (errors.TransferAmountNotPositive, [*hold(), *hold(0)]),
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
    (errors.EntryTimeImplausible, [*hold(), *hold(happened_at_ms=-1)]),
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
    (errors.EntryReversesWrongly, [entry("REVERSE")]),
    (errors.EntryReversesWrongly, hold(reverses="issued")),
    (errors.EntryReversesWrongly, [*hold(), *hold(reverses="issued")]),
    (errors.ReversalBringsRows, hold(template="REVERSE", reverses="issued")),
    (errors.ReversedEntryUnknown, [entry("REVERSE", reverses="never-posted")]),
    (errors.ReversedEntryUnknown, [*hold(key="now"), entry("REVERSE", reverses="now")]),
    (errors.ReversalReversed, [entry("REVERSE", reverses="taken-back")]),
    (errors.EntryReversedTwice, [entry("REVERSE", reverses="held")]),
    (errors.ReversalPrecedes, [entry("REVERSE", reverses="issued", happened_at_ms=HAPPENED_MS - 1)]),
    (errors.EntryTextNotOneLine, hold(document="a\nb")),
    (errors.EntryTextNotOneLine, hold(run="a\tb")),
    (errors.EntryTextNotOneLine, hold(approver="a\x7fb")),
    (errors.EntryTextNotOneLine, hold(document="d" * 201)),
    (errors.EntryTextNotOneLine, [*hold(), *hold(document="a\nb")]),
    (errors.AccountFrozen, hold(debit="B.Available[T26,V2]", credit="B.Held[T26,V2,O1]")),
    (errors.AccountFrozen, [*hold(), *hold(debit="B.Available[T26,V2]", credit="B.Held[T26,V2,O1]")]),
    (errors.AccountClosed, hold(debit="B.Available[T26,V3]", credit="B.Held[T26,V3,O1]")),
    (errors.PeriodClosed, hold(happened_at_ms=HAPPENED_MS - 1)),
    (errors.PeriodClosed, [*hold(), *hold(happened_at_ms=HAPPENED_MS - 1)]),
    (errors.FlowLeavesItsKeys, hold(credit="B.Held[T26,V2,O1]")),
    (errors.TransferLeavesItsBook, hold(credit="B.Held[T27,V1,O1]")),
    (errors.AccountHasAnotherAsset, hold(asset="USD")),
    (errors.AccountHasAnotherAsset, [*hold(debit="B.Available[T26,V1]", asset="CNY"), *hold(asset="EUR")]),
    (errors.AccountPassesItsFloor, hold(101)),
    (errors.AccountPassesItsFloor, hold(1, debit="B.Available[T26,V9]", credit="B.Held[T26,V9,O1]")),
]
#: What is refused to others than posters: `test_accounts_and_periods_are_closed.py` and the tables' own tests.
ELSEWHERE = {
    errors.IdempotencyConflict, errors.AccountTotalTooLarge, errors.HistoryChanged, errors.TransferNamesNothing,
    errors.IsolationTooHigh, errors.AccountUnknown, errors.AccountNotFrozen, errors.AccountNotEmpty,
    errors.FreezeWithoutEnd, errors.ActWithoutReason, errors.PeriodNotOver, errors.PeriodReopened,
    errors.PeriodClosedByNobody, errors.OwnerWithoutBooks,
}  # fmt: skip


@pytest.fixture
def _books(db):
    """A voucher with 100 on it, one that is frozen, one that is closed, an act that was taken back, a closed period."""
    gone = "B.Available[T26,V3]"
    post([*voucher("V1", 1)[:1], replace(voucher("V1", 1)[1], idempotency_key="issued"), *voucher("V1", 99)])
    post([*voucher("V2", 1), *voucher("V3", 1), entry("EXPIRE", (gone, "B.Expired[T26,V3]", 1))])
    post(hold(5, key="held"))
    post([entry("REVERSE", reverses="held", key="taken-back")])
    freeze("B.Available[T26,V2]", until_ms=7_258_118_399_999, actor="clerk", reason="a case")
    close_account(gone, actor="clerk", reason="the voucher ended")
    close_period("T26", open_from_ms=HAPPENED_MS, actor="finance")


@pytest.mark.parametrize(("refusal", "entries"), REFUSED, ids=lambda part: getattr(part, "code", ""))
@pytest.mark.usefixtures("_books")
def test_the_door_says_what_is_wrong_and_writes_nothing(refusal, entries):
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


FIELDS = sorted(vars(Batch()).keys() - {"now_ms", "row_entries"})


def test_the_raw_door_takes_what_is_right():
    assert knock(Batch()) is None


def test_a_batch_is_not_empty():
    assert knock(Batch(**{name: [] for name in [*FIELDS, "row_entries"]})) == "batch_must_hold_entries"
    assert knock(Batch(**dict.fromkeys([*FIELDS, "row_entries"]))) == "batch_must_hold_entries"


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("wrong", [None, [], [None], "twice"], ids=repr)
def test_every_array_has_one_element_an_entry_or_a_row_and_none_is_null(name, wrong):
    values = getattr(Batch(), name) * 2 if wrong == "twice" else wrong

    assert knock(Batch(**{name: values})) in {"entry_must_have_its_fields", "batch_must_hold_entries"}


@pytest.mark.parametrize("name", FIELDS)
def test_an_array_that_is_too_short_for_its_batch_is_refused(name):
    whole = {each: getattr(Batch(), each) * 2 for each in FIELDS} | {"row_entries": [1, 2]}
    whole["idempotency_keys"] = ["one", "two"]
    assert knock(Batch(**whole | {name: whole[name][:1]})) == "entry_must_have_its_fields"


@pytest.mark.parametrize("places", [[0], [2], [-1], [2**31 - 1]])
def test_a_row_belongs_to_an_entry_of_its_batch(places):
    assert knock(Batch(row_entries=places)) in {"entry_must_have_rows", "entry_must_have_its_fields"}


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity", "1.5", "1e3", str(2**63), ""])
def test_what_is_no_whole_number_is_no_amount(amount):
    with pytest.raises(DataError):
        knock(Batch(amounts=[amount]))


@pytest.mark.parametrize("now_ms", [None, -1, 7_258_118_400_000, -(2**63), 2**63 - 1])
def test_the_clock_of_the_caller_must_be_plausible(now_ms):
    assert knock(Batch(now_ms=now_ms)) == "entry_time_must_be_plausible"


texts = st.sampled_from(["HOLD", "REVERSE", "CNY", "B.Unallocated[T26]", "B.Authority[T26,city,2026]", "x", "", None])
whole = st.sampled_from([0, 1, 2, 5, -1, 2**31 - 1, None])
lists = {name: st.lists(whole if name in {"happened_ms", "amounts", "row_entries"} else texts, max_size=3)
         for name in [*FIELDS, "row_entries"]}  # fmt: skip


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.sampled_from(sorted(lists)), max_size=4).flatmap(
    lambda names: st.fixed_dictionaries({name: lists[name] | st.none() for name in names})))  # fmt: skip
def test_whatever_arrays_come_the_answer_is_a_coded_refusal_or_a_posting(changes):
    with forgotten():
        assert knock(Batch(**changes)) in {None, *errors.BY_CODE}


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
