-- Every entry has its rows, numbered from 1 without a gap.
CREATE VIEW invariant_entries_are_whole AS
SELECT
    format('entry %s', e.idempotency_key) AS subject,
    format('%s rows, numbered %s to %s', count(t.id), min(t.ordinal), max(t.ordinal)) AS fact
FROM ledger_entry AS e
LEFT JOIN ledger_transfer AS t ON e.id = t.entry_id
GROUP BY e.id, e.idempotency_key
HAVING count(t.id) = 0 OR min(t.ordinal) <> 1 OR count(t.id) <> max(t.ordinal);
