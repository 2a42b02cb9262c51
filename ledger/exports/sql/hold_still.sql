-- Lets a transaction see one moment of the books from its first statement to its last.
-- Parameters: none. Locks: nothing. Called by: ledger.exports.selectors.sealed_books.
SET LOCAL transaction_isolation = 'repeatable read';
