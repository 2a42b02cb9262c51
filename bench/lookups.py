"""Balances and statements of accounts with 1, 3 and 10 million transfers: what a look-up costs must not grow with them.

Three funds stand in one set of tables. In each, every transfer takes from the pool and gives to one of a thousand
vouchers in turn; a day of the world has a hundred thousand transfers, whatever the fund, which a balance at an instant
within that day reads: 35 ms, and not asked here. The tables are filled past the
door, as the owner, with what the door would have written; all look-ups are asked of the same server in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from django.db import connections

from bench import Comparison, alternate
from ledger.books import services as books
from ledger.books import statements
from ledger.books.questions import LAST_MS
from ledger.books.selectors import balance_at, balances_of

MILLIONS = (1, 3, 10)
VOUCHERS = 1_000
A_DAY = 100_000
TURNS = 200
#: A midnight in Shanghai.
BEGIN_MS = 1_699_977_600_000
DAY_MS = 86_400_000
PARAMETERS = {"vouchers": VOUCHERS, "a_day": A_DAY, "begin_ms": BEGIN_MS, "day_ms": DAY_MS}
#: Transfer n of a fund, from 0, happened on day n / 100,000 and was recorded in the order of n.
ENTRIES = """
INSERT INTO ledger_entry (template_id, template_version, idempotency_key, input_digest, happened_at_ms, recorded_at_ms,
    proposer, approver, document, run)
SELECT 'ISSUE', 1, %(fund)s || ':' || n, sha256(n::text::bytea),
    %(begin_ms)s + n * 100 / %(a_day)s * %(day_ms)s + n * 100 %% %(a_day)s,
    %(begin_ms)s + n * 100 * %(day_ms)s / %(a_day)s,
    'bench', '', '', ''
FROM generate_series(0::bigint, %(transfers)s / 100 - 1) AS n
"""
TRANSFERS = """
INSERT INTO ledger_transfer (entry_id, ordinal, book_id, debit_account_id, credit_account_id, amount, recorded_at_ms,
    debit_balance, credit_balance)
SELECT e.id, n %% 100 + 1, p.book_id, p.id, v.id, 1, e.recorded_at_ms, 1000000000 - %(vouchers)s - n - 1,
    n / %(vouchers)s + 2
FROM generate_series(0::bigint, %(transfers)s - 1) AS n
INNER JOIN ledger_entry AS e ON e.id = %(first_entry)s + n / 100
CROSS JOIN (SELECT id, book_id FROM ledger_account WHERE code = 'B.Unallocated[' || %(fund)s || ']') AS p
INNER JOIN ledger_account AS v ON v.code = 'B.Available[' || %(fund)s || ',V' || n %% %(vouchers)s || ']'
ORDER BY n
"""
MOVEMENTS = """
INSERT INTO ledger_movement (account_id, happened_on, template_id, transfers, debits, credits, first_recorded_at_ms,
    last_recorded_at_ms)
SELECT l.account_id, ledger_accounting_day_v1(e.happened_at_ms), 'ISSUE', count(*), sum(l.debit), sum(l.credit),
    min(l.recorded_at_ms), max(l.recorded_at_ms)
FROM ledger_entry AS e
INNER JOIN ledger_leg AS l ON e.id = l.entry_id
WHERE e.id >= %(first_entry)s
GROUP BY 1, 2
"""
TOTALS = """
UPDATE ledger_account AS a
SET debits_total = a.debits_total + s.debits, credits_total = a.credits_total + s.credits, recorded_at_ms = s.last_ms
FROM (
    SELECT m.account_id, sum(m.debits) AS debits, sum(m.credits) AS credits, max(m.last_recorded_at_ms) AS last_ms
    FROM ledger_movement AS m GROUP BY m.account_id
) AS s
WHERE a.id = s.account_id AND a.code LIKE %(like)s
"""


def measure(rounds: int) -> Iterator[Comparison]:
    """Ask the fund of each size the same questions in turn, and compare with the smallest."""
    for millions in MILLIONS:
        fill(millions)
    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    for question, ask in QUESTIONS.items():
        for millions in MILLIONS[1:]:
            yield alternate(
                f"{question}, {millions} million", f"{MILLIONS[0]} million", rounds,
                partial(repeatedly, ask, millions), partial(repeatedly, ask, MILLIONS[0]), units=TURNS,
            )  # fmt: skip


def fill(millions: int) -> None:
    """Open a fund's accounts through the door, and write its transfers past it."""
    fund, transfers = f"M{millions}", millions * 1_000_000
    row = books.Row(f"B.Authority[{fund},city,2026]", f"B.Unallocated[{fund}]", 1_000_000_000, "CNY")
    books.post([books.Entry("FUND.AUTHORISE", f"{fund}:fund", 0, "bench", [row])])
    books.post([
        books.Entry("ISSUE", f"{fund}:open:{n}", 0, "bench",
                    [books.Row(f"B.Unallocated[{fund}]", f"B.Available[{fund},V{n}]", 1, "CNY")])
        for n in range(VOUCHERS)
    ])  # fmt: skip
    told = PARAMETERS | {"fund": fund, "transfers": transfers, "like": f"B.%[{fund}%"}
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_transfer DISABLE TRIGGER USER; DELETE FROM ledger_entry_waiting")
        cursor.execute("SELECT max(id) + 1 FROM ledger_entry")
        (told["first_entry"],) = cursor.fetchone()
        cursor.execute("SELECT setval('ledger_entry_id_seq', %(first_entry)s, FALSE)", told)
        for statement in (ENTRIES, TRANSFERS, MOVEMENTS, TOTALS):
            cursor.execute(statement, told)


def repeatedly(ask: Callable[[str, int, int], object], millions: int, _: int) -> None:
    """Ask a question of a fund TURNS times, of other vouchers and instants each time."""
    for turn in range(TURNS):
        ask(f"M{millions}", turn * 37 % VOUCHERS, turn * 7919 % (millions * 1_000_000))


def recorded_ms(transfer: int) -> int:
    """Return when a transfer was recorded."""
    return BEGIN_MS + transfer // 100 * 100 * DAY_MS // A_DAY


def page(fund: str, to_ms: int = LAST_MS) -> object:
    """Read a page of the pool's statement, from an instant back."""
    return statements.statement_of(statements.account_of(None, f"B.Unallocated[{fund}]"), how_many=50, to_ms=to_ms)


QUESTIONS: dict[str, Callable[[str, int, int], object]] = {
    "balance of a voucher now": lambda fund, voucher, _: balances_of([f"B.Available[{fund},V{voucher}]"]),
    "balance of the pool now": lambda fund, _, __: balances_of([f"B.Unallocated[{fund}]"]),
    "balance of the pool as recorded at an instant": lambda fund, _, n: balance_at(
        f"B.Unallocated[{fund}]", recorded_ms=recorded_ms(n)
    ),
    "balance of the pool as happened by a day's end": lambda fund, _, n: balance_at(
        f"B.Unallocated[{fund}]", happened_ms=BEGIN_MS + n // A_DAY * DAY_MS - 1
    ),
    "newest page of the pool's statement": lambda fund, _, __: page(fund),
    "a page in the middle of the pool's statement": lambda fund, _, n: page(fund, recorded_ms(n)),
}
