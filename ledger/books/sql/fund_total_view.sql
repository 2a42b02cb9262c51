-- The balance of each account type in each fund and asset.
CREATE VIEW ledger_fund_total AS
SELECT
    b.owner, b.asset, b.type, sum(b.balance) AS balance
FROM ledger_balance AS b
GROUP BY b.owner, b.asset, b.type;
