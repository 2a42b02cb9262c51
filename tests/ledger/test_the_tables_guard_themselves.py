"""Past the door and its checks, as the owner: the tables' own constraints still refuse."""

import pytest
from bookkeeping import begun, post
from django.db import DatabaseError, connections, transaction
from psycopg.errors import IntegrityError

pytestmark = pytest.mark.database

TRANSFER = (
    "INSERT INTO ledger_transfer (entry_id, ordinal, book_id, debit_account_id, credit_account_id, amount,"
    " recorded_at_ms, debit_balance, credit_balance) SELECT e.id, {ordinal}, b.id, d.id, c.id, {amount}, 1, 1, 1"
    " FROM ledger_entry AS e, ledger_book AS b, ledger_account AS d, ledger_account AS c"
    " WHERE e.template_id = 'ISSUE' AND b.kind = '{kind}' AND d.code = '{debit}' AND c.code = '{credit}'"
)
ENTRY = (
    "INSERT INTO ledger_entry (template_id, template_version, idempotency_key, input_digest, happened_at_ms,"
    " recorded_at_ms, proposer, approver, document, run) VALUES ('HOLD', 1, {key}, '', {time}, 1, {people}, '', '')"
)
B, M = "B.Available[HN24,V1]", "M.Expense[HN24,2024]"
GOOD = {"ordinal": 2, "amount": 1, "kind": "B", "debit": "B.Unallocated[HN24]", "credit": B}
WRITTEN = {"key": "'key'", "time": "1", "people": "'one', 'two'"}
ACT = (
    "INSERT INTO ledger_account_act (account_id, kind, until_ms, actor, reason, recorded_at_ms)"
    " SELECT min(a.id), '{kind}', {until}, '{actor}', 'why', 1 FROM ledger_account AS a"
)
CLOSE = (
    "INSERT INTO ledger_period_close (book_id, open_from_ms, transfers, amount, actor, document, recorded_at_ms)"
    " SELECT min(b.id), 1, 0, 0, '{actor}', '', 1 FROM ledger_book AS b"
)
NUMBER = (
    "INSERT INTO ledger_entry_number (entry_id, book_id, year, number)"
    " SELECT {entry}, (SELECT min(id) FROM ledger_book), 1999, {number}"
    " FROM (SELECT id FROM ledger_entry ORDER BY id LIMIT {limit}) AS e"
)
MOVEMENT = (
    "INSERT INTO ledger_movement (account_id, happened_on, template_id, transfers, debits, credits,"
    " first_recorded_at_ms, last_recorded_at_ms) VALUES (1, '1999-01-01', 'HOLD', 1, 1, 1, 1, 1)"
)
TWICE_OPENED = (
    "INSERT INTO ledger_account (book_id, type_id, code, keys, normal_side, floor_sign, debits_total, credits_total,"
    " opened_at_ms, recorded_at_ms) SELECT book_id, type_id, code, keys, normal_side, floor_sign, 0, 0, 1, 1"
    " FROM ledger_account LIMIT 1"
)
LISTED_TWICE = (
    "INSERT INTO ledger_flow (template_id, template_version, debit_type_id, credit_type_id, same_keys,"
    " debit_positions, credit_positions)"
    " SELECT template_id, 1, debit_type_id, credit_type_id, '{}', '{}', '{}' FROM ledger_flow LIMIT 1"
)
CHUNKS_IN_ONE_PLACE = (
    "INSERT INTO ledger_document (sha256, size_bytes, media_type, name, recorded_at_ms)"
    " VALUES (repeat('a', 64), 2, 'text/csv', 'n', 1);"
    "INSERT INTO ledger_document_chunk (document_id, ordinal, content)"
    " VALUES (repeat('a', 64), 0, 'a'), (repeat('a', 64), 0, 'b')"
)
FUND = "INSERT INTO ledger_fund (code, payments_follow, declared_at_ms) VALUES ({code}, {follow}, 1)"
SHARE = "INSERT INTO ledger_fund_share (fund_id, level, place, weight) VALUES ('HN24', {level}, {place}, {weight})"
RULE = {"code": "'T26'", "follow": "'at_once'"}
LEVEL = {"level": "'county'", "place": "3", "weight": "1"}

FORBIDDEN = [
    ("transfer_amount_must_be_positive", TRANSFER.format(**GOOD | {"amount": 0})),
    ("transfer_amount_must_be_positive", TRANSFER.format(**GOOD | {"amount": -5})),
    ("transfer_accounts_must_be_different", TRANSFER.format(**GOOD | {"debit": B})),
    ("transfer_must_have_one_place", TRANSFER.format(**GOOD | {"ordinal": 1})),
    ("transfer_must_name_what_is_there", TRANSFER.format(**GOOD | {"debit": M})),
    ("transfer_must_name_what_is_there", TRANSFER.format(**GOOD | {"credit": M})),
    ("transfer_must_name_what_is_there", TRANSFER.format(**GOOD).replace("SELECT e.id", "SELECT e.id + 1000000")),
    ("entry_texts_must_be_one_line", ENTRY.format(**WRITTEN | {"people": "E'a\\nb', 'two'"})),
    ("entry_key_must_be_used_once", ENTRY.format(**WRITTEN | {"key": "'i:1'"})),
    ("entry_must_reverse_exactly_when_it_says_so", ENTRY.format(**WRITTEN).replace("'HOLD'", "'REVERSE'")),
    ("account_must_be_opened_once", TWICE_OPENED),
    ("account_must_be_empty_to_be_closed", f"UPDATE ledger_account SET closed_at_ms = 1 WHERE code = '{B}'"),
    ("account_act_must_end_after_it_begins", ACT.format(kind="freeze", until="1", actor="a")),
    ("account_act_must_end_after_it_begins", ACT.format(kind="freeze", until="NULL", actor="a")),
    ("account_act_must_end_after_it_begins", ACT.format(kind="thaw", until="2", actor="a")),
    ("account_act_must_have_a_reason", ACT.format(kind="thaw", until="NULL", actor="")),
    ("period_must_be_closed_by_somebody", CLOSE.format(actor="")),
    ("period_must_be_closed_once", CLOSE.format(actor="a") + ";" + CLOSE.format(actor="a")),
    ("entry_number_must_be_given_once", NUMBER.format(entry="e.id", number=1, limit=2)),
    ("entry_must_have_one_number_in_a_book", NUMBER.format(entry="1", number="e.id", limit=2)),
    ("entry_number_must_be_positive", NUMBER.format(entry="e.id", number=0, limit=1)),
    ("movement_must_be_summed_once", MOVEMENT + ";" + MOVEMENT),
    ("entry_key_must_be_readable", ENTRY.format(**WRITTEN | {"key": "'a key'"})),
    ("entry_key_must_be_readable", ENTRY.format(**WRITTEN | {"key": "E'key\\n'"})),
    ("entry_key_must_be_readable", ENTRY.format(**WRITTEN | {"key": "'key\u3000'"})),
    ("entry_time_must_be_plausible", ENTRY.format(**WRITTEN | {"time": "-1"})),
    ("entry_approver_must_not_be_proposer", ENTRY.format(**WRITTEN | {"people": "'one', 'one'"})),
    ("entry_approver_must_not_be_proposer", ENTRY.format(**WRITTEN | {"people": "'', 'one'"})),
    ("account_totals_must_not_be_negative", "UPDATE ledger_account SET debits_total = -1 WHERE floor_sign = 0"),
    ("account_must_not_pass_its_floor", f"UPDATE ledger_account SET credits_total = 0 WHERE code = '{B}'"),
    ("book_kind_must_be_known", "INSERT INTO ledger_book (kind, owner, asset) VALUES ('X', 'HN24', 'CNY')"),
    ("book_asset_must_be_a_code", "INSERT INTO ledger_book (kind, owner, asset) VALUES ('B', 'HN24', '¥')"),
    ("book_must_be_opened_once", "INSERT INTO ledger_book (kind, owner, asset) VALUES ('B', 'HN24', 'CNY')"),
    ("flow_must_be_listed_once", LISTED_TWICE),
    ("chunk_must_have_one_place", CHUNKS_IN_ONE_PLACE),
    ("fund_must_have_a_code", FUND.format(**RULE | {"code": "'T 26'"})),
    ("fund_payments_must_follow_a_known_rule", FUND.format(**RULE | {"follow": "'never'"})),
    ("share_level_must_have_a_code", SHARE.format(**LEVEL | {"level": "''"})),
    ("share_level_must_be_named_once", SHARE.format(**LEVEL | {"level": "'city'"})),
    ("share_must_have_one_place", SHARE.format(**LEVEL | {"place": "2"})),
    ("share_weight_must_be_positive", SHARE.format(**LEVEL | {"weight": "0"})),
    ("share_weight_must_be_positive", SHARE.format(**LEVEL | {"weight": "1000000"})),
]


def write(statement: str) -> None:
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute(statement)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_the_owner_cannot_write_what_a_constraint_forbids(committed):
    post(begun("i").entries)

    for constraint, statement in FORBIDDEN:
        with pytest.raises(DatabaseError) as refused:
            write(statement)

        assert isinstance(refused.value.__cause__, IntegrityError), statement
        assert refused.value.__cause__.diag.constraint_name == constraint, statement
