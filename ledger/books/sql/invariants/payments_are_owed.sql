-- I8: what was spent or ordered is what was approved less what is still owed, plus advances. Per fund and asset.
CREATE VIEW invariant_payments_are_owed AS
SELECT
    format('fund %s', s.owner) AS subject,
    format('%s paid or ordered, %s approved and due', s.paid, s.due) AS fact
FROM (
    SELECT
        f.owner,
        coalesce(sum(f.balance) FILTER (WHERE f.type IN ('B.Spent', 'B.Ordered')), 0) AS paid,
        coalesce(sum(CASE
            WHEN f.type IN ('B.Redeemed', 'B.UnderRecovery', 'B.WrittenOff', 'B.ReturnedToTreasury', 'M.Advance')
                THEN f.balance
            WHEN f.type IN ('M.Payable', 'M.Retained') THEN -f.balance
            ELSE 0
        END), 0) AS due,
        bool_or(f.type LIKE 'M.%') AS in_money
    FROM ledger_fund_total AS f
    GROUP BY f.owner, f.asset
) AS s
WHERE s.in_money AND s.paid <> s.due;
