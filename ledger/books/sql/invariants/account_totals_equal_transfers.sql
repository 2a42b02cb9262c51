-- What an account says was debited and credited is what its transfers add up to.
CREATE VIEW invariant_account_totals_equal_transfers AS
SELECT
    a.code AS subject,
    format(
        'stored %s/%s, recomputed %s/%s',
        a.debits_total, a.credits_total, coalesce(d.total, 0), coalesce(c.total, 0)
    ) AS fact
FROM ledger_account AS a
LEFT JOIN (
    SELECT
        t.debit_account_id, sum(t.amount) AS total
    FROM ledger_transfer AS t
    GROUP BY t.debit_account_id
) AS d
    ON a.id = d.debit_account_id
LEFT JOIN (
    SELECT
        t.credit_account_id, sum(t.amount) AS total
    FROM ledger_transfer AS t
    GROUP BY t.credit_account_id
) AS c
    ON a.id = c.credit_account_id
WHERE a.debits_total <> coalesce(d.total, 0) OR a.credits_total <> coalesce(c.total, 0);
