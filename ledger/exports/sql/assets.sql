-- Every asset of the exported entries.
-- Parameters: none. Locks: nothing. Called by: both journals, through SealedBooks.rows.
SELECT DISTINCT b.asset COLLATE "C" AS asset
FROM ledger_entry_number AS n
INNER JOIN export_entry AS c ON n.entry_id = c.entry_id
INNER JOIN ledger_book AS b ON n.book_id = b.id
ORDER BY asset;
