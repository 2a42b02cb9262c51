-- The balance of accounts after all that happened up to an instant, the instant included, whenever it was recorded.
-- Parameters: codes, until_ms. Returns: code, balance; no row for what was never opened.
-- Locks: nothing. Called by: ledger.books.selectors.balances_at.
SELECT
    a.code,
    (CASE a.normal_side WHEN 'debit' THEN 1 ELSE -1 END) * coalesce(m.debits - m.credits, 0) AS balance
FROM ledger_account AS a
LEFT JOIN
    ledger_moved_until_v1(
        array(SELECT s.id FROM ledger_account AS s WHERE s.code = any(%(codes)s)), %(until_ms)s
    ) AS m
    ON a.id = m.account_id
WHERE a.code = any(%(codes)s);
