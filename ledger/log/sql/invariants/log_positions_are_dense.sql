-- The log's positions run from 1 without a gap, and every position has its record.
CREATE VIEW invariant_log_positions_are_dense AS
SELECT 'the log' AS subject, format('%s positions, the last is %s', count(*), max(l.position)) AS fact
FROM ledger_log_leaf AS l
HAVING count(*) <> coalesce(max(l.position), 0);
