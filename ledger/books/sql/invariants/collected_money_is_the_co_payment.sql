-- I11: of every line, what the collector collected and did not have to give back is the co-payment that is proven as
-- collected; and what the collector owes the enterprise of a line is what the claim says is to be refunded of it.
CREATE VIEW invariant_collected_money_is_the_co_payment AS
SELECT
    format('line %s', s.line) AS subject,
    c.fact
FROM (
    SELECT
        p.line,
        sum(p.collected) AS collected, sum(p.paid) AS paid,
        sum(p.refund_held) AS refund_held, sum(p.refund_due) AS refund_due,
        bool_or(p.is_claim) AS is_claim
    FROM (
        SELECT
            b.keys[1] AS line, b.asset, 0 AS collected, 0 AS refund_held, TRUE AS is_claim,
            CASE WHEN b.type = 'K.EnterprisePaid' AND b.keys[2] = 'collected' THEN b.balance ELSE 0 END AS paid,
            CASE WHEN b.type = 'K.RefundDue' AND b.keys[2] = 'collected' THEN b.balance ELSE 0 END AS refund_due
        FROM ledger_balance AS b
        WHERE b.kind = 'K'
        UNION ALL
        -- The rest of a deposit is refunded under its order, which is no line of a claim.
        SELECT
            b.keys[2] AS line, b.asset, 0 AS collected, b.balance AS refund_held, FALSE AS is_claim,
            0 AS paid, 0 AS refund_due
        FROM ledger_balance AS b
        WHERE b.type = 'F.RefundDue'
        UNION ALL
        -- A line's money is what stands on F.OwedToCentre less F.CentreReturnDue. It comes from the provider, a deposit or
        -- an identified bank line, and goes to a dispute or a refund. A row counts for the line when it credits its
        -- account and against it when it debits it, so a mirror takes it back.
        SELECT
            m.keys[2] AS line, d.asset, m.amount AS collected, 0 AS refund_held, FALSE AS is_claim,
            0 AS paid, 0 AS refund_due
        FROM ledger_transfer AS t
        INNER JOIN ledger_balance AS d ON t.debit_account_id = d.account_id
        INNER JOIN ledger_balance AS c ON t.credit_account_id = c.account_id
        CROSS JOIN
            LATERAL (
                VALUES (c.type, c.keys, d.type, t.amount), (d.type, d.keys, c.type, -t.amount)
            ) AS m (type, keys, other, amount)
        WHERE
            d.kind = 'F' AND m.type IN ('F.OwedToCentre', 'F.CentreReturnDue')
            AND m.other IN ('F.Psp', 'F.Deposit', 'F.Suspense', 'F.Dispute', 'F.RefundDue')
    ) AS p
    GROUP BY p.line, p.asset
) AS s
CROSS JOIN LATERAL (
    SELECT format('%s collected, %s proven as collected', s.collected, s.paid) AS fact
    WHERE s.collected <> s.paid
    UNION ALL
    SELECT format('%s owed to the enterprise, %s to be refunded', s.refund_held, s.refund_due) AS fact
    WHERE s.is_claim AND s.refund_held <> s.refund_due
) AS c;
