-- Whether an account of these types has a key of this value, zero or not: a misspelt key is not an empty answer.
-- Parameters: funds (NULL: every book), types, key_value. Locks: nothing. Called by: ledger.books.questions.
SELECT EXISTS(
    SELECT 1
    FROM ledger_account AS a
    INNER JOIN ledger_book AS b ON a.book_id = b.id
    WHERE
        a.type_id = ANY(%(types)s)
        AND (%(funds)s::text[] IS NULL OR b.owner = ANY(%(funds)s))
        AND %(key_value)s = ANY(a.keys)
);
