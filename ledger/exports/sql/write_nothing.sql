-- Lets a transaction write nothing from here on. After the choice of entries, because a table of the session is not made
-- in a transaction that writes nothing.
-- Parameters: none. Locks: nothing. Called by: ledger.exports.selectors.sealed_books.
SET LOCAL transaction_read_only = 'on';
