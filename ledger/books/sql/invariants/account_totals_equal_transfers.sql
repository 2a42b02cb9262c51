-- What an account says was debited and credited is what its transfers add up to.
CREATE VIEW invariant_account_totals_equal_transfers AS
SELECT
    a.code AS subject,
    format('stored %s/%s, recomputed %s/%s', a.debits_total, a.credits_total, coalesce(d.total, 0), coalesce(c.total, 0))
    AS fact
FROM ledger_account AS a
LEFT JOIN (SELECT debit_account_id, sum(amount) AS total FROM ledger_transfer GROUP BY debit_account_id) AS d
    ON d.debit_account_id = a.id
LEFT JOIN (SELECT credit_account_id, sum(amount) AS total FROM ledger_transfer GROUP BY credit_account_id) AS c
    ON c.credit_account_id = a.id
WHERE a.debits_total <> coalesce(d.total, 0) OR a.credits_total <> coalesce(c.total, 0);
