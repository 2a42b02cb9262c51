-- What stands under an entry is what was sent: the digest of its inputs, recomputed from its row and its transfers,
-- is the one that was stored when it was posted.
CREATE VIEW invariant_entries_match_their_digests AS
SELECT
    format('entry %s', e.idempotency_key) AS subject,
    'what is stored has another digest than what was posted' AS fact
FROM ledger_entry AS e
LEFT JOIN (
    SELECT
        t.entry_id,
        jsonb_agg(
            jsonb_build_object('debit', d.code, 'credit', c.code, 'amount', t.amount, 'asset', b.asset)
            ORDER BY t.ordinal
        ) AS items
    FROM ledger_transfer AS t
    INNER JOIN ledger_account AS d ON t.debit_account_id = d.id
    INNER JOIN ledger_account AS c ON t.credit_account_id = c.id
    INNER JOIN ledger_book AS b ON t.book_id = b.id
    GROUP BY t.entry_id
) AS r ON e.id = r.entry_id
WHERE e.input_digest <> sha256(convert_to(
    jsonb_build_object(
        'template', e.template_id, 'idempotency_key', e.idempotency_key, 'happened_at_ms', e.happened_at_ms,
        'document', e.document, 'run', e.run, 'rows', r.items
    )::text,
    'UTF8'
));
