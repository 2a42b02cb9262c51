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
RECORD = (
    "INSERT INTO ledger_log_record (kind, subject, digest, told, submitter, number, recorded_at_ms)"
    " VALUES ('k', '{subject}', sha256('{{}}'), '{told}', '{submitter}', {number}, 1)"
)
LEAF = (
    "INSERT INTO ledger_log_leaf (position, record_id, entry_id, suite, salt, leaf_hash)"
    " VALUES ({position}, {record}, {entry}, {suite}, {salt}, {leaf_hash})"
)
NODE = "INSERT INTO ledger_log_node (level, index, node_hash) VALUES ({level}, 0, {node_hash})"
HEAD = "INSERT INTO ledger_log_head (size, root, frontier, sealed_at_ms) VALUES ({size}, {root}, '{{}}', 1)"
KEY = (
    "INSERT INTO ledger_log_key (verifier_key, replaces_id, reason, actor, began_at_ms)"
    " VALUES ('{key}', {replaces}, '{reason}', '{actor}', 1)"
)
CHECKPOINT = (
    "INSERT INTO ledger_log_checkpoint (id, head_id, text, signed_at_ms)"
    " VALUES (1, {head}, E'us\\n{size}\\n' || {root}, 1)"
)
SIGNATURE = (
    "INSERT INTO ledger_log_signature (checkpoint_id, name, key_id, blob, witness, recorded_at_ms)"
    " VALUES (1, 'us', {key_id}, {blob}, {witness}, 1)"
)
SUBMITTED = {"subject": "a", "told": "{}", "submitter": "north", "number": 1}
ALONE = {"position": 1, "record": "NULL", "entry": 1, "suite": 1, "salt": "substr(sha256(''), 1, 16)",
         "leaf_hash": "sha256('')"}  # fmt: skip
KEPT = {"level": 8, "node_hash": "sha256('')"}
FIRST = {"key": "one", "replaces": "NULL", "reason": "first", "actor": ""}
OF_FIVE = {"size": 5, "root": "sha256('')"}
SAYS_FIVE = {"head": 5, "size": 5, "root": "encode(sha256(''), 'base64') || E'\\n'"}
SIGNED = {"key_id": "substr(sha256(''), 1, 4)", "blob": "sha512('')", "witness": "FALSE"}
NOTED = HEAD.format(**OF_FIVE) + ";" + CHECKPOINT.format(**SAYS_FIVE) + ";"

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
    ("record_number_must_be_given_once",
     RECORD.format(**SUBMITTED) + ";" + RECORD.format(**SUBMITTED | {"subject": "b"})),
    ("record_must_be_numbered_exactly_when_submitted", RECORD.format(**SUBMITTED | {"submitter": ""})),
    ("record_must_be_numbered_exactly_when_submitted", RECORD.format(**SUBMITTED | {"number": 0})),
    ("record_must_be_numbered_exactly_when_submitted", RECORD.format(**SUBMITTED | {"number": -1})),
    ("record_must_not_pass_for_an_entry", RECORD.format(**SUBMITTED).replace("'k'", "'entry.posted'")),
    ("record_must_be_digested_as_told", RECORD.format(**SUBMITTED | {"told": "{ }"})),
    ("entry_must_be_sealed_once", LEAF.format(**ALONE) + ";" + LEAF.format(**ALONE | {"position": 2})),
    ("leaf_must_hold_one_thing", LEAF.format(**ALONE | {"entry": "NULL"})),
    ("leaf_must_hold_one_thing", LEAF.format(**ALONE | {"record": 1})),
    ("leaf_must_be_of_a_known_suite", LEAF.format(**ALONE | {"suite": 2})),
    ("leaf_must_be_of_a_known_suite", LEAF.format(**ALONE | {"salt": "substr(sha256(''), 1, 15)"})),
    ("leaf_must_be_of_a_known_suite", LEAF.format(**ALONE | {"leaf_hash": "sha512('')"})),
    ("leaf_position_must_be_positive", LEAF.format(**ALONE | {"position": 0})),
    ("node_must_stand_once", NODE.format(**KEPT) + ";" + NODE.format(**KEPT)),
    ("node_must_be_of_a_kept_level", NODE.format(**KEPT | {"level": 7})),
    ("node_must_be_of_a_kept_level", NODE.format(**KEPT | {"level": 64})),
    ("node_must_be_of_a_kept_level", NODE.format(**KEPT | {"node_hash": "sha512('')"})),
    ("head_must_be_of_some_leaves", HEAD.format(**OF_FIVE | {"size": 0})),
    ("head_must_be_of_some_leaves", HEAD.format(**OF_FIVE | {"root": "sha512('')"})),
    ("key_must_replace_one_or_be_the_first", KEY.format(**FIRST | {"reason": "rotated", "actor": "a"})),
    ("key_must_replace_one_or_be_the_first", KEY.format(**FIRST | {"replaces": 1})),
    ("key_must_replace_one_or_be_the_first", KEY.format(**FIRST | {"replaces": 1, "reason": "lost"})),
    ("key_must_replace_one_or_be_the_first", KEY.format(**FIRST | {"reason": "tired", "replaces": 1, "actor": "a"})),
    ("key_must_have_one_beginning", KEY.format(**FIRST) + ";" + KEY.format(**FIRST | {"key": "two"})),
    ("checkpoint_must_say_its_head", CHECKPOINT.format(**SAYS_FIVE)),
    ("checkpoint_must_say_its_head", HEAD.format(**OF_FIVE) + ";" + CHECKPOINT.format(**SAYS_FIVE | {"size": 6})),
    ("checkpoint_must_say_its_head",
     HEAD.format(**OF_FIVE) + ";" + CHECKPOINT.format(**SAYS_FIVE | {"root": "encode(sha256('x'), 'base64')"})),
    ("checkpoint_must_be_signed_once_by_a_key", NOTED + SIGNATURE.format(**SIGNED) + ";" + SIGNATURE.format(**SIGNED)),
    ("signature_must_have_its_length", NOTED + SIGNATURE.format(**SIGNED | {"witness": "TRUE"})),
    ("signature_must_have_its_length", NOTED + SIGNATURE.format(**SIGNED | {"key_id": "sha256('')"})),
    ("signature_must_have_its_length", NOTED + SIGNATURE.format(**SIGNED | {"blob": "sha256('')"})),
]  # fmt: skip


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
