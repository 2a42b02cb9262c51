-- How many entries and transfers are exported.
-- Parameters: none. Locks: nothing. Called by: ledger.exports.selectors.sealed_books.
SELECT
    (SELECT count(*) FROM export_entry) AS entries,
    (
        SELECT count(*)
        FROM ledger_transfer AS t
        INNER JOIN export_entry AS c ON t.entry_id = c.entry_id
    ) AS transfers;
