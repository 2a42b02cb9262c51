-- BAS_Measurement_Unit of ISO 21378: what the exported entries count that is no currency.
-- Parameters: none. Locks: nothing. Called by: ledger.exports.tables, through SealedBooks.rows.
SELECT
    b.asset AS uom_code,
    b.asset AS uom_name,
    b.asset AS uom_abbreviation
FROM ledger_entry_number AS n
INNER JOIN export_entry AS c ON n.entry_id = c.entry_id
INNER JOIN ledger_book AS b ON n.book_id = b.id
WHERE b.asset !~ '^[A-Z]{3}$'
GROUP BY b.asset
ORDER BY b.asset COLLATE "C";
