-- Leaves of a stretch of the log with what they commit to, in order; the content is NULL where it is gone.
-- Parameters: first and last position, both included.
-- Called by: ledger.log.selectors.open_leaves.
SELECT l.position, coalesce(r.kind, 'entry.posted'), l.salt, coalesce(r.content, e.content), l.leaf_hash
FROM ledger_log_leaf AS l
LEFT JOIN ledger_record_content AS r ON l.record_id = r.record_id
LEFT JOIN LATERAL ledger_entry_contents_v1(ARRAY[l.entry_id]) AS e ON TRUE
WHERE l.position BETWEEN %(first)s AND %(last)s
ORDER BY l.position;
