-- Every account with its fund, its asset and the balance on its normal side.
CREATE VIEW ledger_balance AS
SELECT
    a.id AS account_id, a.code, a.type_id AS type, b.kind, b.owner, b.asset, a.keys, a.normal_side,
    a.floor_sign <> 0 AS floored,
    a.debits_total, a.credits_total,
    (CASE a.normal_side WHEN 'debit' THEN 1 ELSE -1 END) * (a.debits_total - a.credits_total) AS balance
FROM ledger_account AS a
INNER JOIN ledger_book AS b ON a.book_id = b.id;
