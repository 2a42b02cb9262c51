-- Drops the choice of entries within a transaction that goes on; at the end of one it goes by itself.
-- Parameters: none. Locks: nothing. Called by: ledger.exports.selectors.sealed_books.
DROP TABLE export_entry;
