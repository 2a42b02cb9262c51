-- Each account type of each book after the exported entries and no other.
-- Parameters: none. Locks: nothing. Called by: ledger.exports.tables, through SealedBooks.rows.
SELECT
    b.owner AS book_owner,
    b.kind AS book_kind,
    b.asset,
    a.type_id AS type,
    count(*) AS accounts,
    sum(s.debits) AS debits,
    sum(s.credits) AS credits,
    sum(s.debits - s.credits) AS net
FROM (
    SELECT
        g.account_id,
        sum(g.debit) AS debits,
        sum(g.credit) AS credits
    FROM ledger_leg AS g
    INNER JOIN export_entry AS c ON g.entry_id = c.entry_id
    GROUP BY g.account_id
) AS s
INNER JOIN ledger_account AS a ON s.account_id = a.id
INNER JOIN ledger_book AS b ON a.book_id = b.id
GROUP BY b.owner, b.kind, b.asset, a.type_id
ORDER BY b.owner COLLATE "C", b.kind, b.asset COLLATE "C", a.type_id COLLATE "C";
