-- GL_Details of ISO 21378: each transfer as a debit line and a credit line, in the order of entries and of their rows.
-- Money stands as an amount in hundredths, everything else as a quantity with an amount of nothing in no currency: of
-- ISO 4217 the code of three times X.
-- Parameters: none. Locks: nothing. Called by: ledger.exports.tables, through SealedBooks.rows.
SELECT
    t.entry_id AS journal_id,
    b.kind || '[' || b.owner || '] ' || b.asset || ' ' || n.year || '/' || n.number AS journal_number,
    a.code AS gl_account_number,
    n.year AS fiscal_year,
    to_char(ledger_accounting_day_v1(e.happened_at_ms), 'YYYY-MM') AS accounting_period,
    ledger_accounting_day_v1(e.happened_at_ms) AS effective_date,
    2 * t.ordinal - CASE s.side WHEN 'D' THEN 1 ELSE 0 END AS journal_line_number,
    e.template_id AS je_type_code,
    e.idempotency_key AS je_header_description,
    o.code AS je_line_description,
    'QUANBU' AS source_code,
    nullif(e.document, '') AS bill_number,
    CASE WHEN b.asset !~ '^[A-Z]{3}$' THEN t.amount END AS quantity,
    CASE WHEN b.asset !~ '^[A-Z]{3}$' THEN b.asset END AS uom_code,
    s.side AS credit_debit_indicator,
    CASE WHEN e.reverses_id IS NULL THEN '0' ELSE '1' END AS reversal_indicator,
    e.reverses_id AS reversal_journal_id,
    CASE WHEN b.asset ~ '^[A-Z]{3}$' THEN t.amount ELSE 0 END AS functional_amount,
    CASE WHEN b.asset ~ '^[A-Z]{3}$' THEN b.asset ELSE repeat('X', 3) END AS functional_currency_code,
    e.proposer AS created_user_id,
    ledger_accounting_day_v1(e.recorded_at_ms) AS created_date,
    to_char(timezone('Asia/Shanghai', to_timestamp(e.recorded_at_ms / 1000)), 'HH24:MI:SS') AS created_time,
    nullif(e.approver, '') AS approved_user_id
FROM ledger_transfer AS t
INNER JOIN export_entry AS c ON t.entry_id = c.entry_id
INNER JOIN ledger_entry AS e ON t.entry_id = e.id
INNER JOIN ledger_entry_number AS n ON t.entry_id = n.entry_id AND t.book_id = n.book_id
INNER JOIN ledger_book AS b ON t.book_id = b.id
CROSS JOIN
    LATERAL (
        VALUES ('D', t.debit_account_id, t.credit_account_id), ('C', t.credit_account_id, t.debit_account_id)
    ) AS s (side, account_id, other_id)
INNER JOIN ledger_account AS a ON s.account_id = a.id
INNER JOIN ledger_account AS o ON s.other_id = o.id
ORDER BY t.entry_id, journal_line_number;
