-- GL_Accounts_Period_Balance of ISO 21378: each account in each month in which something happened on it, from its
-- opening to its closing balance. Money in hundredths; what is no money stands as quantities.
-- Parameters: none. Locks: nothing. Called by: ledger.exports.tables, through SealedBooks.rows.
WITH moved AS (
    SELECT
        g.account_id,
        to_char(ledger_accounting_day_v1(e.happened_at_ms), 'YYYY-MM') AS period,
        sum(g.debit) AS debits,
        sum(g.credit) AS credits
    FROM ledger_leg AS g
    INNER JOIN export_entry AS c ON g.entry_id = c.entry_id
    INNER JOIN ledger_entry AS e ON g.entry_id = e.id
    GROUP BY g.account_id, period
),

stood AS (
    SELECT
        a.code,
        b.asset,
        b.asset ~ '^[A-Z]{3}$' AS is_money,
        m.period,
        m.debits,
        m.credits,
        sum(m.debits - m.credits) OVER (PARTITION BY m.account_id ORDER BY m.period COLLATE "C") AS closing,
        CASE a.normal_side WHEN 'debit' THEN 'D' ELSE 'C' END AS side
    FROM moved AS m
    INNER JOIN ledger_account AS a ON m.account_id = a.id
    INNER JOIN ledger_book AS b ON a.book_id = b.id
)

SELECT
    s.code AS gl_account_number,
    substr(s.period, 1, 4)::int AS fiscal_year,
    s.period AS accounting_period,
    CASE WHEN s.is_money THEN 0 ELSE s.debits END AS debit_quantity,
    CASE WHEN s.is_money THEN 0 ELSE s.credits END AS credit_quantity,
    CASE WHEN s.is_money THEN 0 ELSE abs(s.closing - s.debits + s.credits) END AS beginning_quantity,
    CASE WHEN s.is_money THEN 0 ELSE abs(s.closing) END AS ending_quantity,
    CASE WHEN NOT s.is_money THEN s.asset END AS uom_code,
    CASE sign(s.closing - s.debits + s.credits) WHEN 1 THEN 'D' WHEN -1 THEN 'C' ELSE s.side END
        AS beg_balance_indicator,
    CASE sign(s.closing) WHEN 1 THEN 'D' WHEN -1 THEN 'C' ELSE s.side END AS ending_balance_indicator,
    CASE WHEN s.is_money THEN s.debits ELSE 0 END AS debit_functional_amount,
    CASE WHEN s.is_money THEN s.credits ELSE 0 END AS credit_functional_amount,
    CASE WHEN s.is_money THEN abs(s.closing - s.debits + s.credits) ELSE 0 END AS balance_beginning_functional_amount,
    CASE WHEN s.is_money THEN abs(s.closing) ELSE 0 END AS balance_ending_functional_amount,
    CASE WHEN s.is_money THEN s.asset ELSE repeat('X', 3) END AS functional_currency_code
FROM stood AS s
ORDER BY s.code COLLATE "C", s.period COLLATE "C";
