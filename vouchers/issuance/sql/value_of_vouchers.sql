-- The value of vouchers by state, in minor units; a state in which a voucher never was has no row.
-- Accounts are found by their full code, so that a page of vouchers costs the same in small and in large books.
-- Parameters: vouchers (ids). Locks: nothing. Called by: vouchers.issuance.selectors.
WITH wanted AS (
    SELECT
        v.id,
        v.code AS voucher,
        p.code AS fund
    FROM vouchers_voucher AS v
    INNER JOIN vouchers_programme AS p ON v.programme_id = p.id
    WHERE v.id = any(%(vouchers)s)
),

named AS (
    SELECT
        w.id,
        s.state,
        concat('B.', initcap(s.state), '[', w.fund, ',', w.voucher, ']') AS account_code
    FROM wanted AS w
    CROSS JOIN (VALUES ('available'), ('frozen'), ('redeemed'), ('expired'), ('revoked')) AS s (state)
    UNION ALL
    SELECT
        w.id,
        'held' AS state,
        concat('B.Held[', w.fund, ',', w.voucher, ',', o.code, ']') AS account_code
    FROM wanted AS w
    INNER JOIN vouchers_order AS o ON w.id = o.voucher_id
)

SELECT
    n.id,
    n.state,
    sum(b.balance) AS value_minor
FROM named AS n
INNER JOIN ledger_balance AS b ON n.account_code = b.code
GROUP BY n.id, n.state;
