-- Every entry is sealed at one position of the log or waits for the sealer, and nothing sealed is gone from the books.
CREATE VIEW invariant_entries_are_sealed_or_wait AS
SELECT
    coalesce('entry ' || e.id, 'position ' || l.position) AS subject,
    CASE
        WHEN e.id IS NULL THEN 'holds entry ' || l.entry_id || ', which is not in the books'
        WHEN l.position IS NULL THEN 'is neither sealed nor waits'
        ELSE 'is sealed at ' || l.position || ' and waits'
    END AS fact
FROM ledger_entry AS e
FULL JOIN (SELECT q.position, q.entry_id FROM ledger_log_leaf AS q WHERE q.entry_id IS NOT NULL) AS l ON e.id = l.entry_id
LEFT JOIN (SELECT DISTINCT q.entry_id FROM ledger_entry_waiting AS q) AS w ON e.id = w.entry_id
WHERE (l.position IS NULL) = (w.entry_id IS NULL) OR e.id IS NULL;
