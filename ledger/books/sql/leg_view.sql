-- Every transfer twice, once for each of its accounts: what it debited or credited there, and the balance after it.
-- Of one table, without a join and with the same type on both sides (a domain would not be), so that a page of one
-- account is read from the two indexes and not sorted.
CREATE VIEW ledger_leg AS
SELECT
    t.id AS transfer_id, t.entry_id, t.book_id, t.debit_account_id AS account_id,
    t.credit_account_id AS other_account_id, t.amount::bigint AS debit, 0::bigint AS credit, t.debit_balance AS balance,
    t.recorded_at_ms
FROM ledger_transfer AS t
UNION ALL
SELECT
    t.id AS transfer_id, t.entry_id, t.book_id, t.credit_account_id AS account_id,
    t.debit_account_id AS other_account_id, 0::bigint AS debit, t.amount::bigint AS credit, t.credit_balance AS balance,
    t.recorded_at_ms
FROM ledger_transfer AS t;
