-- No floored account ever stood below zero, transfer by transfer, in recorded order.
CREATE VIEW invariant_accounts_keep_their_floors AS
SELECT
    m.code AS subject,
    format('stood at %s after transfer %s', m.balance, m.transfer_id) AS fact
FROM (
    SELECT
        a.code, s.transfer_id,
        (CASE a.normal_side WHEN 'debit' THEN 1 ELSE -1 END)
        * sum(s.net) OVER (PARTITION BY a.id ORDER BY s.transfer_id) AS balance
    FROM (
        SELECT t.id AS transfer_id, t.debit_account_id AS account_id, t.amount AS net FROM ledger_transfer AS t
        UNION ALL
        SELECT t.id, t.credit_account_id, -t.amount AS net FROM ledger_transfer AS t
    ) AS s
    INNER JOIN ledger_account AS a ON s.account_id = a.id
    WHERE a.floor_sign <> 0
) AS m
WHERE m.balance < 0;
