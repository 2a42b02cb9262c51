"""The books as an auditor's machine reads them: what the pages say, for whom they may be told, and nothing skipped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.pagination import CursorPagination
from rest_framework.settings import api_settings
from rest_framework.test import APIClient

from ledger import clock
from ledger.books.open_items import open_items
from ledger.books.selectors import balance_at
from ledger.books.services import close_account, freeze
from ledger.books.trial_balance import trial_balance, trial_balance_at
from ledger.log import services as log
from ledger.models import Account, Entry, Transfer
from tests.api.conftest import NOW
from tests.ledger.bookkeeping import entry, post, voucher

Client = Callable[[str], APIClient]
AVAILABLE = "B.Available[QC26,V-lanling]"
HELD = "B.Held[QC26,V-lanling,O-lanling]"
OF_BOOKS = [
    "accounts",
    f"accounts/{AVAILABLE}",
    f"accounts/{AVAILABLE}/statement",
    "entries",
    "entries/1",
    "entries/1/rows",
    "trial-balance",
    "open-items",
    "roll-forward",
]
LISTED = {
    "accounts": "code",
    "entries": "id",
    f"accounts/{AVAILABLE}/statement": "transfer",
    "open-items": "code",
}
DAY_MS = 86_400_000


def get(client: APIClient, address: str, **query: str) -> Any:
    answer = client.get(f"/api/v1/{address}", query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def refused(client: APIClient, address: str, **query: str) -> tuple[int, str]:
    answer = client.get(f"/api/v1/{address}", query)
    assert answer["Content-Type"] == "application/problem+json", answer.content
    return answer.status_code, answer.json()["code"]


def walk(client: APIClient, page: Any) -> Iterator[Any]:
    """Yield every row from a page on."""
    yield from page["results"]
    while page["next"]:
        page = client.get(page["next"]).json()
        yield from page["results"]


@pytest.fixture
def two_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CursorPagination, "page_size", 2)
    monkeypatch.setattr(api_settings, "PAGE_SIZE", 2)


def hold(amount: int, order: str = "O-lanling", **fields: Any) -> Any:
    return entry("HOLD", (AVAILABLE, f"B.Held[QC26,V-lanling,{order}]", amount), **fields)


class TestAccounts:
    def test_an_account_says_what_the_books_say(self, as_: Client) -> None:
        stored = Account.objects.get(code=HELD)

        told = get(as_("auditor"), f"accounts/{HELD}")

        assert told["balance"] == stored.balance == told["credits"] - told["debits"] > 0
        assert (told["debits"], told["credits"]) == (stored.debits_total, stored.credits_total)
        assert (told["kind"], told["fund"], told["asset"], told["unit"]) == ("B", "QC26", "CNY", "minor")
        assert told["keys"] == {"voucher": "V-lanling", "order": "O-lanling"}
        assert (told["type"], told["normal_side"], told["floored"]) == ("B.Held", "credit", True)
        assert (told["state"], told["frozen_until"], told["closed_at"]) == ("open", None, None)
        assert told["posted_at"] == clock.iso_utc(stored.recorded_at_ms)
        assert told["as_of"] is None
        (listed,) = get(as_("auditor"), "accounts", q=HELD)["results"]
        assert listed.items() <= told.items()

    @pytest.mark.parametrize("code", [AVAILABLE, "B.Available[QC26,W/1:a.b_c-d]"])
    def test_a_code_stands_in_an_address_percent_encoded_or_not(self, as_: Client, code: str) -> None:
        post(voucher("W/1:a.b_c-d", 5, fund="QC26"))
        for written in (code, quote(code), quote(code, safe=""), quote(code, safe="[]")):
            assert get(as_("auditor"), f"accounts/{written}")["code"] == code
            assert get(as_("auditor"), f"accounts/{written}/statement")["account"] == code

    @pytest.mark.parametrize(
        "code", ["B.Available[QC26,V-nobody]", "B.Nothing[QC26]", "B.Available[QC26", "X.Y[Z]", "B.Available[QC26,a b]"]
    )
    @pytest.mark.parametrize("end", ["", "/statement"])
    def test_what_is_no_account_is_not_found(self, as_: Client, code: str, end: str) -> None:
        assert refused(as_("auditor"), f"accounts/{code}{end}") == (404, "not_found")

    def test_a_frozen_account_says_until_when_and_a_closed_one_since_when(self, as_: Client) -> None:
        post(voucher("W1", 5, fund="QC26"))
        freeze(AVAILABLE, until_ms=NOW + DAY_MS, actor="judge", reason="a case")
        post([entry("HOLD", ("B.Available[QC26,W1]", "B.Held[QC26,W1,O1]", 5))])
        close_account("B.Available[QC26,W1]", actor="judge", reason="it ended")

        frozen, closed = (get(as_("auditor"), f"accounts/{code}") for code in (AVAILABLE, "B.Available[QC26,W1]"))

        assert (frozen["state"], frozen["frozen_until"]) == ("frozen", clock.iso_utc(NOW + DAY_MS))
        assert (closed["state"], closed["frozen_until"], closed["closed_at"]) == ("closed", None, clock.iso_utc(NOW))
        with clock.held_at(NOW + DAY_MS):
            thawed = get(as_("auditor"), f"accounts/{AVAILABLE}")
        assert (thawed["state"], thawed["frozen_until"]) == ("open", None)

    @pytest.mark.parametrize("axis", ["recorded", "happened"])
    def test_an_account_stands_as_of_an_instant_on_either_axis(self, as_: Client, axis: str) -> None:
        for hour in range(1, 4):
            with clock.held_at(NOW + hour * 3_600_000):
                post([hold(100 * hour, happened_at_ms=NOW - hour * DAY_MS)])
        balances = set()
        for instant_ms in (0, NOW - 3 * DAY_MS, NOW - DAY_MS - 1, NOW, NOW + 3_600_000, NOW + 3 * 3_600_000 - 1):
            written = clock.iso_utc(instant_ms)
            told = get(as_("auditor"), f"accounts/{HELD}", **{f"{axis}_at": written})["as_of"]
            expected = balance_at(HELD, **{f"{axis}_ms": instant_ms})
            assert told == {"axis": axis, "instant": written, "balance": expected}
            balances.add(expected)
        assert len(balances) >= 4

    def test_an_instant_has_its_offset(self, as_: Client) -> None:
        here, utc = (
            get(as_("auditor"), "trial-balance", recorded_at=written)
            for written in ("2026-11-20T10:00:00.000+08:00", "2026-11-20T02:00:00Z")
        )

        assert here == utc
        assert here["as_of"] == {"axis": "recorded", "instant": "2026-11-20T02:00:00.000Z"}

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ({"type": "B.Held", "nonzero": "true"}, {HELD}),
            ({"type": "B.Held", "nonzero": "false"}, {"B.Held[QC26,V-hexi,O-hexi]"}),
            ({"kind": "B", "fund": "ZH26"}, {"B.Authority[ZH26,city,2026]", "B.Unallocated[ZH26]"}),
            ({"q": "V-lanling,O-"}, {HELD}),
            ({"asset": "CNY", "kind": "BM", "type": "B.Held", "q": "hexi"}, {"B.Held[QC26,V-hexi,O-hexi]"}),
            ({"asset": "GPUms:A100", "kind": "B"}, set()),
            ({"kind": "", "fund": "", "type": "B.Held", "q": "", "nonzero": ""}, {HELD, "B.Held[QC26,V-hexi,O-hexi]"}),
        ],
    )
    def test_accounts_are_narrowed(self, as_: Client, query: dict[str, str], expected: set[str]) -> None:
        assert {account["code"] for account in get(as_("auditor"), "accounts", **query)["results"]} == expected


class TestStatements:
    def test_a_statement_runs_from_the_newest_leg_and_carries_the_balance(self, as_: Client) -> None:
        post([hold(amount) for amount in (1, 2, 3)])

        told = get(as_("auditor"), f"accounts/{AVAILABLE}/statement")

        assert (told["asset"], told["unit"], told["normal_side"], told["next"]) == ("CNY", "minor", "credit", None)
        assert [leg["debit"] for leg in told["results"][:3]] == [3, 2, 1]
        balance = Account.objects.get(code=AVAILABLE).balance
        for leg in told["results"]:
            assert leg["balance_after"] == balance
            assert leg["change"] == leg["credit"] - leg["debit"]
            balance -= leg["change"]
        assert balance == 0

    def test_a_statement_is_of_an_interval_of_recording_both_ends_included(self, as_: Client) -> None:
        for hour in range(1, 5):
            with clock.held_at(NOW + hour * 3_600_000):
                post([hold(hour)])
        span = {"recorded_from": clock.iso_utc(NOW + 7_200_000), "recorded_to": clock.iso_utc(NOW + 10_800_000)}
        address = f"accounts/{AVAILABLE}/statement"

        assert [leg["debit"] for leg in get(as_("auditor"), address, **span)["results"]] == [3, 2]
        swapped = {"recorded_from": span["recorded_to"], "recorded_to": span["recorded_from"]}
        assert refused(as_("auditor"), address, **swapped) == (422, "days_must_run_forward")
        assert refused(as_("auditor"), "entries", **swapped) == (422, "days_must_run_forward")

    def test_a_page_keeps_the_interval_that_was_asked_for(self, as_: Client, two_a_page: None) -> None:
        post([hold(amount) for amount in (1, 2, 3)])
        client, address = as_("auditor"), f"accounts/{AVAILABLE}/statement"

        page = get(client, address, recorded_from=clock.iso_utc(NOW + 1))
        assert page == page | {"results": [], "next": None}
        page = get(client, address, recorded_from=clock.iso_utc(NOW), recorded_to=clock.iso_utc(NOW))
        assert [leg["debit"] for leg in walk(client, page) if leg["template"] == "HOLD"][:3] == [3, 2, 1]


@pytest.mark.parametrize("address", LISTED)
def test_no_row_is_skipped_or_told_twice_while_others_arrive(as_: Client, two_a_page: None, address: str) -> None:
    client, member = as_("auditor"), LISTED[address]
    post([*voucher("W0", 50, fund="QC26"), *(hold(1, f"O{number}") for number in range(5))])
    stood = [row[member] for row in walk(client, get(client, address))]

    told, page, number = [], get(client, address), 100
    while True:
        told += [row[member] for row in page["results"]]
        if not page["next"]:
            break
        number += 1
        post([hold(1, f"O{number}"), entry("RELEASE", (HELD, AVAILABLE, 1)), *voucher(f"W{number}", 5, fund="QC26")])
        page = client.get(page["next"]).json()

    assert len(told) == len(set(told))
    assert [row for row in told if row in stood] == stood
    assert len(stood) > 6


class TestEntries:
    def test_an_entry_shows_its_rows_numbers_and_digest(self, as_: Client) -> None:
        stored = Entry.objects.filter(template="REDEEM").latest("id")
        log.seal()

        told = get(as_("auditor"), f"entries/{stored.id}")

        assert told["digest"] == bytes(stored.input_digest).hex()
        assert (told["proposer"], told["approver"]) == ("ops", "approver")
        assert [row["ordinal"] for row in told["rows"]] == list(range(1, stored.transfers.count() + 1))
        assert {row["unit"] for row in told["rows"]} == {"minor", "ms"}
        assert {(number["kind"], number["year"]) for number in told["numbers"]} == {
            (row["kind"], 2026) for row in told["rows"]
        }
        first = stored.transfers.get(ordinal=1)
        assert told["rows"][0] == {
            "ordinal": 1,
            "kind": first.book.kind,
            "fund": "QC26",
            "asset": first.book.asset,
            "unit": "minor",
            "debit_account": first.debit_account.code,
            "credit_account": first.credit_account.code,
            "amount": first.amount,
            "debit_balance": first.debit_balance,
            "credit_balance": first.credit_balance,
        }
        assert not told["has_more_rows"]

    def test_an_entry_says_what_it_takes_back_and_what_took_it_back(self, as_: Client) -> None:
        (original,) = post([hold(7, key="mistake")])
        (reversal,) = post([entry("REVERSE", reverses="mistake")])
        client = as_("auditor")

        taken, taking = (get(client, f"entries/{which.entry_id}") for which in (original, reversal))

        assert (taken["reversed_by"], taken["reverses"]) == (reversal.entry_id, None)
        assert (taking["reversed_by"], taking["reverses"]) == (None, original.entry_id)
        assert (taking["rows"][0]["debit_account"], taking["rows"][0]["amount"]) == (
            "B.Held[QC26,V-lanling,O-lanling]",
            7,
        )

    def test_a_long_entry_shows_its_first_rows_and_leads_to_the_others_in_order(self, as_: Client) -> None:
        rows = [(AVAILABLE, f"B.Held[QC26,V-lanling,O{number}]", 1) for number in range(250)]
        (posted,) = post([entry("HOLD", *rows)])
        client = as_("finance")

        told = get(client, f"entries/{posted.entry_id}")
        every = list(walk(client, get(client, f"entries/{posted.entry_id}/rows")))

        assert told["has_more_rows"]
        assert told["rows"] == every[:100]
        assert [row["ordinal"] for row in every] == list(range(1, 251))

    def test_entries_are_narrowed(self, as_: Client) -> None:
        with clock.held_at(NOW + 5):
            (posted,) = post(
                [hold(7, key="one", document="D-1", run="run_1", proposer="p", approver="a", happened_at_ms=NOW - 7)]
            )
        client = as_("auditor")
        for query in (
            {"idempotency_key": "one"},
            {"document": "D-1"},
            {"run": "run_1", "template": "HOLD"},
            {"proposer": "p", "approver": "a", "fund": "QC26"},
            {"recorded_from": clock.iso_utc(NOW + 5), "recorded_to": clock.iso_utc(NOW + 5)},
            {"happened_from": clock.iso_utc(NOW - 7), "happened_to": clock.iso_utc(NOW - 7)},
        ):
            assert [each["id"] for each in get(client, "entries", **query)["results"]] == [posted.entry_id], query
        for nothing in ({"document": "D-2"}, {"idempotency_key": "one", "fund": "ZH26"}, {"run": " run_1"}):
            assert get(client, "entries", **nothing)["results"] == []

    @pytest.mark.parametrize("number", ["0", "9" * 18, "9" * 30, "9" * 5000, "-1", "1.0", "one", "%00"])
    def test_what_is_no_entry_is_not_found(self, as_: Client, number: str) -> None:
        for end in ("", "/rows"):
            assert refused(as_("auditor"), f"entries/{number}{end}") == (404, "not_found")


class TestWhatAddsUp:
    def test_a_trial_balance_is_that_of_the_books_now_and_as_of_an_instant(self, as_: Client) -> None:
        with clock.held_at(NOW + 5):
            post([hold(7, happened_at_ms=NOW - 7)])
        asked = [
            ({}, trial_balance(None)),
            ({"recorded_at": clock.iso_utc(NOW)}, trial_balance_at(None, recorded_ms=NOW)),
            ({"happened_at": clock.iso_utc(NOW - 8)}, trial_balance_at(None, happened_ms=NOW - 8)),
            ({"fund": "ZH26"}, trial_balance(["ZH26"])),
        ]
        for query, books in asked:
            told = get(as_("auditor"), "trial-balance", **query)
            assert (told["as_of"] is None) == (not query.keys() - {"fund"})
            for book, expected in zip(told["results"], books, strict=True):
                assert (book["kind"], book["fund"], book["asset"]) == (expected.kind, expected.owner, expected.asset)
                assert book["debit_balance"] == book["credit_balance"] == expected.debit_balance
                assert book["is_balanced"]
                told_rows = [(row["type"], row["debits"], row["credits"]) for row in book["rows"]]
                assert told_rows == [(row.type, row.debits, row.credits) for row in expected.rows]

    def test_open_items_are_those_of_the_books_due_first(self, as_: Client, two_a_page: None) -> None:
        post([hold(1, f"O{number}") for number in range(5)])
        client = as_("auditor")

        told = list(walk(client, get(client, "open-items", fund="QC26")))

        expected = open_items(None, fund="QC26")
        assert [item["code"] for item in told] == [item.code for item in expected]
        assert [item["balance"] for item in told] == [item.balance for item in expected]
        assert [item["since"] for item in told] == [clock.iso_utc(item.since_ms) for item in expected]
        named = get(client, "open-items", type="B.Held", key="O3")["results"]
        assert [item["code"] for item in named] == ["B.Held[QC26,V-lanling,O3]"]

    def test_a_roll_forward_leads_from_opening_to_closing(self, as_: Client) -> None:
        told = get(as_("auditor"), "roll-forward", **{"from": "2026-10-01", "to": "2026-11-30", "type": "B.Held"})

        assert (told["from"], told["to"]) == ("2026-10-01", "2026-11-30")
        (group,) = told["results"]
        assert group["opening"] + sum(row["net"] for row in group["rows"]) == group["closing"]
        assert group["closing"] == sum(account.balance for account in Account.objects.filter(type="B.Held"))
        assert (group["side"], group["unit"]) == ("credit", "minor")
        this_month = get(as_("auditor"), "roll-forward")
        assert (this_month["from"], this_month["to"]) == ("2026-11-01", "2026-11-20")


class TestScope:
    def test_an_auditor_reads_all_funds_and_a_department_its_own(self, as_: Client) -> None:
        post(voucher("V1", 5, fund="T26"))  # a fund that no programme has
        seen = {}
        for login in ("auditor", "approver", "finance", "zh-approver"):
            client = as_(login)
            funds = {account["fund"] for account in walk(client, get(client, "accounts"))}
            assert funds == {book["fund"] for book in get(client, "trial-balance")["results"]}
            entries = [each["id"] for each in walk(client, get(client, "entries"))]
            touched = set(Transfer.objects.filter(entry__in=entries).values_list("book__owner", flat=True))
            assert touched == funds
            assert {item["fund"] for item in walk(client, get(client, "open-items"))} <= funds
            seen[login] = funds
        assert seen["auditor"] >= {"QC26", "ZH26", "T26"}
        assert seen["approver"] == seen["finance"] == {"QC26"}
        assert seen["zh-approver"] == {"ZH26"}

    def test_a_figure_of_all_books_is_that_of_the_readers_books(self, as_: Client) -> None:
        told = get(as_("zh-approver"), "roll-forward", **{"from": "2026-01-01"})["results"]

        assert [group["rows"][0]["debits"] for group in told] == [500_000]

    def test_an_entry_in_books_of_two_funds_shows_each_reader_their_own_rows(self, as_: Client) -> None:
        rows = [(f"B.Authority[{fund},city,2026]", f"B.Unallocated[{fund}]", 5) for fund in ("QC26", "ZH26")]
        (posted,) = post([entry("FUND.AUTHORISE", *rows)])
        log.seal()

        for login, funds in (("auditor", {"QC26", "ZH26"}), ("finance", {"QC26"}), ("zh-approver", {"ZH26"})):
            told = get(as_(login), f"entries/{posted.entry_id}")
            assert {row["fund"] for row in told["rows"]} == {number["fund"] for number in told["numbers"]} == funds
            rows_told = get(as_(login), f"entries/{posted.entry_id}/rows")["results"]
            assert rows_told == told["rows"]

    @pytest.mark.parametrize("address", ["accounts", "entries", "trial-balance", "open-items", "roll-forward"])
    def test_a_foreign_fund_is_answered_like_an_unknown_one(self, as_: Client, address: str) -> None:
        client = as_("zh-approver")
        told = [client.get(f"/api/v1/{address}", {"fund": fund}) for fund in ("QC26", "NOBODY")]

        assert [answer.status_code for answer in told] == [404, 404]
        assert told[0].json()["title"] == told[1].json()["title"].replace("NOBODY", "QC26")

    def test_an_asset_or_key_of_others_is_unknown(self, as_: Client) -> None:
        assert refused(as_("zh-approver"), "accounts", asset="GPUms:A100") == (404, "not_found")
        assert refused(as_("zh-approver"), "open-items", key="V-lanling") == (404, "not_found")
        assert refused(as_("zh-approver"), "roll-forward", key="V-lanling") == (404, "not_found")

    @pytest.mark.parametrize("login", ["ops", "hexi-it", "lanling-it", "north-ops", "stranger", "south-ops"])
    @pytest.mark.parametrize("address", OF_BOOKS)
    def test_the_books_are_for_whom_the_permissions_name(self, as_: Client, login: str, address: str) -> None:
        assert refused(as_(login), address) == (403, "act_not_permitted")
        assert refused(as_(login), address, nonsense="x") == (403, "act_not_permitted")

    @pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
    @pytest.mark.parametrize("address", OF_BOOKS)
    def test_nobody_writes(self, as_: Client, method: str, address: str) -> None:
        for login in ("auditor", "finance", "stranger"):
            answer = getattr(as_(login), method)(f"/api/v1/{address}", {}, format="json")
            assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


class TestQuestions:
    @pytest.mark.parametrize(
        ("address", "query", "expected"),
        [
            ("accounts", {"type": "B.Nothing"}, (404, "not_found")),
            ("accounts", {"kind": "BZ"}, (404, "not_found")),
            ("accounts", {"asset": "EUR"}, (404, "not_found")),
            ("accounts", {"q": "no such%"}, (404, "not_found")),
            ("accounts", {"kind": "QM", "type": "B.Held"}, (422, "account_group_fits_no_type")),
            ("accounts", {"nonzero": "perhaps"}, (400, "request_is_invalid")),
            ("entries", {"template": "NOTHING"}, (404, "not_found")),
            (f"accounts/{HELD}", {"recorded_at": "2026-11-20T02:00:00"}, (400, "request_is_invalid")),
            (f"accounts/{HELD}", {"recordet_at": "2026-11-20T02:00:00Z"}, (400, "request_is_invalid")),
            (f"accounts/{HELD}/statement", {"cursor": "2-x"}, (404, "not_found")),
            ("open-items", {"type": "B.Redeemed"}, (422, "account_type_is_not_cleared")),
            ("open-items", {"key": "nobody"}, (404, "not_found")),
            ("open-items", {"cursor": "2026-01-01~5"}, (404, "not_found")),
            ("roll-forward", {"from": "2026-13-01"}, (422, "day_is_malformed")),
            ("roll-forward", {"from": "2026-11-02", "to": "2026-10-01"}, (422, "days_must_run_forward")),
            ("roll-forward", {"kind": "Q", "type": "B.Held"}, (422, "account_group_fits_no_type")),
            ("entries/1", {"rows": "all"}, (400, "request_is_invalid")),
            ("entries/1/rows", {"fund": "QC26"}, (400, "request_is_invalid")),
        ],
    )
    def test_what_cannot_be_answered_is_refused(
        self, as_: Client, address: str, query: dict[str, str], expected: tuple[int, str]
    ) -> None:
        assert refused(as_("auditor"), address, **query) == expected

    @pytest.mark.parametrize("address", OF_BOOKS)
    def test_an_unknown_filter_is_refused_and_so_is_one_given_twice(self, as_: Client, address: str) -> None:
        answer = as_("auditor").get(f"/api/v1/{address}?fnd=QC26&format=json&format=json")

        assert answer.status_code == 400
        told = {(error["field"], error["code"]) for error in answer.json()["errors"]}
        assert told == {("fnd", "filter_is_unknown"), ("format", "filter_is_repeated")}

    @pytest.mark.parametrize("address", [f"accounts/{HELD}", "trial-balance"])
    def test_an_instant_stands_on_one_axis(self, as_: Client, address: str) -> None:
        both = dict.fromkeys(("recorded_at", "happened_at"), "2026-11-20T02:00:00Z")
        answer = as_("auditor").get(f"/api/v1/{address}", both)

        assert answer.status_code == 400
        assert answer.json()["errors"][0]["code"] == "axis_is_ambiguous"

    @pytest.mark.parametrize(
        "written",
        ["now", "2026-11-20", "2026-11-20T02:00:00 08:00", "2026-11-20T02:00:00.0001Z", "2026-11-20T02:00:60Z",
         "2026-02-30T00:00:00Z", "1969-12-31T23:59:59Z", "2200-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00",
         "9999-12-31T23:59:59-14:00", "٢٠٢٦-11-20T02:00:00Z", "2026-11-20T02:00:00+25:00", "1763604000000"],
    )  # fmt: skip
    def test_what_is_no_instant_is_refused(self, as_: Client, written: str) -> None:
        asked = [
            (f"accounts/{HELD}", "happened_at"), ("trial-balance", "recorded_at"), ("entries", "recorded_from"),
            (f"accounts/{HELD}/statement", "recorded_to"),
        ]  # fmt: skip
        for address, name in asked:
            answer = as_("auditor").get(f"/api/v1/{address}", {name: written})
            assert answer.status_code == 400
            assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [
                (name, "instant_is_malformed")
            ]


PARAMETERS = {
    "accounts": ("fund", "kind", "type", "asset", "q", "nonzero", "cursor"),
    f"accounts/{HELD}": ("recorded_at", "happened_at"),
    f"accounts/{HELD}/statement": ("recorded_from", "recorded_to", "cursor"),
    "entries": ("fund", "template", "document", "run", "proposer", "approver", "idempotency_key", "recorded_from",
                "recorded_to", "happened_from", "happened_to", "cursor"),
    "entries/1/rows": ("cursor",),
    "trial-balance": ("fund", "recorded_at", "happened_at"),
    "open-items": ("fund", "type", "key", "cursor"),
    "roll-forward": ("from", "to", "fund", "kind", "type", "key"),
}  # fmt: skip
HOSTILE = {
    "null": "%00", "null inside": "QC26%00x", "half a pair": "%ED%A0%80", "not UTF-8": "%FF%FE", "long": "9" * 10_000,
    "huge": "9" * 25, "huge place": "9999999999999-999999999999999999", "quote": "%27%3B--", "like": "%25%5F%5C",
    "bracket": "%5B%5D%2C", "list": "%7B1%7D", "line": "%0A", "minus": "-1",
    "of pages": "cD05OTk5OTk5OTk5OTk5OTk5OTk5OTk5",
    "null of pages": "cD0lMDA%3D", "day of pages": "9999-12-31~9~B.Held%5BQC26%5D",
}  # fmt: skip
TEXTS = {"document", "run", "proposer", "approver", "idempotency_key"}


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("address", PARAMETERS)
def test_whatever_is_asked_is_refused_or_answered_with_nothing(as_: Client, address: str, hostile: str) -> None:
    client = as_("auditor")
    for name in PARAMETERS[address]:
        answer = client.get(f"/api/v1/{address}?{name}={HOSTILE[hostile]}")
        if answer.status_code == 200 and name in TEXTS | {
            "cursor"
        }:  # no entry has this text; a place after which none is
            assert answer.json()["results"] == [] or name == "cursor"
        elif answer.status_code == 200:
            assert name == "q", name
        else:
            assert answer.status_code in {400, 404, 422}, name
            assert answer["Content-Type"] == "application/problem+json"
            assert len(answer.content) < 12_000


@pytest.mark.parametrize(
    "address",
    [
        "accounts/%00",
        "accounts/B.Held%5BQC26%00%5D",
        "accounts/%ED%A0%80",
        "accounts/B." + "A" * 10_000,
        "accounts/B.Held[" + "A," * 5_000 + "A]",
        "accounts/B.Held[" + "A" * 10_000 + "]/statement",
    ],
    ids=lambda address: address[:24],
)
def test_whatever_is_no_code_is_not_found(as_: Client, address: str) -> None:
    assert refused(as_("auditor"), address) == (404, "not_found")


class TestCosts:
    @pytest.fixture
    def many(self, as_: Client) -> int:
        """Many accounts, legs, entries and open items; the id of an entry of many rows."""
        post([hold(1, f"O{number}") for number in range(120)])
        (long,) = post([entry("HOLD", *((AVAILABLE, f"B.Held[QC26,V-lanling,L{number}]", 1) for number in range(120)))])
        log.seal()
        return int(long.entry_id)

    @pytest.mark.parametrize(
        ("address", "queries"),
        [
            ("accounts", 1),
            ("accounts?kind=B&fund=QC26&q=V-lanling&nonzero=true", 2),
            (f"accounts/{AVAILABLE}?recorded_at=2026-11-20T02:00:00Z", 2),
            (f"accounts/{AVAILABLE}/statement", 2),
            ("entries", 3),
            ("entries?template=HOLD&fund=QC26", 5),
            ("entries/{long}", 4),
            ("entries/{long}/rows", 2),
            ("trial-balance", 1),
            ("open-items", 2),
            ("roll-forward?from=2026-01-01", 2),
        ],
    )
    def test_a_question_costs_so_many_queries_however_many_rows_there_are(
        self, as_: Client, many: int, django_assert_num_queries: Any, address: str, queries: int
    ) -> None:
        clients = {"auditor": 0, "finance": 1}  # whose funds have to be looked up
        for login, more in clients.items():
            client = as_(login)
            with django_assert_num_queries(1 + more + queries):  # who asks
                answer = client.get(f"/api/v1/{address.format(long=many)}")
            assert answer.status_code == 200

    @pytest.mark.parametrize("address", ["accounts", "entries", "open-items", f"accounts/{AVAILABLE}/statement"])
    def test_nothing_is_counted(self, as_: Client, many: int, address: str) -> None:
        client = as_("finance")
        with CaptureQueriesContext(connection) as queries:
            page = get(client, address)
            assert len(page["results"]) == 100
            client.get(page["next"])
        assert not [query["sql"] for query in queries if "count(" in query["sql"].lower()]
