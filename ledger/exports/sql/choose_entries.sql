-- The one choice of what an export holds: the entries that are sealed. Every other statement of an export joins it.
-- Parameters: none. Locks: nothing. Called by: ledger.exports.selectors.sealed_books.
INSERT INTO export_entry (entry_id)
SELECT DISTINCT n.entry_id
FROM ledger_entry_number AS n;
