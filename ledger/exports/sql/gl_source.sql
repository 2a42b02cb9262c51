-- GL_Source of ISO 21378: all entries come from one place.
-- Parameters: none. Locks: nothing. Called by: ledger.exports.tables, through SealedBooks.rows.
SELECT
    'QUANBU' AS source_code,
    'The books of Quanbu' AS source_description;
