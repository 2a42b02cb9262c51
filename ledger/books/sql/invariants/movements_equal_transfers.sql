-- What the movements say was moved on an account, by day of happening and template, is what its numbered transfers add
-- up to; and the transfers lie between the two instants that a movement names.
CREATE VIEW invariant_movements_equal_transfers AS
SELECT
    coalesce(a.code, format('account id %s', coalesce(m.account_id, s.account_id))) AS subject,
    format(
        '%s on %s: says %s/%s in %s transfers, recomputed %s/%s in %s', coalesce(m.template_id, s.template_id),
        coalesce(m.happened_on, s.happened_on), m.debits, m.credits, m.transfers, s.debits, s.credits, s.transfers
    ) AS fact
FROM ledger_movement AS m
FULL JOIN (
    SELECT
        g.account_id, ledger_accounting_day_v1(e.happened_at_ms) AS happened_on, e.template_id,
        count(*) AS transfers, sum(g.debit) AS debits,
        sum(g.credit) AS credits, min(g.recorded_at_ms) AS first_at_ms, max(g.recorded_at_ms) AS last_at_ms
    FROM ledger_leg AS g
    INNER JOIN ledger_entry AS e ON g.entry_id = e.id
    LEFT JOIN ledger_entry_waiting AS w ON g.entry_id = w.entry_id
    WHERE w.entry_id IS NULL
    GROUP BY g.account_id, happened_on, e.template_id
) AS s ON m.account_id = s.account_id AND m.happened_on = s.happened_on AND m.template_id = s.template_id
LEFT JOIN ledger_account AS a ON a.id = coalesce(m.account_id, s.account_id)
WHERE
    m.account_id IS NULL OR s.account_id IS NULL
    OR m.transfers <> s.transfers OR m.debits <> s.debits OR m.credits <> s.credits
    OR m.first_recorded_at_ms > s.first_at_ms OR m.last_recorded_at_ms < s.last_at_ms;
