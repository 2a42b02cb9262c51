-- What stands under an entry is what was sent: the digest of its inputs, recomputed from its row and its transfers,
-- is the one that was stored when it was posted.
CREATE VIEW invariant_entries_match_their_digests AS
SELECT
    format('entry %s', e.idempotency_key) AS subject,
    'what is stored has another digest than what was posted' AS fact
FROM ledger_entry AS e
LEFT JOIN ledger_entry AS o ON e.reverses_id = o.id
LEFT JOIN (
    SELECT
        t.entry_id,
        string_agg(concat_ws(' ', d.code, c.code, t.amount, b.asset), E'\n' ORDER BY t.ordinal) AS lines
    FROM ledger_transfer AS t
    INNER JOIN ledger_account AS d ON t.debit_account_id = d.id
    INNER JOIN ledger_account AS c ON t.credit_account_id = c.id
    INNER JOIN ledger_book AS b ON t.book_id = b.id
    GROUP BY t.entry_id
) AS r ON e.id = r.entry_id
WHERE e.input_digest <> ledger_entry_digest_v1(
    e.template_id, e.idempotency_key, e.happened_at_ms, e.document, e.run, coalesce(o.idempotency_key, ''),
    CASE WHEN o.id IS NULL THEN r.lines ELSE '' END
);
