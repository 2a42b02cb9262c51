-- The exported entries in recorded order.
-- Parameters: none. Locks: nothing. Called by: ledger.exports.tables, through SealedBooks.rows.
SELECT
    e.id AS entry,
    e.idempotency_key,
    e.template_id AS template,
    e.template_version,
    ledger_accounting_day_v1(e.happened_at_ms) AS happened_on,
    e.happened_at_ms,
    e.recorded_at_ms,
    e.proposer,
    nullif(e.approver, '') AS approver,
    nullif(e.document, '') AS document,
    nullif(e.run, '') AS run,
    o.idempotency_key AS reverses,
    encode(e.input_digest, 'hex') AS input_digest
FROM ledger_entry AS e
INNER JOIN export_entry AS c ON e.id = c.entry_id
LEFT JOIN ledger_entry AS o ON e.reverses_id = o.id
ORDER BY e.id;
