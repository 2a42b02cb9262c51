-- Leaves of a stretch of the log with what they commit to, in order.
-- Parameters: first and last position, both included.
-- Called by: ledger.log.selectors.open_leaves.
SELECT l.position, l.kind, l.salt, l.content, l.leaf_hash
FROM ledger_open_leaf AS l
WHERE l.position BETWEEN %(first)s AND %(last)s
ORDER BY l.position;
