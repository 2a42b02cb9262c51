-- The entries that wait for sealing: their movements are not summed yet.
CREATE VIEW ledger_waiting AS
SELECT
    w.entry_id, e.template_id, e.happened_at_ms, ledger_accounting_day_v1(e.happened_at_ms) AS happened_on
FROM ledger_entry_waiting AS w
INNER JOIN ledger_entry AS e ON w.entry_id = e.id;
