"""What the books derive and store (balances, numbers, movements, closes, freezes) is recomputed and compared."""

import io

import pytest
from bookkeeping import HAPPENED_MS, begun, entry, post, violated, voucher
from history import unguarded

from ledger.books import services as books
from ledger.documents import services as documents
from ledger.log import services as log

pytestmark = pytest.mark.database

HELD = ("B.Available[T26,V1]", "B.Held[T26,V1,O1]")


@pytest.fixture
def forger(committed):
    """Case (i) and an act that was taken back, sealed; a closed period, a frozen and a closed account; no guards."""
    post(begun("i").entries)
    post(voucher("V1", 100))
    post([entry("HOLD", (*HELD, 60), (*HELD, 5), key="held")])
    post([entry("REVERSE", reverses="held", key="back")])
    log.seal()
    post([entry("HOLD", (*HELD, 7), key="unsealed", happened_at_ms=HAPPENED_MS + 1)])
    books.close_period("HN24", open_from_ms=HAPPENED_MS, actor="finance")
    books.freeze("B.Available[T26,V1]", until_ms=7_000_000_000_000, actor="clerk", reason="a case")
    books.close_account("B.Unallocated[T26]", actor="clerk", reason="used up")
    documents.keep(stream=io.BytesIO(b"what was sent"), name="usage.csv", media_type="text/csv")
    log.record_all(kind="test.happened", told={"one": {}, "two": {}}, submitter="north")
    assert violated() == set()
    with unguarded() as cursor:
        yield cursor


LAST = "(SELECT max(id) FROM ledger_transfer)"
BACK = "(SELECT id FROM ledger_entry WHERE template_id = 'REVERSE')"
UNSEALED = "(SELECT id FROM ledger_entry WHERE idempotency_key = 'unsealed')"
DEEDS = {
    f"UPDATE ledger_transfer SET debit_balance = debit_balance + 1 WHERE id = {LAST}":
        {"transfers_say_the_balances_after_them"},
    f"UPDATE ledger_transfer SET credit_balance = credit_balance - 1 WHERE id = {LAST}":
        {"transfers_say_the_balances_after_them"},
    f"UPDATE ledger_transfer SET recorded_at_ms = 1 WHERE id = {LAST}": {"transfers_say_the_balances_after_them"},
    f"UPDATE ledger_entry SET recorded_at_ms = 1 WHERE id = {BACK}": {"transfers_say_the_balances_after_them"},
    f"UPDATE ledger_transfer SET amount = amount + 1 WHERE entry_id = {BACK} AND ordinal = 1":
        {"reversals_mirror_their_originals", "account_totals_equal_transfers", "movements_equal_transfers",
         "transfers_say_the_balances_after_them", "accounts_keep_their_floors"},
    f"UPDATE ledger_transfer SET ordinal = 3 - ordinal + 10 WHERE entry_id = {BACK}":
        {"reversals_mirror_their_originals", "entries_are_whole"},
    "UPDATE ledger_entry SET reverses_id = (SELECT id FROM ledger_entry WHERE idempotency_key = 'i:1')"
    f" WHERE id = {BACK}": {"reversals_mirror_their_originals", "entries_match_their_digests"},
    "DELETE FROM ledger_entry_number WHERE number = 1 AND year = 2026": {"entries_are_numbered_without_gaps"},
    "UPDATE ledger_entry_number SET number = number + 100 WHERE number = 2": {"entries_are_numbered_without_gaps"},
    "UPDATE ledger_entry_number SET year = 2001 WHERE number = 1 AND year = 2026":
        {"entries_are_numbered_without_gaps"},
    "DELETE FROM ledger_entry_waiting":
        {"entries_are_numbered_without_gaps", "entries_are_sealed_or_wait", "movements_equal_transfers"},
    "INSERT INTO ledger_entry_waiting SELECT min(id) FROM ledger_entry":
        {"entries_are_numbered_without_gaps", "entries_are_sealed_or_wait", "movements_equal_transfers"},
    "DELETE FROM ledger_record_waiting": {"records_are_sealed_or_wait"},
    "INSERT INTO ledger_record_waiting SELECT min(id) FROM ledger_log_record": {"records_are_sealed_or_wait"},
    "INSERT INTO ledger_record_waiting VALUES (999)": {"records_are_sealed_or_wait"},
    f"UPDATE ledger_log_leaf SET entry_id = {UNSEALED} WHERE entry_id = {BACK}": {"entries_are_sealed_or_wait"},
    "UPDATE ledger_log_leaf SET entry_id = 999999 WHERE position = (SELECT max(position) FROM ledger_log_leaf)":
        {"entries_are_sealed_or_wait"},
    "UPDATE ledger_log_leaf SET position = position + 1 WHERE position = (SELECT max(position) FROM ledger_log_leaf)":
        {"log_positions_are_dense"},
    "UPDATE ledger_log_submitter SET last_number = last_number + 1": {"submitters_records_are_dense"},
    "DELETE FROM ledger_log_submitter": {"submitters_records_are_dense"},
    "UPDATE ledger_log_record SET number = 4 WHERE subject = 'two'": {"submitters_records_are_dense"},
    "UPDATE ledger_log_record SET digest = sha256('') WHERE kind = 'document.kept'": {"documents_have_their_records"},
    "UPDATE ledger_log_record SET kind = 'document.lost' WHERE kind = 'document.kept'":
        {"documents_have_their_records"},
    "UPDATE ledger_account_act SET reason = 'another' WHERE kind = 'freeze'": {"decisions_match_their_records"},
    "UPDATE ledger_log_record SET kind = 'account.thawed' WHERE kind = 'account.frozen'":
        {"decisions_match_their_records"},
    "DELETE FROM ledger_movement WHERE id = (SELECT min(id) FROM ledger_movement)": {"movements_equal_transfers"},
    "UPDATE ledger_movement SET debits = debits + 1 WHERE id = (SELECT min(id) FROM ledger_movement)":
        {"movements_equal_transfers"},
    "UPDATE ledger_movement SET last_recorded_at_ms = 0 WHERE id = (SELECT min(id) FROM ledger_movement)":
        {"movements_equal_transfers"},
    "UPDATE ledger_period_close SET amount = amount + 1":
        {"closed_periods_keep_their_transfers", "decisions_match_their_records"},
    "DELETE FROM ledger_period_close": {"closed_periods_keep_their_transfers", "decisions_match_their_records"},
    "UPDATE ledger_period_close SET actor = 'another'": {"decisions_match_their_records"},
    "UPDATE ledger_book SET open_from_ms = 0": {"closed_periods_keep_their_transfers"},
    "UPDATE ledger_account SET frozen_until_ms = 0 WHERE frozen_until_ms = 7000000000000":
        {"accounts_stand_as_was_decided"},
    "UPDATE ledger_account SET closed_at_ms = NULL": {"accounts_stand_as_was_decided"},
    "DELETE FROM ledger_account_act": {"accounts_stand_as_was_decided", "decisions_match_their_records"},
    "UPDATE ledger_account SET floor_sign = 0 WHERE code = 'B.Available[T26,V1]'": {"accounts_stand_as_was_decided"},
}  # fmt: skip


def test_each_deed_is_named_by_the_views_that_recompute_it(forger):
    for deed, views in DEEDS.items():
        forger.execute("BEGIN")
        forger.execute(deed)
        assert forger.rowcount, deed
        assert found_by(forger) == views, deed
        forger.execute("ROLLBACK")


def found_by(cursor) -> set[str]:
    """The invariants that do not hold, as the forger's own transaction sees them."""
    cursor.execute("SELECT viewname FROM pg_views WHERE viewname LIKE 'invariant_%'")
    broken = set()
    for (view,) in cursor.fetchall():
        cursor.execute(f"SELECT count(*) FROM {view}")
        if cursor.fetchone()[0]:
            broken.add(view.removeprefix("invariant_"))
    return broken


def test_a_late_entry_smuggled_into_a_closed_period_is_named(forger):
    forger.execute("UPDATE ledger_book SET open_from_ms = 0 WHERE owner = 'HN24'")
    post([entry("FUND.AUTHORISE", ("B.Authority[HN24,prov,2024]", "B.Unallocated[HN24]", 1), happened_at_ms=1)])
    forger.execute("UPDATE ledger_book SET open_from_ms = %s WHERE owner = 'HN24'", [HAPPENED_MS])

    assert "closed_periods_keep_their_transfers" in violated()
