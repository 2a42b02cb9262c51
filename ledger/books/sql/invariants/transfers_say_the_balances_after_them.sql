-- Every transfer says the balance that each of its accounts had after it, recomputed in recorded order; no account was
-- posted to at an earlier time than before; and a transfer was recorded when its entry was.
CREATE VIEW invariant_transfers_say_the_balances_after_them AS
SELECT
    format('%s at transfer %s', a.code, s.transfer_id) AS subject,
    CASE
        WHEN s.recorded_at_ms < s.previous_at_ms
            THEN format('recorded at %s ms, after one at %s ms', s.recorded_at_ms, s.previous_at_ms)
        ELSE format('says %s, recomputed %s', s.balance, s.recomputed)
    END AS fact
FROM (
    SELECT
        g.account_id, g.transfer_id, g.balance, g.recorded_at_ms,
        CASE t.normal_side WHEN 'debit' THEN 1 ELSE -1 END * sum(g.debit - g.credit) OVER recorded AS recomputed,
        lag(g.recorded_at_ms) OVER recorded AS previous_at_ms
    FROM ledger_leg AS g
    INNER JOIN ledger_account AS t ON g.account_id = t.id
    WINDOW recorded AS (PARTITION BY g.account_id ORDER BY g.transfer_id)
) AS s
INNER JOIN ledger_account AS a ON s.account_id = a.id
WHERE s.balance <> s.recomputed OR s.recorded_at_ms < s.previous_at_ms
UNION ALL
SELECT
    format('entry %s', e.idempotency_key) AS subject,
    format('recorded at %s ms, its transfer %s at %s ms', e.recorded_at_ms, t.id, t.recorded_at_ms) AS fact
FROM ledger_transfer AS t
INNER JOIN ledger_entry AS e ON t.entry_id = e.id
WHERE e.recorded_at_ms <> t.recorded_at_ms;
