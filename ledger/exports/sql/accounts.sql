-- Every account that the exported entries touch: what they debited and credited, and on which days they happened.
-- Parameters: none. Locks: nothing. Called by: ledger.exports.tables and both journals, through SealedBooks.rows.
SELECT
    a.code AS account,
    b.kind AS book_kind,
    b.owner AS book_owner,
    b.asset,
    a.type_id AS type,
    a.normal_side,
    array_to_string(a.keys, ' ') AS keys,
    s.first_on,
    s.last_on,
    s.transfers,
    s.debits,
    s.credits
FROM (
    SELECT
        g.account_id,
        min(ledger_accounting_day_v1(e.happened_at_ms)) AS first_on,
        max(ledger_accounting_day_v1(e.happened_at_ms)) AS last_on,
        count(*) AS transfers,
        sum(g.debit) AS debits,
        sum(g.credit) AS credits
    FROM ledger_leg AS g
    INNER JOIN export_entry AS c ON g.entry_id = c.entry_id
    INNER JOIN ledger_entry AS e ON g.entry_id = e.id
    GROUP BY g.account_id
) AS s
INNER JOIN ledger_account AS a ON s.account_id = a.id
INNER JOIN ledger_book AS b ON a.book_id = b.id
ORDER BY a.code COLLATE "C";
