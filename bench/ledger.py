"""The door: single postings against the bare statements, a hot account, batches against COPY.

The *floor* is what any ledger must do for a transfer: one insert and two balance updates, in one round trip, without a
check, a key or an index but those of the primary keys. The *service* is `books.post` from Django.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from functools import partial

from django.db import connection, connections

from bench import Comparison, alternate, pgbench
from ledger.books import services as books

VOUCHERS = 10_000
FACE = 10**12
SINGLES = 4_000
CLIENTS = (1, 8, 16)
BATCHES = (50, 10_000, 100_000)
HAPPENED_MS = 1_767_225_600_000
FLOOR = """
CREATE TABLE floor_account (id bigint PRIMARY KEY, debits bigint NOT NULL, credits bigint NOT NULL)
WITH (fillfactor = 50);
INSERT INTO floor_account SELECT n, 0, 0 FROM generate_series(1, 2 * {vouchers}) AS n;
CREATE TABLE floor_transfer (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, debit bigint NOT NULL, credit bigint NOT NULL,
    amount bigint NOT NULL
);
CREATE FUNCTION floor_post(lower bigint, higher bigint, amount bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO floor_transfer (debit, credit, amount) VALUES (lower, higher, amount);
    UPDATE floor_account SET debits = debits + amount WHERE id = lower;
    UPDATE floor_account SET credits = credits + amount WHERE id = higher;
END
$$;
GRANT ALL ON floor_account, floor_transfer TO PUBLIC;
"""
FLOOR_SCRIPT = f"""
\\set lower random(1, {VOUCHERS})
\\set higher {VOUCHERS} + :lower
SELECT floor_post(:lower, :higher, 1);
"""
DOOR_SCRIPT = """
\\set voucher random(1, {vouchers})
\\set key random(1, 9000000000000000)
SELECT * FROM ledger_post_entries_v1(
    ARRAY['{template}'], ARRAY['{template}:' || :client_id || ':' || :key], ARRAY[{happened_ms}::bigint],
    ARRAY['bench'], ARRAY[''], ARRAY[''], ARRAY[''], ARRAY[''], ARRAY[1],
    ARRAY[{debit}], ARRAY[{credit}], ARRAY[1::bigint], ARRAY['CNY'], {happened_ms}
);
"""
COLD = partial(DOOR_SCRIPT.format, vouchers=VOUCHERS, happened_ms=HAPPENED_MS, template="HOLD",
               debit="'B.Available[BENCH,V' || :voucher || ']'",
               credit="'B.Held[BENCH,V' || :voucher || ',O]'")()  # fmt: skip
#: Every transfer takes from the pool of the fund.
HOT = partial(DOOR_SCRIPT.format, vouchers=VOUCHERS, happened_ms=HAPPENED_MS, template="ISSUE",
              debit="'B.Unallocated[BENCH]'", credit="'B.Available[BENCH,V' || :voucher || ']'")()  # fmt: skip


def measure(rounds: int) -> Iterator[Comparison]:
    """Compare single postings, a hot account and batches with their yardsticks."""
    fill()
    for clients in CLIENTS:
        floor = partial(seconds_of, FLOOR_SCRIPT, clients)
        yield alternate(f"the door, {clients} clients", "the floor", rounds, partial(seconds_of, COLD, clients), floor,
                        units=SINGLES)  # fmt: skip
        yield alternate(f"the service from Django, {clients} clients", "the floor", rounds,
                        partial(through_django, clients), floor, units=SINGLES)  # fmt: skip
    for clients in CLIENTS[1:]:
        yield hot(clients, rounds)
    for rows in BATCHES:
        yield from batches(rows, rounds)


def fill() -> None:
    """Open a voucher with value for every client's choice, and the tables of the floor."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(FLOOR.format(vouchers=VOUCHERS))
    money = ("B.Authority[BENCH,city,2026]", "B.Unallocated[BENCH]", 2 * VOUCHERS * FACE)
    books.post([entry("FUND.AUTHORISE", "fund", *money)])
    books.post(
        [entry("ISSUE", f"issue:{n}", "B.Unallocated[BENCH]", available(n), FACE) for n in range(1, VOUCHERS + 1)]
    )
    books.post([entry("HOLD", f"hold:{n}", available(n), held(n), 1) for n in range(1, VOUCHERS + 1)])
    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE ledger_account, ledger_entry, ledger_transfer, ledger_book, ledger_flow, floor_account")


def entry(template: str, key: str, debit: str, credit: str, amount: int) -> books.Entry:
    """Return an entry of one row."""
    return books.Entry(template, key, HAPPENED_MS, "bench", [books.Row(debit, credit, amount, "CNY")])


def available(voucher: int) -> str:
    """Return a voucher's free account."""
    return f"B.Available[BENCH,V{voucher}]"


def held(voucher: int) -> str:
    """Return the account of a voucher's order."""
    return f"B.Held[BENCH,V{voucher},O]"


def seconds_of(script: str, clients: int, _: int) -> float:
    """Run a script and return its seconds."""
    return pgbench.run(script, clients=clients, transactions=SINGLES)[0]


def hot(clients: int, rounds: int) -> Comparison:
    """Compare transfers that share an account with transfers that share none, and say both 99th percentiles."""
    slowest_ms: dict[str, list[float]] = {HOT: [], COLD: []}

    def timed(script: str, _: int) -> float:
        seconds, p99_ms = pgbench.run(script, clients=clients, transactions=SINGLES)
        slowest_ms[script].append(p99_ms)
        return seconds

    compared = alternate(f"one hot account, {clients} clients", "uncontended", rounds, partial(timed, HOT),
                         partial(timed, COLD), units=SINGLES)  # fmt: skip
    p99 = [sorted(found[1:])[len(found[1:]) // 2] for found in slowest_ms.values()]
    return Comparison(compared.name, compared.yardstick, compared.ours_s, compared.yardstick_s, compared.units,
                      f"p99 {p99[0]:.1f} ms against {p99[1]:.1f} ms")  # fmt: skip


def through_django(clients: int, _: int) -> float:
    """Post from as many processes, each with a connection of its own, and return the seconds from start to end."""
    connections.close_all()
    processes = multiprocessing.get_context("fork")
    start, end = processes.Barrier(clients + 1), processes.Barrier(clients + 1)

    def client(place: int) -> None:
        connection.ensure_connection()
        start.wait()
        for turn in range(SINGLES // clients):
            voucher = 1 + (place * 7919 + turn * 104_729) % VOUCHERS
            books.post([entry("HOLD", f"{time.monotonic_ns()}:{place}:{turn}", available(voucher), held(voucher), 1)])
        end.wait()

    workers = [processes.Process(target=client, args=(place,)) for place in range(clients)]
    for worker in workers:
        worker.start()
    start.wait()
    began = time.perf_counter()
    end.wait()
    took = time.perf_counter() - began
    for worker in workers:
        worker.join()
    return took


def batches(rows: int, rounds: int) -> Iterator[Comparison]:
    """Compare a batch of entries of one row each with COPY of the same rows, with and without indexes and keys."""
    repeats = max(1, 2_000 // rows)
    copied: dict[str, bytes] = {}

    def post(number: int) -> float:
        took = 0.0
        for repeat in range(repeats):
            entries = [
                entry(
                    "HOLD",
                    f"batch:{rows}:{number}:{repeat}:{n}",
                    available(1 + n % VOUCHERS),
                    held(1 + n % VOUCHERS),
                    1,
                )
                for n in range(rows)
            ]
            began = time.perf_counter()
            posted = books.post(entries)
            took += time.perf_counter() - began
        span = (posted[0].entry_id, posted[-1].entry_id)
        for table, column in (("ledger_entry", "id"), ("ledger_transfer", "entry_id")):
            copied[table] = copy_out(f"SELECT * FROM {table} WHERE {column} BETWEEN {span[0]} AND {span[1]}")  # noqa: S608
        return took

    def copy(prefix: str, _: int) -> float:
        took = 0.0
        for _repeat in range(repeats):
            with connections["owner"].cursor() as cursor:
                cursor.execute(f"TRUNCATE {prefix}_entry, {prefix}_transfer")
            began = time.perf_counter()
            copy_in(prefix, copied)
            took += time.perf_counter() - began
        return took

    with connections["owner"].cursor() as cursor:
        cursor.execute(YARDSTICKS)
    for prefix, what in (("indexed", "COPY with its indexes and keys"), ("bare", "COPY into bare tables")):
        yield alternate(f"a batch of {rows:,}", what, rounds, post, partial(copy, prefix), units=rows * repeats)


YARDSTICKS = """
DROP TABLE IF EXISTS indexed_entry, indexed_transfer, bare_entry, bare_transfer;
CREATE TABLE bare_entry AS TABLE ledger_entry WITH NO DATA;
CREATE TABLE bare_transfer AS TABLE ledger_transfer WITH NO DATA;
CREATE TABLE indexed_entry (LIKE ledger_entry INCLUDING ALL, FOREIGN KEY (template_id) REFERENCES ledger_template,
    FOREIGN KEY (reverses_id) REFERENCES ledger_entry);
CREATE TABLE indexed_transfer (LIKE ledger_transfer INCLUDING ALL, FOREIGN KEY (entry_id) REFERENCES indexed_entry,
    FOREIGN KEY (book_id) REFERENCES ledger_book, FOREIGN KEY (debit_account_id) REFERENCES ledger_account,
    FOREIGN KEY (credit_account_id) REFERENCES ledger_account);
"""


def copy_out(query: str) -> bytes:
    """Return what COPY would read."""
    with connections["owner"].cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT binary)") as rows:
        return b"".join(bytes(block) for block in rows)


def copy_in(prefix: str, copied: dict[str, bytes]) -> None:
    """Copy entries and transfers in one transaction."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("BEGIN")
        for table, content in copied.items():
            target = table.replace("ledger", prefix)
            with cursor.copy(f"COPY {target} FROM STDIN (FORMAT binary)") as rows:
                rows.write(content)
        cursor.execute("COMMIT")
