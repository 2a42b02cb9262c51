-- I12, second half: the use of a fund's counter `redeemed` is what is redeemed, under recovery or written off; that of its
-- counter `issued` is what was awarded, less reductions, less what was given back on a lapse, which is at most what
-- lapsed. Per fund and asset.
CREATE VIEW invariant_counters_match_what_they_count AS
SELECT
    format('fund %s', s.owner) AS subject,
    c.fact
FROM (
    SELECT
        p.owner,
        sum(p.amount) FILTER (WHERE p.figure = 'L.Cap redeemed') AS redeemed_cap,
        sum(p.amount) FILTER (WHERE p.figure = 'L.Cap issued') AS issued_cap,
        coalesce(sum(p.amount) FILTER (WHERE p.figure = 'L.Used redeemed'), 0) AS redeemed_used,
        coalesce(sum(p.amount) FILTER (WHERE p.figure = 'L.Used issued'), 0) AS issued_used,
        coalesce(sum(p.amount) FILTER (WHERE p.figure IN ('B.Redeemed', 'B.UnderRecovery', 'B.WrittenOff')), 0) AS redeemed,
        coalesce(sum(p.amount) FILTER (WHERE p.figure IN ('B.Expired', 'B.Revoked')), 0) AS lapsed,
        coalesce(sum(p.amount) FILTER (WHERE p.figure = 'awarded'), 0) AS awarded,
        coalesce(sum(p.amount) FILTER (WHERE p.figure = 'given back'), 0) AS given_back
    FROM (
        SELECT b.owner, b.asset, concat_ws(' ', b.type, b.keys[1]) AS figure, b.balance AS amount
        FROM ledger_balance AS b
        WHERE b.type IN ('L.Cap', 'L.Used')
        UNION ALL
        SELECT f.owner, f.asset, f.type AS figure, f.balance AS amount
        FROM ledger_fund_total AS f
        WHERE f.type LIKE 'B.%'
        UNION ALL
        -- A row from the pool to an award counts for it; the opposite row is a reduction or a mirror, and counts against.
        SELECT c.owner, c.asset, 'awarded' AS figure, m.amount
        FROM ledger_transfer AS t
        INNER JOIN ledger_balance AS d ON t.debit_account_id = d.account_id
        INNER JOIN ledger_balance AS c ON t.credit_account_id = c.account_id
        CROSS JOIN LATERAL (VALUES (d.type, c.type, t.amount), (c.type, d.type, -t.amount)) AS m (pool, award, amount)
        WHERE m.pool = 'B.Unallocated' AND m.award = 'B.Awarded'
        UNION ALL
        -- CAP.BACK gives back what lapsed; its mirror is a reversal that moves the counter and no award.
        SELECT c.owner, c.asset, 'given back' AS figure, m.amount
        FROM ledger_transfer AS t
        INNER JOIN ledger_entry AS e ON t.entry_id = e.id
        INNER JOIN ledger_balance AS d ON t.debit_account_id = d.account_id
        INNER JOIN ledger_balance AS c ON t.credit_account_id = c.account_id
        CROSS JOIN LATERAL (VALUES (d.type, c.type, t.amount), (c.type, d.type, -t.amount)) AS m (used, room, amount)
        WHERE
            m.used = 'L.Used' AND m.room = 'L.Room' AND c.keys[1] = 'issued'
            AND (e.template_id = 'CAP.BACK' OR (e.template_id = 'REVERSE' AND NOT EXISTS (
                SELECT 1
                FROM ledger_transfer AS x
                INNER JOIN ledger_account AS a ON a.id IN (x.debit_account_id, x.credit_account_id)
                WHERE x.entry_id = e.id AND a.type_id = 'B.Awarded'
            )))
    ) AS p
    GROUP BY p.owner, p.asset
    -- A counter of another unit, such as a number of awards, has no value beside it to be compared with.
    HAVING bool_or(p.figure LIKE 'B.%')
) AS s
CROSS JOIN LATERAL (
    SELECT format('counter redeemed at %s, %s redeemed', s.redeemed_used, s.redeemed) AS fact
    WHERE s.redeemed_cap <> 0 AND s.redeemed_used <> s.redeemed
    UNION ALL
    SELECT format('counter issued at %s, %s awarded, %s given back', s.issued_used, s.awarded, s.given_back) AS fact
    WHERE s.issued_cap <> 0 AND s.issued_used <> s.awarded - s.given_back
    UNION ALL
    SELECT format('%s of counter issued given back, %s lapsed', s.given_back, s.lapsed) AS fact
    WHERE s.issued_cap <> 0 AND s.given_back > s.lapsed
) AS c;
