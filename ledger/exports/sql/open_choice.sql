-- Makes the table of the session that holds the choice of entries. Before the transaction that reads, because that one
-- may write to such a table and may not make one.
-- Parameters: none. Locks: nothing. Called by: ledger.exports.selectors.sealed_books.
CREATE TEMPORARY TABLE export_entry (entry_id bigint PRIMARY KEY);
