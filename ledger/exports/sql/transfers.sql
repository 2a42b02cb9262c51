-- The transfers of the exported entries, in the order of entries and of their rows.
-- Parameters: none. Locks: nothing. Called by: ledger.exports.tables, through SealedBooks.rows.
SELECT
    t.entry_id AS entry,
    t.ordinal,
    b.asset,
    d.code AS debit_account,
    k.code AS credit_account,
    t.amount
FROM ledger_transfer AS t
INNER JOIN export_entry AS c ON t.entry_id = c.entry_id
INNER JOIN ledger_book AS b ON t.book_id = b.id
INNER JOIN ledger_account AS d ON t.debit_account_id = d.id
INNER JOIN ledger_account AS k ON t.credit_account_id = k.id
ORDER BY t.entry_id, t.ordinal;
