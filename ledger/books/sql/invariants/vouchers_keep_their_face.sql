-- I2: what was issued to a voucher, and transferred in less out, equals its value in every state.
CREATE VIEW invariant_vouchers_keep_their_face AS
SELECT
    format('voucher %s of %s', s.voucher, s.owner) AS subject,
    format('%s issued, %s in its states', s.face, s.held) AS fact
FROM (
    SELECT
        v.owner, v.voucher, coalesce(f.face, 0) AS face, v.held
    FROM (
        SELECT
            b.owner, b.keys[1] AS voucher, sum(b.balance) AS held
        FROM ledger_balance AS b
        WHERE
            b.type IN (
                'B.Available', 'B.Frozen', 'B.Held', 'B.Redeemed', 'B.UnderRecovery', 'B.Expired', 'B.Revoked',
                'B.WrittenOff', 'B.ReturnedToTreasury'
            )
        GROUP BY b.owner, b.keys[1]
    ) AS v
    LEFT JOIN (
        SELECT
            m.owner, m.voucher, sum(m.amount) AS face
        FROM (
            SELECT
                c.owner, c.keys[1] AS voucher, t.amount
            FROM ledger_transfer AS t
            INNER JOIN ledger_balance AS c ON t.credit_account_id = c.account_id
            INNER JOIN ledger_balance AS d ON t.debit_account_id = d.account_id
            WHERE
                (c.type = 'B.Available' AND d.type IN ('B.Awarded', 'B.Unallocated', 'B.Available'))
                OR (c.type = 'B.Redeemed' AND d.type = 'B.Awarded')
            UNION ALL
            SELECT
                d.owner, d.keys[1] AS voucher, -t.amount AS amount
            FROM ledger_transfer AS t
            INNER JOIN ledger_balance AS c ON t.credit_account_id = c.account_id
            INNER JOIN ledger_balance AS d ON t.debit_account_id = d.account_id
            WHERE c.type = 'B.Available' AND d.type = 'B.Available'
        ) AS m
        GROUP BY m.owner, m.voucher
    ) AS f ON v.owner = f.owner AND v.voucher = f.voucher
) AS s
WHERE s.face <> s.held;
