-- BAS_Journal_Entry_Type of ISO 21378: every template, posted under or not.
-- Parameters: none. Locks: nothing. Called by: ledger.exports.tables, through SealedBooks.rows.
SELECT
    t.code AS je_type_code,
    t.posted_when AS je_type_name,
    t.code AS je_type_abbreviation
FROM ledger_template AS t
ORDER BY t.code COLLATE "C";
