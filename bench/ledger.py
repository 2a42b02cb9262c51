"""The door: single postings against the bare statements, batches against COPY."""

from __future__ import annotations

from django.db import connection, connections, transaction

from bench import Comparison, alternate
from ledger.books import services as books

SINGLES = 300
BATCH = 5_000
FLOOR = """
WITH t AS (INSERT INTO floor_transfer (debit, credit, amount) VALUES (1, 2, 1)),
d AS (UPDATE floor_account SET debits = debits + 1 WHERE id = 1)
UPDATE floor_account SET credits = credits + 1 WHERE id = 2
"""


def entry(key: str, amount: int = 1, credit: str = "B.Unallocated[BENCH]") -> books.Entry:
    """Return an entry of one row."""
    row = books.Row("B.Authority[BENCH,city,2026]", credit, amount, "CNY")
    return books.Entry("FUND.AUTHORISE", key, 1_767_225_600_000, "bench", [row])


def measure(rounds: int) -> list[Comparison]:
    """Compare single postings with one insert and two updates in one round trip, and a batch with COPY."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("CREATE TABLE floor_account (id bigint PRIMARY KEY, debits bigint, credits bigint)")
        cursor.execute("INSERT INTO floor_account VALUES (1, 0, 0), (2, 0, 0)")
        cursor.execute(
            "CREATE TABLE floor_transfer (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, debit bigint REFERENCES "
            "floor_account, credit bigint REFERENCES floor_account, amount bigint)"
        )

    def singles(number: int) -> None:
        for one in range(SINGLES):
            books.post([entry(f"single:{number}:{one}")])

    def floor(_: int) -> None:
        for _one in range(SINGLES):
            with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
                cursor.execute(FLOOR)

    def batch(number: int) -> None:
        books.post([entry(f"batch:{number}:{one}") for one in range(BATCH)])

    def copy(_: int) -> None:
        with (
            connections["owner"].cursor() as cursor,
            cursor.copy("COPY floor_transfer (debit, credit, amount) FROM STDIN") as rows,
        ):
            for _one in range(BATCH):
                rows.write_row((1, 2, 1))

    connection.ensure_connection()
    return [
        alternate(f"{SINGLES} single postings, 1 client", "one insert, two updates", rounds, singles, floor),
        alternate(f"a batch of {BATCH} entries", "COPY of as many rows", rounds, batch, copy),
    ]
