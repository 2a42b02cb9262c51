"""What the tests of the books share: entries in one line, the cases as data, and the door without its porter."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from django.db import DatabaseError, connection, connections, transaction

from ledger import clock
from ledger.books import models
from ledger.books.services import Entry, Row, post
from ledger.funds.services import declare_shares
from ledger.verification import verify

CASES = Path(__file__).parent / "cases"
HAPPENED_MS = clock.start_of_day_ms(date(2026, 10, 1), "Asia/Shanghai")
WRITTEN = (models.Book, models.Account, models.Entry, models.Transfer)

_keys = count(1)

Written = tuple[str, str, int] | tuple[str, str, int, str]


def entry(template: str, *rows: Written, key: str | None = None, **fields: Any) -> Entry:
    """An entry under a key of its own; a row is debit, credit, amount and, if it is not CNY, asset."""
    return Entry(
        template=template,
        idempotency_key=key or f"test-{next(_keys)}",
        happened_at_ms=fields.pop("happened_at_ms", HAPPENED_MS),
        proposer=fields.pop("proposer", "proposer"),
        rows=[Row(row[0], row[1], row[2], row[3] if len(row) > 3 else "CNY") for row in rows],
        **fields,
    )


def voucher(name: str, face: int, *, fund: str = "T26") -> list[Entry]:
    """A voucher with `face` available, backed by authority."""
    return [
        entry("FUND.AUTHORISE", (f"B.Authority[{fund},city,2026]", f"B.Unallocated[{fund}]", face)),
        entry("ISSUE", (f"B.Unallocated[{fund}]", f"B.Available[{fund},{name}]", face)),
    ]


def written() -> list[int]:
    """How many rows each table of the books has, and what all accounts add up to."""
    totals = models.Account.objects.values_list("debits_total", "credits_total")
    return [*(model.objects.count() for model in WRITTEN), sum(debit + 3 * credit for debit, credit in totals)]


def violated() -> set[str]:
    """The names of the invariants that do not hold."""
    return {verdict.invariant.name for verdict in verify() if not verdict.holds}


@dataclass
class Batch:
    """The arrays of the door, one element an entry and one a row. By default one entry that is right."""

    templates: Any = field(default_factory=lambda: ["FUND.AUTHORISE"])
    idempotency_keys: Any = field(default_factory=lambda: ["raw"])
    happened_ms: Any = field(default_factory=lambda: [HAPPENED_MS])
    proposers: Any = field(default_factory=lambda: ["p"])
    approvers: Any = field(default_factory=lambda: [""])
    documents: Any = field(default_factory=lambda: [""])
    runs: Any = field(default_factory=lambda: [""])
    originals: Any = field(default_factory=lambda: [""])
    row_entries: Any = field(default_factory=lambda: [1])
    debits: Any = field(default_factory=lambda: ["B.Authority[T26,city,2026]"])
    credits: Any = field(default_factory=lambda: ["B.Unallocated[T26]"])
    amounts: Any = field(default_factory=lambda: [5])
    assets: Any = field(default_factory=lambda: ["CNY"])
    now_ms: Any = HAPPENED_MS


KINDS = {"now_ms": "bigint", "happened_ms": "bigint", "amounts": "bigint", "row_entries": "int"}


def knock(batch: Batch) -> str | None:
    """Call the door as anybody with the runtime role may, and return the code of its refusal; other errors are raised.

    Arrays are sent as texts, so that PostgreSQL and not Python reads them.
    """
    values = vars(batch)
    kinds = (KINDS.get(name, "text") + ("" if name == "now_ms" else "[]") for name in values)
    calls = ", ".join(f"CAST(%s AS {kind})" for kind in kinds)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM ledger_post_entries_v1({calls})", list(values.values()))
    except DatabaseError as error:
        if not isinstance(error.__cause__, psycopg.errors.CheckViolation):
            raise
        return error.__cause__.diag.constraint_name
    return None


@contextmanager
def forgotten() -> Iterator[None]:
    """Do something in the database and take it back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Let each act run in a thread and on a connection of its own, all started together; errors are outcomes."""
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            start.wait()
            return act()
        except Exception as error:  # noqa: BLE001 (the test looks at it)
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


@dataclass(frozen=True)
class Case:
    """A worked case: the share rules of its funds, its entries in order, and the balances worked out by hand."""

    name: str
    entries: list[Entry] = field(default_factory=list)
    by_hand: dict[str, int] = field(default_factory=dict)
    rules: list[tuple[str, str, dict[str, int]]] = field(default_factory=list)

    @property
    def accounts(self) -> list[str]:
        """Every account that the case touches."""
        return sorted({code for each in self.entries for row in each.rows for code in (row.debit, row.credit)})


def case(name: str) -> Case:
    """Read `cases/<name>.txt`."""
    found = Case(name)
    for line in (CASES / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        words = line.split()
        if line.startswith("#"):
            continue
        if line.startswith("="):
            found.by_hand[words[1]] = int(words[2])
        elif words[0] == "shares":
            levels = (word.rpartition(":") for word in words[3:])
            found.rules.append((words[1], words[2], {level: int(weight) for level, _, weight in levels}))
        elif line.startswith(" "):
            debit, credit, amount, asset = words
            found.entries[-1].rows.append(Row(debit, credit, int(amount), asset))
        else:
            happened_at_ms = clock.start_of_day_ms(date.fromisoformat(words[0]), "Asia/Shanghai")
            key = f"{name}:{len(found.entries) + 1}"
            found.entries.append(entry(words[1], key=key, happened_at_ms=happened_at_ms))
    return found


def begun(name: str) -> Case:
    """A case whose funds have their share rules; nothing is posted yet."""
    found = case(name)
    for fund, payments_follow, shares in found.rules:
        declare_shares(fund=fund, shares=shares, payments_follow=payments_follow)
    return found


CASE_NAMES = sorted(path.stem for path in CASES.glob("*.txt"))
SMALL_CASE_NAMES = sorted(f"small/{path.stem}" for path in CASES.glob("small/*.txt"))

__all__ = ["CASES", "CASE_NAMES", "HAPPENED_MS", "SMALL_CASE_NAMES", "Batch", "Case", "at_once", "begun", "case",
           "entry", "forgotten", "knock", "post", "violated", "voucher", "written"]  # fmt: skip
