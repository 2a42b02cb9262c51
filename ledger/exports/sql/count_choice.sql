-- How large the choice is, so that the statements after it are planned for it.
-- Parameters: none. Locks: nothing. Called by: ledger.exports.selectors.sealed_books.
ANALYZE export_entry;
