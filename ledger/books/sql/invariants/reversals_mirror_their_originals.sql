-- The rows of a REVERSE are those of the entry it takes back, from the last to the first, with the sides exchanged; and
-- what it takes back is no REVERSE.
CREATE VIEW invariant_reversals_mirror_their_originals AS
SELECT
    format('entry %s', s.idempotency_key) AS subject,
    format('does not mirror entry %s', s.original) AS fact
FROM (
    SELECT
        e.id, e.idempotency_key, o.idempotency_key AS original, o.template_id AS original_template,
        (
            SELECT array_agg(ARRAY[t.debit_account_id, t.credit_account_id, t.amount] ORDER BY t.ordinal)
            FROM ledger_transfer AS t WHERE t.entry_id = e.id
        ) AS mirrored,
        (
            SELECT array_agg(ARRAY[t.credit_account_id, t.debit_account_id, t.amount] ORDER BY t.ordinal DESC)
            FROM ledger_transfer AS t WHERE t.entry_id = o.id
        ) AS wanted
    FROM ledger_entry AS e
    LEFT JOIN ledger_entry AS o ON e.reverses_id = o.id
    WHERE e.template_id = 'REVERSE' OR e.reverses_id IS NOT NULL
) AS s
WHERE s.mirrored IS DISTINCT FROM s.wanted OR s.wanted IS NULL OR s.original_template = 'REVERSE';
