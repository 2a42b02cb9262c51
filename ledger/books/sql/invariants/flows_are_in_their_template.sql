-- Every transfer is a flow that the template of its entry lists; a REVERSE mirrors its original instead.
CREATE VIEW invariant_flows_are_in_their_template AS
SELECT
    format('entry %s', e.idempotency_key) AS subject,
    format('%s posts %s→%s', e.template_id, d.type_id, c.type_id) AS fact
FROM ledger_transfer AS t
INNER JOIN ledger_entry AS e ON t.entry_id = e.id
INNER JOIN ledger_account AS d ON t.debit_account_id = d.id
INNER JOIN ledger_account AS c ON t.credit_account_id = c.id
WHERE e.template_id <> 'REVERSE' AND NOT EXISTS (
    SELECT 1 FROM ledger_flow AS f
    WHERE f.template_id = e.template_id AND f.debit_type_id = d.type_id AND f.credit_type_id = c.type_id
);
