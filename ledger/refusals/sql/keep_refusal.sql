-- Keeps one refusal; affects no row where it is kept already, waiting for a rival who is about to commit the same.
-- Parameters: the columns. Locks: the id, to the end of the transaction. Called by: ledger.refusals.services.
INSERT INTO ledger_refusal (id, actor, act, about, code, fields, inputs_digest, asked_at_ms)
VALUES (
    %(id)s, %(actor)s, %(act)s, %(about)s::jsonb, %(code)s, %(fields)s::jsonb,
    nullif(decode(%(inputs_digest)s, 'hex'), ''::bytea), %(asked_at_ms)s
)
ON CONFLICT (id) DO NOTHING;
