-- Leaves out of a batch what was posted before, and numbers the entries of the rows anew. What was posted before with
-- other inputs stays in: it is a conflict, which a rival may have made since the batch was last looked at.
-- Returns: the arrays of the entries and rows that stay; empty arrays when none does.
-- Called by: ledger_post_entries_v1.
CREATE FUNCTION ledger_new_entries_v1(
    INOUT templates text[], INOUT idempotency_keys text[], INOUT happened_ms bigint[], INOUT proposers text[],
    INOUT approvers text[], INOUT documents text[], INOUT runs text[], INOUT originals text[],
    INOUT row_entries int[], INOUT debits text[], INOUT credits text[], INOUT amounts bigint[],
    INOUT assets text[]
)
LANGUAGE sql SET search_path = pg_catalog, public, pg_temp
AS $$
WITH fresh AS MATERIALIZED (
    SELECT e.*, row_number() OVER (ORDER BY e.n)::int AS place
    FROM unnest(templates, idempotency_keys, happened_ms, proposers, approvers, documents, runs, originals)
        WITH ORDINALITY AS e (template, key, happened_at_ms, proposer, approver, document, run, reverses, n)
    LEFT JOIN ledger_entry AS k ON e.key = k.idempotency_key
    LEFT JOIN (
        SELECT
            r.entry,
            string_agg(
                r.debit || ' ' || r.credit || ' ' || r.amount::text || ' ' || r.asset, E'\n' ORDER BY r.n
            ) AS lines
        FROM unnest(row_entries, debits, credits, amounts, assets)
            WITH ORDINALITY AS r (entry, debit, credit, amount, asset, n)
        GROUP BY r.entry
    ) AS i ON e.n = i.entry
    WHERE k.id IS NULL
        OR k.input_digest <> ledger_entry_digest_v1(
            e.template, e.key, e.happened_at_ms, e.document, e.run, e.reverses,
            CASE e.template WHEN 'REVERSE' THEN '' ELSE i.lines END
        )
),
entries AS (
    SELECT
        array_agg(f.template ORDER BY f.n) AS templates, array_agg(f.key ORDER BY f.n) AS idempotency_keys,
        array_agg(f.happened_at_ms ORDER BY f.n) AS happened_ms,
        array_agg(f.proposer ORDER BY f.n) AS proposers, array_agg(f.approver ORDER BY f.n) AS approvers,
        array_agg(f.document ORDER BY f.n) AS documents, array_agg(f.run ORDER BY f.n) AS runs,
        array_agg(f.reverses ORDER BY f.n) AS originals
    FROM fresh AS f
),
items AS (
    SELECT
        array_agg(f.place ORDER BY r.n) AS row_entries, array_agg(r.debit ORDER BY r.n) AS debits,
        array_agg(r.credit ORDER BY r.n) AS credits, array_agg(r.amount ORDER BY r.n) AS amounts,
        array_agg(r.asset ORDER BY r.n) AS assets
    FROM unnest(row_entries, debits, credits, amounts, assets)
        WITH ORDINALITY AS r (entry, debit, credit, amount, asset, n)
    INNER JOIN fresh AS f ON r.entry = f.n
)
SELECT
    coalesce(e.templates, '{}'), coalesce(e.idempotency_keys, '{}'), coalesce(e.happened_ms, '{}'),
    coalesce(e.proposers, '{}'), coalesce(e.approvers, '{}'), coalesce(e.documents, '{}'), coalesce(e.runs, '{}'),
    coalesce(e.originals, '{}'),
    coalesce(i.row_entries, '{}'), coalesce(i.debits, '{}'), coalesce(i.credits, '{}'), coalesce(i.amounts, '{}'),
    coalesce(i.assets, '{}')
FROM entries AS e CROSS JOIN items AS i
$$;
