-- BAS_Accounting_Period of ISO 21378: the months in which exported entries happened.
-- Parameters: none. Locks: nothing. Called by: ledger.exports.tables, through SealedBooks.rows.
SELECT
    extract(YEAR FROM p.begins_on)::int AS fiscal_year,
    to_char(p.begins_on, 'YYYY-MM') AS accounting_period,
    p.begins_on AS accounting_period_beg_date,
    (p.begins_on + interval '1 month' - interval '1 day')::date AS accounting_period_ending_date
FROM (
    SELECT DISTINCT date_trunc('month', ledger_accounting_day_v1(e.happened_at_ms)::timestamp)::date AS begins_on
    FROM ledger_entry AS e
    INNER JOIN export_entry AS c ON e.id = c.entry_id
) AS p
ORDER BY p.begins_on;
