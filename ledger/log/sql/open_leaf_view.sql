-- Every leaf of the log with what it commits to; the content is NULL where it is gone.
CREATE VIEW ledger_open_leaf AS
SELECT
    l.position, coalesce(r.kind, 'entry.posted') AS kind, l.salt, coalesce(r.content, e.content) AS content, l.leaf_hash
FROM ledger_log_leaf AS l
LEFT JOIN ledger_record_content AS r ON l.record_id = r.record_id
LEFT JOIN LATERAL ledger_entry_contents_v1(ARRAY[l.entry_id]) AS e ON TRUE;
