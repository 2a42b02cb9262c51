-- The transfers of the exported entries with what a journal says of their entries, in the order of entries and of their
-- rows. A journal's transaction is all rows of one entry.
-- Parameters: none. Locks: nothing. Called by: both journals, through SealedBooks.rows; read by place into
-- ledger.exports.selectors.Line.
SELECT
    t.entry_id AS entry,
    e.template_id AS template,
    e.template_version,
    e.idempotency_key,
    ledger_accounting_day_v1(e.happened_at_ms) AS happened_on,
    e.happened_at_ms,
    e.recorded_at_ms,
    e.proposer,
    e.approver,
    e.document,
    e.run,
    coalesce(o.idempotency_key, '') AS reverses,
    b.kind || '[' || b.owner || '] ' || b.asset || ' ' || n.year || '/' || n.number AS number,
    d.code AS debit_account,
    d.type_id AS debit_type,
    k.code AS credit_account,
    k.type_id AS credit_type,
    t.amount,
    b.asset
FROM ledger_transfer AS t
INNER JOIN export_entry AS c ON t.entry_id = c.entry_id
INNER JOIN ledger_entry AS e ON t.entry_id = e.id
INNER JOIN ledger_entry_number AS n ON t.entry_id = n.entry_id AND t.book_id = n.book_id
INNER JOIN ledger_book AS b ON t.book_id = b.id
INNER JOIN ledger_account AS d ON t.debit_account_id = d.id
INNER JOIN ledger_account AS k ON t.credit_account_id = k.id
LEFT JOIN ledger_entry AS o ON e.reverses_id = o.id
ORDER BY t.entry_id, t.ordinal;
