-- What was debited and credited to accounts by all that happened up to an instant, the instant included.
-- Days that were over by then are sums of movements. Of a day that was not, the sealed legs are read: an index range of
-- each account, between the day's first and last instant of recording. Legs of entries that wait for sealing are added.
-- OFFSET 0 keeps the legs a look-up: nobody counts the queue, and after a guess the planner would read every transfer.
-- Parameters: accounts are ids. Returns: no row for an account on which nothing had happened.
-- Called by: balances_happened.sql and trial_balance_happened.sql.
CREATE FUNCTION ledger_moved_until_v1(accounts bigint[], until_ms bigint)
RETURNS TABLE (account_id bigint, debits numeric, credits numeric)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
SELECT m.account_id, sum(m.debits), sum(m.credits)
FROM (
    SELECT d.account_id, d.debits, d.credits
    FROM ledger_movement AS d
    WHERE d.account_id = ANY(accounts) AND d.happened_on < ledger_accounting_day_v1(until_ms + 1)
    UNION ALL
    SELECT g.account_id, g.debit, g.credit
    FROM (
        SELECT d.account_id, min(d.first_recorded_at_ms) AS first_ms, max(d.last_recorded_at_ms) AS last_ms
        FROM ledger_movement AS d
        WHERE
            d.account_id = ANY(accounts) AND d.happened_on = ledger_accounting_day_v1(until_ms)
            AND d.happened_on = ledger_accounting_day_v1(until_ms + 1)
        GROUP BY d.account_id
    ) AS b
    CROSS JOIN LATERAL (
        SELECT l.account_id, l.entry_id, l.debit, l.credit
        FROM ledger_leg AS l
        WHERE b.account_id = l.account_id AND l.recorded_at_ms BETWEEN b.first_ms AND b.last_ms
        OFFSET 0
    ) AS g
    INNER JOIN ledger_entry AS e ON g.entry_id = e.id
    WHERE
        e.happened_at_ms <= until_ms
        AND ledger_accounting_day_v1(e.happened_at_ms) = ledger_accounting_day_v1(until_ms)
        AND NOT EXISTS (SELECT 1 FROM ledger_waiting AS w WHERE w.entry_id = g.entry_id)
    UNION ALL
    SELECT g.account_id, g.debit, g.credit
    FROM ledger_waiting AS w
    CROSS JOIN LATERAL (
        SELECT l.account_id, l.debit, l.credit
        FROM ledger_leg AS l
        WHERE w.entry_id = l.entry_id AND l.account_id = ANY(accounts)
        OFFSET 0
    ) AS g
    WHERE w.happened_at_ms <= until_ms
) AS m
GROUP BY m.account_id
$$;
