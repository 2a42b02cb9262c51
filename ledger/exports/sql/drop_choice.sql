-- Drops the session's choice of entries, also one that an earlier export left.
-- Parameters: none. Locks: nothing. Called by: ledger.exports.selectors.sealed_books.
DROP TABLE IF EXISTS export_entry;
