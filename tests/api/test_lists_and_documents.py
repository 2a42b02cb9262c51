"""Lists in pages, filters, and documents whose figures are those of the books and the command line."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.pagination import CursorPagination
from rest_framework.test import APIClient

from billing.metering.models import UsageFile
from billing.metering.selectors import slip_of
from billing.reconciliation.models import Run, StatementLine
from billing.reconciliation.selectors import explanation_of, summary_of
from billing.settlement.models import Statement
from billing.settlement.selectors import statement_as_json
from ledger.models import Account
from tests.api.conftest import RUN
from vouchers.issuance.models import Voucher

Client = Callable[[str], APIClient]
LISTS = [
    "programmes",
    "vouchers",
    "orders",
    "usage-files",
    "runs",
    "statement-lines",
    "statement-lines/O-lanling:2026-10/parts",
    "statements",
    "refusals",
    "accounts",
    "entries",
    "entries/1/rows",
]


def get(client: APIClient, address: str, **query: str) -> Any:
    return client.get(f"/api/v1/{address}", query)


def found(client: APIClient, address: str, member: str, **query: str) -> list[str]:
    answer = get(client, address, **query)
    assert answer.status_code == 200, answer.json()
    return [row[member] for row in answer.json()["results"]]


@pytest.mark.parametrize("address", LISTS)
def test_a_list_is_walked_forth_and_back_page_by_page(
    as_: Client, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = as_("auditor")
    whole = get(client, address).json()
    assert (whole["next"], whole["previous"]) == (None, None)
    monkeypatch.setattr(CursorPagination, "page_size", 1)

    pages, page = [], get(client, address).json()
    while page["next"]:
        pages.append(page)
        page = client.get(page["next"]).json()
    pages.append(page)

    assert [row for page in pages for row in page["results"]] == whole["results"]
    back = page
    while back["previous"]:
        back = client.get(back["previous"]).json()
    assert back["results"] == whole["results"][:1]


@pytest.mark.parametrize("address", LISTS)
def test_a_longer_page_costs_no_more_queries(as_: Client, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    client, costs = as_("auditor"), []
    for size in (1, 100):
        monkeypatch.setattr(CursorPagination, "page_size", size)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            get(client, address)
        costs.append(len(queries))

    assert costs[0] == costs[1] <= 4


@pytest.mark.parametrize(
    "cursor",
    ["nonsense", "%%%", "钥", "=", b64encode(b"p=abc").decode(), b64encode(b"p=\0").decode()]
    + [b64encode(text).decode() for text in (b"p=%00", b"o=-1", b"r=x", b"p=" + b"9" * 400, b"o=999999999999")],
)
@pytest.mark.parametrize("address", ["vouchers", "usage-files", "statement-lines", "accounts", "entries"])
def test_a_cursor_that_was_never_given_shows_nothing(as_: Client, address: str, cursor: str) -> None:
    answer = get(as_("auditor"), address, cursor=cursor)

    if answer.status_code == 200:  # what no row is: none stands before it, or all do
        assert answer.json()["results"] in ([], get(as_("auditor"), address).json()["results"])
        assert b64decode(cursor) not in {b"", b"o=999999999999"}
    else:
        assert answer.status_code == 404
        assert answer.json()["code"] == "not_found"


@pytest.mark.parametrize(
    ("address", "member", "query", "expected"),
    [
        ("programmes", "code", {"department": "qy-data"}, ["QC26"]),
        ("programmes", "code", {"department": "north"}, []),
        ("vouchers", "code", {"holder": "hexi"}, ["V-hexi"]),
        ("vouchers", "code", {"programme": "QC26", "holder": "lanling"}, ["V-lanling"]),
        ("vouchers", "code", {"programme": "ZZ"}, []),
        ("orders", "code", {"voucher": "V-lanling"}, ["O-lanling"]),
        ("orders", "code", {"holder": "hexi", "centre": "north", "programme": "QC26"}, ["O-hexi"]),
        ("orders", "code", {"centre": "south"}, []),
        ("usage-files", "source", {"evidence": "true"}, ["agent"]),
        ("usage-files", "source", {"evidence": "false"}, [None]),
        ("usage-files", "source", {"source": "agent", "centre": "north", "cluster": "n1"}, ["agent"]),
        ("usage-files", "source", {"digest": "0" * 64}, []),
        ("runs", "kind", RUN, ["S1"]),
        ("runs", "kind", {"period": "2026-11"}, []),
        ("statement-lines", "line", {"beneficiary": "hexi"}, ["O-hexi:2026-10"]),
        (
            "statement-lines",
            "line",
            {"order": "O-lanling", "payee": "north", "period": "2026-10"},
            ["O-lanling:2026-10"],
        ),
        ("statement-lines", "line", {"programme": "ZZ"}, []),
        ("statement-lines/O-lanling:2026-10/parts", "attempt", {"attempt": "nobody"}, []),
        ("statements", "payee", {"payee": "north", "run": "S1", "programme": "QC26", "period": "2026-10"}, ["north"]),
        ("statements", "payee", {"answered": "true"}, []),
        ("statements", "payee", {"answered": "false"}, ["north"]),
        ("refusals", "code", {"actor": "hexi-it", "since": "2026-11-20", "until": "2026-11-20"}, ["not_found"]),
        ("refusals", "code", {"act": "POST /api/v1/statements/{code}/answer", "code": "not_found"}, ["not_found"]),
        ("refusals", "code", {"until": "2026-11-20T02:00:00Z"}, []),
        ("refusals", "code", {"actor": ""}, []),
        ("refusals", "code", {"code": "act_not_permitted"}, []),
    ],
)
def test_filters_narrow_a_list(
    as_: Client, address: str, member: str, query: dict[str, str], expected: list[str]
) -> None:
    assert found(as_("auditor"), address, member, **query) == expected


@pytest.mark.parametrize("address", LISTS)
def test_a_filter_that_does_not_exist_is_refused(as_: Client, address: str) -> None:
    answer = get(as_("auditor"), address, programe="QC26")

    assert answer.status_code == 400
    assert answer.json()["code"] == "request_is_invalid"
    (error,) = answer.json()["errors"]
    assert (error["field"], error["code"]) == ("programe", "filter_is_unknown")


def test_a_filter_with_a_value_that_no_text_can_be_is_refused(as_: Client) -> None:
    answer = get(as_("auditor"), "vouchers", holder="a\0b")

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "holder"


def test_filters_never_widen_what_a_person_sees(as_: Client) -> None:
    assert found(as_("hexi-it"), "vouchers", "code", holder="lanling") == []
    assert found(as_("hexi-it"), "statement-lines", "line", programme="QC26") == ["O-hexi:2026-10"]


def test_i_am_told_who_i_am_and_what_i_may_do(as_: Client) -> None:
    me = get(as_("north-ops"), "me").json()

    assert (me["login"], me["name"]) == ("north-ops", "Centre Guo")
    assert [organisation["code"] for organisation in me["organisations"]] == ["north"]
    assert me["roles"] == [{"organisation": "north", "role": "centre_officer"}]
    acts = {act["act"]: act["organisations"] for act in me["acts"]}
    assert acts["usage.submit"] == acts["statement.answer"] == ["north"]
    assert "line.approve" not in acts


def test_a_programme_shows_the_parameters_in_force(as_: Client) -> None:
    programme = get(as_("hexi-it"), "programmes/QC26").json()

    assert (programme["version"], programme["department"]) == (1, "qy-data")
    assert programme["parameters"]["subsidy_rate_bps"] == 3000
    assert programme["starts_at"] == "2025-12-31T16:00:00.000Z"


def test_a_voucher_shows_its_value_as_the_books_hold_it(as_: Client) -> None:
    vouchers = get(as_("approver"), "vouchers").json()["results"]

    for voucher in vouchers:
        value = voucher["value_minor"]
        assert sum(value.values()) == voucher["face_minor"]
        assert value["redeemed"] > 0
        for state, amount in value.items():
            accounts = Account.objects.filter(type=f"B.{state.capitalize()}", keys__0=voucher["code"])
            assert amount == sum(account.balance for account in accounts)
        assert get(as_("approver"), f"vouchers/{voucher['code']}").json() == voucher
    assert {voucher["code"] for voucher in vouchers} == set(Voucher.objects.values_list("code", flat=True))


def test_a_run_is_its_summary(as_: Client, ids_of: dict[str, str]) -> None:
    assert get(as_("ops"), f"runs/{ids_of['run']}").json() == summary_of(Run.objects.get())


def test_a_line_is_explained_down_to_its_rows(as_: Client) -> None:
    client, code = as_("hexi-it"), "O-hexi:2026-10"
    expected = explanation_of(StatementLine.objects.get(code=code))
    parts = expected.pop("parts")

    line = get(client, f"statement-lines/{code}").json()
    rows = get(client, f"statement-lines/{code}/parts").json()["results"]
    (listed,) = get(client, "statement-lines").json()["results"]

    assert line == expected
    assert len(rows) == line["parts_count"] == len(parts)
    for name in ("claimed_ms", "allowed_ms"):
        assert sum(row[name] for row in rows) == line[name] == listed["latest"][name]
    assert {row["attempt"] for row in rows} == {part["attempt"] for part in parts}
    assert listed["latest"]["run"] == line["run"]["id"]


def test_rows_behind_a_line_are_narrowed_by_code(as_: Client) -> None:
    client = as_("lanling-it")
    rows = get(client, "statement-lines/O-lanling:2026-10/parts").json()["results"]
    cut = next(row for row in rows if row["code"])

    same = get(client, "statement-lines/O-lanling:2026-10/parts", code=cut["code"]).json()["results"]

    assert same == [row for row in rows if row["code"] == cut["code"]] != []


def test_a_statement_is_what_the_command_line_prints(as_: Client) -> None:
    statement = Statement.objects.get()

    told = get(as_("north-ops"), f"statements/{statement.code}").json()

    assert told == statement_as_json(statement)
    assert get(as_("north-ops"), "statements").json()["results"] == [told]


def test_a_usage_file_is_its_slip_as_it_was_given(as_: Client, ids_of: dict[str, str]) -> None:
    slip = get(as_("north-ops"), f"usage-files/{ids_of['file']}").json()
    (listed,) = get(as_("north-ops"), "usage-files").json()["results"]

    assert slip == slip_of(UsageFile.objects.get(id=ids_of["file"]))
    assert slip["file"] == "north-n1-2026-10.sacct"
    assert slip["accepted"] > 0
    outcomes = ("accepted", "duplicate", "revised", "conflict", "parked")
    assert sum(slip[outcome] for outcome in outcomes) + sum(slip["rejected"].values()) == slip["rows"]
    assert sum(listed["counts"].values()) == slip["rows"]
    assert slip["receipt"] == {"id": ids_of["file"], "recorded_at": listed["recorded_at"]}


def test_who_runs_a_programme_sees_claims_and_evidence_of_its_clusters(as_: Client) -> None:
    assert sorted(map(str, found(as_("approver"), "usage-files", "source"))) == ["None", "agent"]
    assert found(as_("north-ops"), "usage-files", "source") == [None]
