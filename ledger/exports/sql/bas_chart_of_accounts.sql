-- BAS_Chart_Of_Accounts of ISO 21378: every account that the exported entries touch.
-- Parameters: none. Locks: nothing. Called by: ledger.exports.tables, through SealedBooks.rows.
SELECT
    a.code AS gl_account_number,
    a.code AS gl_account_name,
    t.meaning AS gl_account_description,
    a.type_id AS account_type,
    CASE a.normal_side WHEN 'debit' THEN 'D' ELSE 'C' END AS balance_debit_or_credit_code
FROM ledger_account AS a
INNER JOIN ledger_account_type AS t ON a.type_id = t.code
WHERE
    a.id IN (
        SELECT g.account_id
        FROM ledger_leg AS g
        INNER JOIN export_entry AS c ON g.entry_id = c.entry_id
    )
ORDER BY a.code COLLATE "C";
