-- Leaves of a stretch of the log, in order: the hash that stands there, and the hash of what the leaf commits to as it
-- stands now, NULL where it is gone.
-- Parameters: first and last position, both included.
-- Called by: ledger.log.verification.
SELECT l.position, l.leaf_hash, ledger_leaf_hash_v1(l.kind, l.salt, l.content)
FROM ledger_open_leaf AS l
WHERE l.position BETWEEN %(first)s AND %(last)s
ORDER BY l.position;
