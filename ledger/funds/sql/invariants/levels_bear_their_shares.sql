-- I9, of what was approved: each level finances its share of the expense, less recoveries of prior years, plus what was
-- written off; and a fund that levels finance has a share rule. Per fund and asset.
CREATE VIEW invariant_levels_bear_their_shares AS
SELECT
    format('fund %s', l.owner) AS subject,
    format('%s bears %s, its share is %s', l.level, sum(l.borne), sum(l.share)) AS fact
FROM (
    SELECT b.owner, b.asset, b.keys[1] AS level, b.balance AS borne, 0 AS share
    FROM ledger_balance AS b
    INNER JOIN ledger_fund AS f ON b.owner = f.code
    WHERE b.type = 'M.Financing'
    UNION ALL
    SELECT t.owner, t.asset, s.level, 0 AS borne, s.share
    FROM (
        SELECT
            m.owner, m.asset,
            sum(CASE m.type WHEN 'M.PriorYearRecovery' THEN -m.balance ELSE m.balance END) AS total
        FROM ledger_fund_total AS m
        WHERE m.type IN ('M.Expense', 'M.PriorYearRecovery', 'M.WriteOff')
        GROUP BY m.owner, m.asset
    ) AS t
    CROSS JOIN LATERAL ledger_split_by_shares_v1(t.owner, t.total) AS s
) AS l
GROUP BY l.owner, l.asset, l.level
HAVING sum(l.borne) <> sum(l.share)
UNION ALL
SELECT DISTINCT format('fund %s', b.owner) AS subject, 'levels finance it, and it has no share rule' AS fact
FROM ledger_balance AS b
WHERE b.type = 'M.Financing' AND NOT EXISTS (SELECT 1 FROM ledger_fund AS f WHERE f.code = b.owner);
