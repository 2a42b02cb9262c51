"""Balances now and then, statements, trial balances, open items and roll-forwards: each is a sum over all transfers."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from bookkeeping import HAPPENED_MS, entry, forgotten, post, voucher
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger import clock
from ledger.books import statements
from ledger.books.chart import rows_of
from ledger.books.deadlines import last_day_of, spans
from ledger.books.errors import AccountCodeMalformed, AccountLacksKeys
from ledger.books.models import Account, Transfer
from ledger.books.open_items import open_items
from ledger.books.questions import (
    LAST_MS,
    ZONE,
    DayMalformed,
    DaysReversed,
    GroupFitsNoType,
    InstantImplausible,
    TypeNotCleared,
    day_named,
    first_ms_of,
    last_ms_of,
)
from ledger.books.roll_forward import roll_forward
from ledger.books.selectors import balance_at, balances_at, balances_of, balances_under, total_of
from ledger.books.trial_balance import trial_balance, trial_balance_at
from ledger.errors import NotFound
from ledger.log.services import seal

pytestmark = [pytest.mark.database, pytest.mark.django_db]

DAY_MS = 86_400_000
POOL, AVAILABLE, HELD = "B.Unallocated[T26]", "B.Available[T26,V1]", "B.Held[T26,V1,O1]"
AUTHORITY = "B.Authority[T26,city,2026]"
ACCOUNTS = (AUTHORITY, POOL, AVAILABLE, HELD)
TYPES = [code.partition("[")[0] for code in ACCOUNTS]
FLOWS = {
    "FUND.AUTHORISE": (AUTHORITY, POOL),
    "ISSUE": (POOL, AVAILABLE),
    "HOLD": (AVAILABLE, HELD),
    "RELEASE": (HELD, AVAILABLE),
}


def plain(code: str, *, axis: str, until_ms: int) -> int:
    """A balance as a sum over every transfer there is."""
    account = Account.objects.get(code=code)
    moved = Transfer.objects.select_related("entry").filter(**{f"entry__{axis}__lte": until_ms})
    net = sum(
        row.amount * ((row.debit_account_id == account.id) - (row.credit_account_id == account.id)) for row in moved
    )
    return net if account.normal_side == "debit" else -net


@st.composite
def histories(draw):
    """Entries in recorded order: (template, amount, recorded after, happened before that), or None to seal."""
    step = st.tuples(
        st.sampled_from(sorted(FLOWS)),
        st.integers(1, 40),
        st.sampled_from([0, 0, 1, 5, DAY_MS // 3, DAY_MS]),
        st.sampled_from([0, 1, 1000, DAY_MS // 4, DAY_MS, 3 * DAY_MS]) | st.integers(0, 4 * DAY_MS),
    )
    return draw(st.lists(st.none() | step, min_size=1, max_size=12))


def play(history) -> int:
    """Post a history and return the instant of its end; what would pass a floor is left out."""
    now_ms = HAPPENED_MS + 5 * DAY_MS + 12_345
    with clock.held_at(now_ms):
        happened_at_ms = now_ms - 4 * DAY_MS
        post(
            [
                entry("FUND.AUTHORISE", (AUTHORITY, POOL, 500), happened_at_ms=happened_at_ms),
                entry("ISSUE", (POOL, AVAILABLE, 300), happened_at_ms=happened_at_ms),
                entry("HOLD", (AVAILABLE, HELD, 100), happened_at_ms=happened_at_ms),
            ]
        )
    for step in history:
        if step is None:
            seal()
            continue
        template, amount, later_ms, back_ms = step
        now_ms += later_ms
        debit, credit = FLOWS[template]
        source = debit if template in {"ISSUE", "HOLD", "RELEASE"} else None
        if source and balances_of([source])[source] < amount:
            continue
        with clock.held_at(now_ms):
            post([entry(template, (debit, credit, amount), happened_at_ms=now_ms - back_ms)])
    return now_ms


relaxed = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@relaxed
@given(history=histories(), data=st.data())
def test_a_balance_as_of_an_instant_is_the_sum_of_what_came_up_to_it(history, data):
    with forgotten():
        end_ms = play(history)
        told = Transfer.objects.values_list("entry__happened_at_ms", "recorded_at_ms")
        edges = sorted({instant + step for pair in told for instant in pair for step in (-1, 0, 1)})
        midnights = [clock.start_of_day_ms(date(2026, 10, day), ZONE) + step for day in range(1, 8) for step in (-1, 0)]
        for until_ms in data.draw(st.lists(st.sampled_from(edges + midnights), min_size=3, max_size=6)):
            recorded = balances_at(ACCOUNTS, recorded_ms=until_ms)
            happened = balances_at(ACCOUNTS, happened_ms=until_ms)

            assert recorded == {code: plain(code, axis="recorded_at_ms", until_ms=until_ms) for code in ACCOUNTS}
            assert happened == {code: plain(code, axis="happened_at_ms", until_ms=until_ms) for code in ACCOUNTS}
            assert balance_at(HELD, happened_ms=until_ms) == happened[HELD]
            for axis, balances in (("recorded_ms", recorded), ("happened_ms", happened)):
                books = trial_balance_at(None, **{axis: until_ms})
                assert all(book.is_balanced for book in books)
                rows = {row.type: abs(row.net) for book in books for row in book.rows}
                assert {of: rows.get(of, 0) for of in TYPES} == dict(zip(TYPES, balances.values(), strict=True))

        now = balances_of(ACCOUNTS)
        assert balances_at(ACCOUNTS, recorded_ms=end_ms) == now == balances_at(ACCOUNTS, happened_ms=LAST_MS)


@relaxed
@given(history=histories(), first=st.integers(0, 9), length=st.integers(0, 6), types=st.sets(st.sampled_from(TYPES)))
def test_a_roll_forward_goes_from_opening_to_closing_by_what_moved(history, first, length, types):
    from_day = date(2026, 9, 30) + timedelta(days=first)
    to_day = from_day + timedelta(days=length)
    with forgotten():
        play(history)

        rolled = roll_forward(None, from_day=from_day, to_day=to_day, types=sorted(types))

        codes = [code for code in ACCOUNTS if not types or code.partition("[")[0] in types]
        sides = {code: -1 if code != AUTHORITY else 1 for code in codes}
        one_sided = bool(types) and len(set(sides.values())) == 1
        before, after = (balances_at(codes, happened_ms=first_ms_of(day) - 1) for day in (from_day, to_day))
        opening, closing = (
            sum(balance if one_sided else balance * sides[code] for code, balance in found.items())
            for found in (before, after)
        )
        assert sum(group.opening for group in rolled) == opening
        assert sum(group.closing for group in rolled) == closing
        moved = Transfer.objects.filter(
            entry__happened_at_ms__gte=first_ms_of(from_day), entry__happened_at_ms__lt=first_ms_of(to_day)
        )
        debits = {}
        for row in moved.select_related("entry", "debit_account"):
            if row.debit_account.code in codes:
                debits[row.entry.template_id] = debits.get(row.entry.template_id, 0) + row.amount
        found = {row.template: row.debits for group in rolled for row in group.rows if row.debits}
        assert found == debits


@relaxed
@given(history=histories(), size=st.integers(1, 5))
def test_a_statement_read_page_by_page_runs_from_the_balance_down_to_nothing(history, size):
    with forgotten():
        play(history)
        for account in Account.objects.all():
            legs, place = [], None
            while page := statements.statement_of(account, how_many=size, older_than=place):
                legs += page
                place = page[-1].place

            assert legs[0].balance_after == account.balance
            for newer, older in pairwise(legs):
                assert newer.balance_after - newer.change == older.balance_after
            assert legs[-1].balance_after == legs[-1].change
            ids = [leg.transfer_id for leg in legs]
            assert ids == sorted(ids, reverse=True)
            assert len(ids) == (account.debits.count() + account.credits.count())
            middle_ms = legs[len(legs) // 2].recorded_at_ms
            later = statements.statement_of(account, how_many=99, from_ms=middle_ms)
            earlier = statements.statement_of(account, how_many=99, to_ms=middle_ms - 1)
            assert later + earlier == legs


class TestBalances:
    """What is asked, and what cannot be."""

    def test_an_account_that_was_never_opened_stands_at_nothing_on_both_axes(self):
        assert balances_of([HELD]) == {HELD: 0}
        assert balance_at(HELD, recorded_ms=0) == balance_at(HELD, happened_ms=LAST_MS) == 0

    @pytest.mark.parametrize("code", ["", "B.Held", "B.Held[]", "B.Held[T26,,O1]", "B.Held[T26,V1,O1]\n",
                                      "B.Held[\0]", "X.Held[T26,V1,O1]",
                                      "B.Held[T26,V1," + 400 * "O" + "]", "B.Held[\ud800]"])  # fmt: skip
    def test_what_is_no_account_code_is_refused(self, code):
        for ask in (balances_of, lambda codes: balances_at(codes, recorded_ms=0)):
            with pytest.raises(AccountCodeMalformed):
                ask([code])

    @pytest.mark.parametrize("code", ["B.Hled[T26,V1,O1]", "B.Held[T26,V1]", "B.Held[T26,V1,O1,X]"])
    def test_a_misspelt_type_or_another_number_of_keys_is_refused(self, code):
        for ask in (balances_of, lambda codes: balances_at(codes, happened_ms=0)):
            with pytest.raises(AccountLacksKeys):
                ask([HELD, code])

    @pytest.mark.parametrize("instant", [-1, LAST_MS + 1, 2**63, True, "0"])
    @pytest.mark.parametrize("axis", ["recorded_ms", "happened_ms"])
    def test_an_instant_that_cannot_be_is_refused(self, axis, instant):
        with pytest.raises(InstantImplausible):
            balance_at(HELD, **{axis: instant})
        with pytest.raises(InstantImplausible):
            trial_balance_at(None, **{axis: instant})

    @pytest.mark.parametrize("axes", [{}, {"recorded_ms": 1, "happened_ms": 1}])
    def test_an_instant_stands_on_one_axis(self, axes):
        with pytest.raises(AssertionError):
            balance_at(HELD, **axes)

    def test_totals_of_a_misspelt_type_or_kind_are_refused(self):
        with pytest.raises(NotFound):
            total_of(fund="T26", account_type="M.Expenses")
        with pytest.raises(NotFound):
            balances_under(fund="T26", keys=["L1"], kinds="KX")

    def test_a_statement_of_no_span_is_refused(self):
        post(voucher("V1", 10))
        account = Account.objects.get(code=AVAILABLE)
        with pytest.raises(DaysReversed):
            statements.statement_of(account, how_many=1, from_ms=2, to_ms=1)
        with pytest.raises(InstantImplausible):
            statements.statement_of(account, how_many=1, from_ms=-1)

    @pytest.mark.parametrize(
        "text", ["", "2026-13-01", "20261001", "2026-W01-1", "1969-12-31", "2200-01-01", "٢٠٢٦-01-01"]
    )
    def test_what_is_no_day_is_refused(self, text):
        with pytest.raises(DayMalformed):
            day_named(text)

    def test_the_last_instant_of_a_day_is_in_it(self):
        assert last_ms_of(date(2026, 9, 30)) == HAPPENED_MS - 1 == first_ms_of(date(2026, 10, 1)) - 1
        assert (first_ms_of(date(1970, 1, 1)), last_ms_of(date(2199, 12, 31))) == (0, LAST_MS - 8 * 3_600_000)

    def test_the_trial_balance_as_of_the_end_of_time_is_that_of_now(self):
        post(voucher("V1", 10))
        now = [(row.type, row.net, row.accounts) for book in trial_balance(["T26"]) for row in book.rows]

        for axis in ("recorded_ms", "happened_ms"):
            books = trial_balance_at(["T26"], **{axis: LAST_MS})
            assert [(row.type, row.net, row.accounts) for book in books for row in book.rows] == now
            assert trial_balance_at(["another"], **{axis: LAST_MS}) == []
            assert trial_balance_at(None, **{axis: 0}) == []


TRANSIT = "M.InTransit[T26,P1]"
SUSPENSE = "M.Suspense[T26,L1]"


def at(day: date, *entries):
    """Post at noon of a day."""
    with clock.held_at(first_ms_of(day) + DAY_MS // 2):
        post([entry(template, row, happened_at_ms=clock.now_ms()) for template, row in entries])


class TestOpenItems:
    """Clearing accounts that are not zero."""

    FRIDAY = date(2026, 11, 6)

    def open_on(self, day: date, **filters):
        with clock.held_at(first_ms_of(day)):
            return {item.code: item for item in open_items(None, **filters)}

    def test_an_item_is_open_since_it_last_left_zero(self):
        arrived, booked = ("M.Bank[T26,A1]", SUSPENSE, 7), (SUSPENSE, "M.Bank[T26,A1]", 7)
        at(self.FRIDAY, ("SUSPENSE.IN", arrived))
        at(self.FRIDAY + timedelta(days=1), ("SUSPENSE.OUT", booked))
        assert self.open_on(self.FRIDAY + timedelta(days=2)) == {}
        at(self.FRIDAY + timedelta(days=3), ("SUSPENSE.IN", arrived))
        at(self.FRIDAY + timedelta(days=4), ("SUSPENSE.IN", arrived))

        item = self.open_on(self.FRIDAY + timedelta(days=8))[SUSPENSE]

        assert item.balance == -14
        assert clock.day_of(item.since_ms, ZONE) == self.FRIDAY + timedelta(days=3)
        assert item.age_days == 5
        assert item.keys == {"bank_line": "L1"}
        assert item.deadline == date(2026, 11, 23)

    def test_it_is_overdue_on_the_day_after_its_deadline(self):
        at(self.FRIDAY, ("SUSPENSE.IN", ("M.Bank[T26,A1]", SUSPENSE, 7)))
        bank = "M.Bank[T26,A1]"

        assert not self.open_on(self.FRIDAY)[bank].overdue
        assert self.open_on(self.FRIDAY + timedelta(days=1))[bank].overdue
        assert not self.open_on(date(2026, 11, 20))[SUSPENSE].overdue
        assert self.open_on(date(2026, 11, 21))[SUSPENSE].overdue

    def test_what_an_event_ends_has_no_deadline_and_says_the_event(self):
        post(voucher("V1", 10))

        (item,) = open_items(["T26"], types=["B.Available"])

        assert (item.deadline, item.overdue, item.cleared_when) == (None, False, "voucher ended")

    def test_accounts_that_need_not_clear_are_no_items(self):
        post(voucher("V1", 10))

        assert {item.type for item in open_items(None)} == {"B.Available"}

    def test_filters_narrow_to_what_they_name(self):
        post([*voucher("V1", 10), *voucher("V2", 10), *voucher("V1", 10, fund="U26")])

        assert {item.code for item in open_items(None, key="V1")} == {AVAILABLE, "B.Available[U26,V1]"}
        assert [item.code for item in open_items(["T26", "U26"], fund="T26", key="V1")] == [AVAILABLE]
        assert [item.code for item in open_items(["U26"])] == ["B.Available[U26,V1]"]

    @pytest.mark.parametrize("filters", [{"fund": "U26"}, {"fund": "nowhere"}, {"fund": "\0"}, {"types": ["B.Hled"]},
                                         {"key": "V9"}, {"key": "\0"}, {"types": ["B.Held"], "key": "V1"}])  # fmt: skip
    def test_what_is_misspelt_or_foreign_is_refused(self, filters):
        post([*voucher("V1", 10), *voucher("V1", 10, fund="U26")])

        with pytest.raises(NotFound):
            open_items(["T26"], **filters)

    def test_a_type_that_need_not_clear_is_refused(self):
        with pytest.raises(TypeNotCleared):
            open_items(None, types=["B.Unallocated"])


class TestRollForward:
    """What a group may be."""

    DAYS = {"from_day": date(2026, 10, 1), "to_day": date(2026, 11, 1)}

    def test_it_tells_what_each_kind_of_entry_moved(self):
        post(voucher("V1", 10))
        seal()
        post([entry("HOLD", (AVAILABLE, HELD, 4))])

        (group,) = roll_forward(["T26"], **self.DAYS, types=["B.Available", "B.Held"], key="V1")

        assert (group.kind, group.asset, group.side) == ("B", "CNY", "credit")
        assert [(row.template, row.debits, row.credits, row.net) for row in group.rows] == [
            ("HOLD", 4, 4, 0),
            ("ISSUE", 0, 10, 10),
        ]
        assert (group.opening, group.net, group.closing) == (0, 10, 10)

    @pytest.mark.parametrize("group", [{"fund": "U26"}, {"types": ["B.Hled"]}, {"kinds": "X"}, {"key": "V9"},
                                       {"kinds": "B", "key": "\0"}])  # fmt: skip
    def test_what_is_misspelt_or_foreign_is_refused(self, group):
        post([*voucher("V1", 10), *voucher("V1", 10, fund="U26")])

        with pytest.raises(NotFound):
            roll_forward(["T26"], **self.DAYS, **group)

    def test_a_group_that_no_type_fits_is_refused(self):
        with pytest.raises(GroupFitsNoType):
            roll_forward(None, **self.DAYS, kinds="M", types=["B.Held"])

    def test_days_that_run_backwards_are_refused(self):
        with pytest.raises(DaysReversed):
            roll_forward(None, from_day=date(2026, 11, 1), to_day=date(2026, 10, 1))


def test_every_span_of_the_chart_is_understood_and_belongs_to_a_clearing_account():
    cleared = {row["code"] for row in rows_of("account_types") if row["cleared_when"]}

    assert set(spans()) <= cleared
    for span in spans().values():
        assert last_day_of(span, date(2026, 12, 31)) >= date(2026, 12, 31)
