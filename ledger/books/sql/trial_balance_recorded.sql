-- Each account type of each book after all that was recorded up to an instant, the instant included.
-- Parameters: funds (NULL: every book), until_ms. Returns: owner, kind, asset, type, meaning, how many accounts had been
-- posted to, debits less credits. Locks: nothing. Called by: ledger.books.trial_balance.
SELECT
    b.owner,
    b.kind,
    b.asset,
    a.type_id,
    t.meaning,
    count(*) AS accounts,
    sum((CASE a.normal_side WHEN 'debit' THEN 1 ELSE -1 END) * l.balance) AS net
FROM ledger_account AS a
INNER JOIN ledger_book AS b ON a.book_id = b.id
INNER JOIN ledger_account_type AS t ON a.type_id = t.code
CROSS JOIN
    LATERAL (
        SELECT g.balance
        FROM ledger_leg AS g
        WHERE a.id = g.account_id AND g.recorded_at_ms <= %(until_ms)s
        ORDER BY g.recorded_at_ms DESC, g.transfer_id DESC
        LIMIT 1
    ) AS l
WHERE %(funds)s::text[] IS NULL OR b.owner = any(%(funds)s)
GROUP BY b.owner, b.kind, b.asset, a.type_id, t.meaning
ORDER BY b.owner, b.kind, b.asset, a.type_id;
