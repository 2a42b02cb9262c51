-- I14: other people's money is assets and debts only, and they are equal, per collector and asset.
CREATE VIEW invariant_collectors_hold_what_they_owe AS
SELECT
    format('F[%s] %s', b.owner, b.asset) AS subject,
    format('differs by %s', sum(b.debits_total - b.credits_total)) AS fact
FROM ledger_balance AS b
WHERE b.kind = 'F'
GROUP BY b.owner, b.asset
HAVING sum(b.debits_total - b.credits_total) <> 0;
