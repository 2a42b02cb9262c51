-- The clearing accounts of these types that are not zero, and since when: when the first leg after the last zero was
-- recorded. It is looked for from the newest leg back, so that what clears often is found at once.
-- Parameters: funds (NULL: every book), types, key_value (NULL: any; else that one of the account's keys is it).
-- Returns: code, type, fund, asset, keys, balance, since_ms. Locks: nothing. Called by: ledger.books.open_items.
SELECT
    a.code,
    a.type_id,
    b.owner,
    b.asset,
    a.keys,
    (CASE a.normal_side WHEN 'debit' THEN 1 ELSE -1 END) * (a.debits_total - a.credits_total) AS balance,
    s.recorded_at_ms AS since_ms
FROM ledger_account AS a
INNER JOIN ledger_book AS b ON a.book_id = b.id
LEFT JOIN LATERAL (
    SELECT
        g.recorded_at_ms,
        g.transfer_id
    FROM ledger_leg AS g
    WHERE a.id = g.account_id AND g.balance = 0
    ORDER BY g.recorded_at_ms DESC, g.transfer_id DESC
    LIMIT 1
) AS z ON TRUE
CROSS JOIN
    LATERAL (
        SELECT g.recorded_at_ms
        FROM ledger_leg AS g
        WHERE
            a.id = g.account_id
            AND (g.recorded_at_ms, g.transfer_id) > (coalesce(z.recorded_at_ms, 0), coalesce(z.transfer_id, 0))
        ORDER BY g.recorded_at_ms, g.transfer_id
        LIMIT 1
    ) AS s
WHERE
    a.type_id = any(%(types)s) AND a.debits_total <> a.credits_total
    AND (%(funds)s::text[] IS NULL OR b.owner = any(%(funds)s))
    AND (%(key_value)s::text IS NULL OR %(key_value)s = any(a.keys));
