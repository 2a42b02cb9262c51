-- The one choice of what an export holds: the entries that stand in the log up to a position. Every other statement of an
-- export joins it.
-- Parameters: position. Locks: nothing. Called by: ledger.exports.selectors.sealed_books.
CREATE TEMPORARY TABLE export_entry ON COMMIT DROP AS
SELECT l.entry_id
FROM ledger_log_leaf AS l
WHERE l.entry_id IS NOT NULL AND l.position <= %(position)s;
