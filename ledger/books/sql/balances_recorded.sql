-- The balance of accounts after all that was recorded up to an instant, the instant included: that of the last leg.
-- Parameters: codes, until_ms. Returns: code, balance; 0 before the first leg, no row for what was never opened.
-- Locks: nothing. Called by: ledger.books.selectors.balances_at.
SELECT
    a.code,
    coalesce(l.balance, 0) AS balance
FROM ledger_account AS a
LEFT JOIN LATERAL (
    SELECT g.balance
    FROM ledger_leg AS g
    WHERE a.id = g.account_id AND g.recorded_at_ms <= %(until_ms)s
    ORDER BY g.recorded_at_ms DESC, g.transfer_id DESC
    LIMIT 1
) AS l ON TRUE
WHERE a.code = any(%(codes)s);
