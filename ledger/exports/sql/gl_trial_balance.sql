-- GL_Trial_Balance of ISO 21378: each account in money at the end of the last month in which an exported entry happened,
-- and at its beginning. In hundredths, debits positive.
-- Parameters: none. Locks: nothing. Called by: ledger.exports.tables, through SealedBooks.rows.
WITH moved AS (
    SELECT
        g.account_id,
        date_trunc('month', ledger_accounting_day_v1(e.happened_at_ms)::timestamp)::date AS period,
        sum(g.debit - g.credit) AS net
    FROM ledger_leg AS g
    INNER JOIN export_entry AS c ON g.entry_id = c.entry_id
    INNER JOIN ledger_entry AS e ON g.entry_id = e.id
    GROUP BY g.account_id, period
),

latest AS (SELECT max(m.period) AS period FROM moved AS m)

SELECT
    a.code AS gl_account_number,
    extract(YEAR FROM l.period)::int AS fiscal_year,
    to_char(l.period, 'YYYY-MM') AS accounting_period,
    (l.period + interval '1 month' - interval '1 day')::date AS balance_as_of_date,
    b.asset AS functional_currency_code,
    coalesce(sum(m.net) FILTER (WHERE m.period < l.period), 0) AS balance_beginning_functional_amount,
    sum(m.net) AS balance_ending_functional_amount
FROM moved AS m
CROSS JOIN latest AS l
INNER JOIN ledger_account AS a ON m.account_id = a.id
INNER JOIN ledger_book AS b ON a.book_id = b.id
WHERE b.asset ~ '^[A-Z]{3}$'
GROUP BY a.code, l.period, b.asset
ORDER BY a.code COLLATE "C";
