-- BAS_Currency of ISO 21378: the currencies of the exported entries, and the code of ISO 4217 that stands where no
-- currency is involved, three times X.
-- Parameters: none. Locks: nothing. Called by: ledger.exports.tables, through SealedBooks.rows.
SELECT
    CASE WHEN b.asset ~ '^[A-Z]{3}$' THEN b.asset ELSE repeat('X', 3) END AS currency_code,
    CASE WHEN b.asset ~ '^[A-Z]{3}$' THEN b.asset ELSE 'no currency' END AS currency_name,
    CASE WHEN b.asset ~ '^[A-Z]{3}$' THEN 2 END AS minor_unit
FROM ledger_entry_number AS n
INNER JOIN export_entry AS c ON n.entry_id = c.entry_id
INNER JOIN ledger_book AS b ON n.book_id = b.id
GROUP BY 1, 2, 3
ORDER BY 1;
