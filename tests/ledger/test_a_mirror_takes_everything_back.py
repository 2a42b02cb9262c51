"""Worked cases taken back, every entry mirrored, the last one first: all identities hold after each, nothing is left.

A mirror is an entry of the template REVERSE with the rows of its original, debit and credit exchanged, in the opposite
order, so that no floor is passed on the way back. It is written past the door here, as the owner.
"""

import pytest
from bookkeeping import CASE_NAMES, begun, post, violated
from django.db import connections

from ledger.books.models import Account

pytestmark = pytest.mark.database

#: The small cases with rows that an identity counts one by one.
COUNTED_BY_ROWS = (
    "award_reduced",
    "cap_given_back",
    "cut_after_collection",
    "deposit_and_transfer",
    "one_level_pays_first",
    "suspense",
    "three_levels",
    "three_levels_in_transit",
    "voucher_transferred",
)

#: `jsonb_populate_record` copies every other column as it is, whatever columns there are.
MIRRORED_ENTRY = """
INSERT INTO ledger_entry SELECT (jsonb_populate_record(NULL::ledger_entry, to_jsonb(e) || jsonb_build_object(
    'id', nextval(pg_get_serial_sequence('ledger_entry', 'id')),
    'template_id', 'REVERSE',
    'idempotency_key', 'reverse:' || e.idempotency_key,
    'happened_at_ms', (SELECT max(happened_at_ms) FROM ledger_entry)
))).*
FROM ledger_entry AS e WHERE e.id = %s
RETURNING id
"""
MIRRORED_ROWS = """
INSERT INTO ledger_transfer SELECT (jsonb_populate_record(NULL::ledger_transfer, to_jsonb(o) || jsonb_build_object(
    'id', nextval(pg_get_serial_sequence('ledger_transfer', 'id')),
    'entry_id', %s::bigint,
    'ordinal', 1 + (SELECT count(*) FROM ledger_transfer AS x WHERE x.entry_id = o.entry_id) - o.ordinal,
    'debit_account_id', o.credit_account_id,
    'credit_account_id', o.debit_account_id
))).*
FROM (SELECT * FROM ledger_transfer AS t WHERE t.entry_id = %s ORDER BY t.ordinal DESC) AS o
"""
NEW_TOTALS = """
UPDATE ledger_account AS a SET debits_total = a.debits_total + s.debits, credits_total = a.credits_total + s.credits
FROM (
    SELECT m.id, sum(m.debit) AS debits, sum(m.credit) AS credits
    FROM (
        SELECT debit_account_id AS id, amount AS debit, 0 AS credit FROM ledger_transfer WHERE entry_id = %(mirror)s
        UNION ALL
        SELECT credit_account_id, 0, amount FROM ledger_transfer WHERE entry_id = %(mirror)s
    ) AS m
    GROUP BY m.id
) AS s
WHERE a.id = s.id
"""


def mirror(cursor, entry_id: int) -> None:
    """Write the mirror of an entry, with the totals of its accounts."""
    cursor.execute(MIRRORED_ENTRY, [entry_id])
    (mirror_id,) = cursor.fetchone()
    cursor.execute(MIRRORED_ROWS, [mirror_id, entry_id])
    cursor.execute(NEW_TOTALS, {"mirror": mirror_id})


@pytest.mark.parametrize("name", [*CASE_NAMES, *(f"small/{name}" for name in COUNTED_BY_ROWS)])
def test_a_case_taken_back_entry_by_entry_keeps_every_identity_and_leaves_nothing(committed, name):
    posted = post(begun(name).entries)

    with connections["owner"].cursor() as cursor:
        for each in reversed(posted):
            mirror(cursor, each.entry_id)
            # The digest of a mirror is what the door would compute of its inputs, and this is no door.
            assert violated() - {"entries_match_their_digests"} == set()

    assert {account.code: account.balance for account in Account.objects.all() if account.balance} == {}


def test_a_row_that_turns_a_flow_round_without_being_a_mirror_is_named(committed):
    posted = post(begun("i").entries[:4])
    with connections["owner"].cursor() as cursor:
        mirror(cursor, posted[3].entry_id)
        cursor.execute("ALTER TABLE ledger_entry DISABLE TRIGGER USER")
        cursor.execute("UPDATE ledger_entry SET template_id = 'ISSUE' WHERE template_id = 'REVERSE'")

    assert violated() - {"entries_match_their_digests"} == {"flows_are_in_their_template"}
