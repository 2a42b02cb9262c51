-- Leaves of a stretch of the log, in order: the hash that stands there, and the hash of what the leaf commits to as it
-- stands now, NULL where it is gone.
-- Parameters: first and last position, both included.
-- Called by: ledger.log.verification.
SELECT l.position, l.leaf_hash, ledger_leaf_hash_v1(c.kind, l.salt, c.content)
FROM ledger_log_leaf AS l
LEFT JOIN LATERAL (
    SELECT r.kind, r.content FROM ledger_record_content AS r WHERE l.record_id = r.record_id
    UNION ALL
    SELECT 'entry.posted', e.content FROM ledger_entry_contents_v1(ARRAY[l.entry_id]) AS e
) AS c ON TRUE
WHERE l.position BETWEEN %(first)s AND %(last)s
ORDER BY l.position;
