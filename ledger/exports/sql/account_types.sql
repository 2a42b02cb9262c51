-- The chart: every account type, posted to or not.
-- Parameters: none. Locks: nothing. Called by: ledger.exports.tables and both journals, through SealedBooks.rows.
SELECT
    t.code AS type,
    t.normal_side,
    t.floored,
    array_to_string(t.keys, ' ') AS keys,
    nullif(t.cleared_when, '') AS cleared_when,
    t.meaning
FROM ledger_account_type AS t
ORDER BY t.code COLLATE "C";
