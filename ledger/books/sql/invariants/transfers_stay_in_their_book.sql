-- Both accounts of a transfer lie in the transfer's book, and an account's code says the book it lies in.
CREATE VIEW invariant_transfers_stay_in_their_book AS
SELECT
    format('transfer %s', t.id) AS subject,
    format('%s and %s', d.code, c.code) AS fact
FROM ledger_transfer AS t
INNER JOIN ledger_account AS d ON t.debit_account_id = d.id
INNER JOIN ledger_account AS c ON t.credit_account_id = c.id
WHERE d.book_id <> t.book_id OR c.book_id <> t.book_id
UNION ALL
SELECT
    a.code AS subject,
    format('lies in book %s[%s]', b.kind, b.owner) AS fact
FROM ledger_account AS a
INNER JOIN ledger_book AS b ON a.book_id = b.id
WHERE a.code <> format('%s[%s]', a.type_id, array_to_string(ARRAY[b.owner] || a.keys, ',')) OR left(a.code, 1) <> b.kind;
