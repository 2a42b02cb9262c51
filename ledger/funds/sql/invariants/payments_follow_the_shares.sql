-- I9, of what was paid: what was spent and ordered from each level's authority is its share of what was spent and ordered
-- from all; in a fund where one level may pay first, as it stood when the levels were last cleared. Per fund and asset.
CREATE VIEW invariant_payments_follow_the_shares AS
WITH cleared AS (
    SELECT b.owner, max(t.id) AS transfer_id
    FROM ledger_transfer AS t
    INNER JOIN ledger_book AS b ON t.book_id = b.id
    WHERE t.entry_id IN (SELECT e.id FROM ledger_entry AS e WHERE e.template_id = 'FUND.CLEAR')
    GROUP BY b.owner
),

paid AS (
    -- A row counts for the level when it debits its account and against it when it credits it, so a mirror takes it back.
    SELECT a.owner, a.asset, a.keys[1] AS level, sum(m.amount) AS amount
    FROM ledger_transfer AS t
    CROSS JOIN LATERAL (VALUES (t.debit_account_id, t.amount), (t.credit_account_id, -t.amount)) AS m (account_id, amount)
    INNER JOIN ledger_balance AS a ON m.account_id = a.account_id
    INNER JOIN ledger_fund AS f ON a.owner = f.code
    LEFT JOIN cleared AS c ON a.owner = c.owner
    WHERE a.type IN ('B.Spent', 'B.Ordered') AND (f.payments_follow = 'at_once' OR t.id <= c.transfer_id)
    GROUP BY a.owner, a.asset, a.keys[1]
)

SELECT
    format('fund %s', l.owner) AS subject,
    format('%s paid %s, its share is %s', l.level, sum(l.paid), sum(l.share)) AS fact
FROM (
    SELECT p.owner, p.asset, p.level, p.amount AS paid, 0 AS share FROM paid AS p
    UNION ALL
    SELECT t.owner, t.asset, s.level, 0 AS paid, s.share
    FROM (SELECT p.owner, p.asset, sum(p.amount) AS total FROM paid AS p GROUP BY p.owner, p.asset) AS t
    CROSS JOIN LATERAL ledger_split_by_shares_v1(t.owner, t.total) AS s
) AS l
GROUP BY l.owner, l.asset, l.level
HAVING sum(l.paid) <> sum(l.share);
