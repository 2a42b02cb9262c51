-- The numbers of the exported entries, by book and year: without a gap from 1.
-- Parameters: none. Locks: nothing. Called by: ledger.exports.tables, through SealedBooks.rows.
SELECT
    b.kind AS book_kind,
    b.owner AS book_owner,
    b.asset,
    n.year,
    n.number,
    n.entry_id AS entry
FROM ledger_entry_number AS n
INNER JOIN export_entry AS c ON n.entry_id = c.entry_id
INNER JOIN ledger_book AS b ON n.book_id = b.id
ORDER BY b.owner COLLATE "C", b.kind, b.asset COLLATE "C", n.year, n.number;
