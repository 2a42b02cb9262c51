"""Look-ups of a long account read an index as far as they must: nothing is sorted, summed or read whole."""

import json

import pytest
from bookkeeping import HAPPENED_MS, entry, post, voucher
from django.db import connection, connections

from ledger.books.models import Account, Transfer
from ledger.books.selectors import balance_at
from ledger.log.services import seal
from ledger.sql import load

pytestmark = [pytest.mark.database]

DAY_MS = 86_400_000
NOON_MS = HAPPENED_MS + DAY_MS // 2
AVAILABLE, HELD = "B.Available[T26,V1]", "B.Held[T26,V1,O1]"


def test_a_page_of_a_long_account_is_merged_from_two_indexes_and_not_sorted(committed):
    post(voucher("V1", 100_000))
    for _ in range(4):
        post([entry("HOLD", (AVAILABLE, HELD, 2)) for _ in range(1_000)] + [
            entry("RELEASE", (HELD, AVAILABLE, 1)) for _ in range(1_000)])  # fmt: skip
    seal()
    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE ledger_transfer, ledger_account, ledger_entry")
    account = Account.objects.get(code=HELD)
    place = {"before_ms": account.recorded_at_ms, "before_id": Transfer.objects.latest("id").id - 500}

    found = plan_of("statement_page", {"account": account.id, "from_ms": 0, "how_many": 51, "sign": -1, **place})

    assert {node["Node Type"] for node in found}.isdisjoint({"Sort", "Incremental Sort"})
    assert "Merge Append" in {node["Node Type"] for node in found}
    read = [node for node in found if node.get("Relation Name") == "ledger_transfer"]
    assert {node["Node Type"] for node in read} <= {"Index Scan", "Index Only Scan"}
    assert sum(node["Actual Rows"] * node["Actual Loops"] for node in read) <= 53
    found = plan_of("balances_recorded", {"codes": [HELD], "until_ms": account.recorded_at_ms})
    read = [node for node in found if node.get("Relation Name") == "ledger_transfer"]
    assert sum(node["Actual Rows"] * node["Actual Loops"] for node in read) <= 2


def plan_of(name: str, parameters: dict) -> list[dict]:
    """Every node of what the database does for a statement."""
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + load("ledger.books", name), parameters)
        (plan,) = cursor.fetchone()
    waiting = [(plan if isinstance(plan, list) else json.loads(plan))[0]["Plan"]]
    found = []
    while waiting:
        found.append(waiting.pop())
        waiting += found[-1].get("Plans", [])
    return found


def test_a_balance_by_the_time_of_happening_costs_the_same_in_a_small_and_in_a_large_book(committed):
    post(voucher("V1", 100_000))
    small = small_and_large(10, day=2)
    large = small_and_large(6_000, day=4)

    assert [balance for balance, _ in large] == [12_017, 12_014]
    for (_, pages_of_small), (_, pages_of_large) in zip(small, large, strict=True):
        assert pages_of_large <= pages_of_small + 20


def small_and_large(holds: int, *, day: int) -> list[tuple[int, int]]:
    """Post so many transfers on the first day and three on another, and ask for the day before it and its noon."""
    post([entry("HOLD", (AVAILABLE, HELD, 2), happened_at_ms=NOON_MS) for _ in range(holds)])
    post([entry("RELEASE", (HELD, AVAILABLE, 1), happened_at_ms=NOON_MS + day * DAY_MS) for _ in range(3)])
    seal()
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "VACUUM ANALYZE ledger_transfer, ledger_account, ledger_entry, ledger_movement, ledger_entry_waiting"
        )
    return [told_for(NOON_MS + (day - 1) * DAY_MS), told_for(NOON_MS + day * DAY_MS)]


def told_for(happened_ms: int) -> tuple[int, int]:
    """The balance as of an instant, and how many pages of the database are looked at for it."""
    parameters = {"codes": [HELD], "until_ms": happened_ms}
    plans = [plan_of("balances_happened", parameters) for _ in range(2)]
    return balance_at(HELD, happened_ms=happened_ms), plans[-1][0]["Shared Hit Blocks"]
