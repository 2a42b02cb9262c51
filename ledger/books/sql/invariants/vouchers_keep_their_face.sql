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
        -- A row counts for the voucher when it credits its account and against it when it debits it. No template lists the
        -- opposite of an issue or of a grant's redemption, so an opposite row is a mirror and takes the face away again;
        -- the mirror of a transfer between vouchers is a transfer back.
        SELECT
            c.owner, m.voucher, sum(m.amount) AS face
        FROM ledger_transfer AS t
        INNER JOIN ledger_balance AS d ON t.debit_account_id = d.account_id
        INNER JOIN ledger_balance AS c ON t.credit_account_id = c.account_id
        CROSS JOIN
            LATERAL (
                VALUES (c.type, c.keys[1], d.type, t.amount), (d.type, d.keys[1], c.type, -t.amount)
            ) AS m (type, voucher, other, amount)
        WHERE
            (m.type = 'B.Available' AND m.other IN ('B.Awarded', 'B.Unallocated', 'B.Available'))
            OR (m.type = 'B.Redeemed' AND m.other = 'B.Awarded')
        GROUP BY c.owner, m.voucher
    ) AS f ON v.owner = f.owner AND v.voucher = f.voucher
) AS s
WHERE s.face <> s.held;
