-- Leaves of a stretch of the log with what they commit to, in order; the content is NULL where it is gone.
-- Parameters: first and last position, both included.
-- Called by: ledger.log.selectors.open_leaves.
SELECT
    l.position,
    CASE WHEN l.entry_id IS NULL THEN r.kind ELSE 'entry.posted' END AS kind,
    l.salt,
    coalesce(r.content, e.content) AS content,
    l.leaf_hash
FROM ledger_log_leaf AS l
LEFT JOIN ledger_record_content AS r ON l.record_id = r.record_id
LEFT JOIN ledger_entry_contents_v1(ARRAY(
    SELECT q.entry_id FROM ledger_log_leaf AS q
    WHERE q.position BETWEEN %(first)s AND %(last)s AND q.entry_id IS NOT NULL
)) AS e ON l.entry_id = e.entry_id
WHERE l.position BETWEEN %(first)s AND %(last)s
ORDER BY l.position;
