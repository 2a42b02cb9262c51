-- Each account type of each book after all that happened up to an instant, the instant included.
-- Parameters: funds (NULL: every book), until_ms. Returns: owner, kind, asset, type, meaning, on how many accounts
-- something had happened, debits less credits. Locks: nothing. Called by: ledger.books.trial_balance.
SELECT
    b.owner,
    b.kind,
    b.asset,
    a.type_id,
    t.meaning,
    count(*) AS accounts,
    sum(m.debits - m.credits) AS net
FROM
    ledger_moved_until_v1(
        array(
            SELECT s.id
            FROM ledger_account AS s
            INNER JOIN ledger_book AS o ON s.book_id = o.id
            WHERE %(funds)s::text[] IS NULL OR o.owner = any(%(funds)s)
        ),
        %(until_ms)s
    ) AS m
INNER JOIN ledger_account AS a ON m.account_id = a.id
INNER JOIN ledger_book AS b ON a.book_id = b.id
INNER JOIN ledger_account_type AS t ON a.type_id = t.code
GROUP BY b.owner, b.kind, b.asset, a.type_id, t.meaning
ORDER BY b.owner, b.kind, b.asset, a.type_id;
