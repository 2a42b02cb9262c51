-- Gives every REVERSE of a batch its rows: those of its original from the last to the first, with the sides exchanged.
-- Refuses: a REVERSE that brings rows, and what ledger_refuse_reversals_v1 refuses.
-- Returns: the rows of the whole batch, entry by entry.
-- Called by: ledger_post_entries_v1.
CREATE FUNCTION ledger_mirror_entries_v1(
    templates text[], idempotency_keys text[], happened_ms bigint[], originals text[],
    INOUT row_entries int[], INOUT debits text[], INOUT credits text[], INOUT amounts bigint[],
    INOUT assets text[]
)
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    fault record;
BEGIN
    SELECT e.key AS entry, left(e.reverses, 200) AS original INTO fault
    FROM unnest(templates, idempotency_keys, originals) WITH ORDINALITY AS e (template, key, reverses, n)
    INNER JOIN unnest(row_entries) AS r (entry) ON e.n = r.entry
    WHERE e.template = 'REVERSE'
    ORDER BY e.n LIMIT 1;
    IF FOUND THEN
        PERFORM ledger_refuse_v1('reversal_must_bring_no_rows', to_jsonb(fault));
    END IF;
    PERFORM ledger_refuse_reversals_v1(templates, idempotency_keys, happened_ms, originals);
    SELECT
        array_agg(a.entry ORDER BY a.entry, a.n), array_agg(a.debit ORDER BY a.entry, a.n),
        array_agg(a.credit ORDER BY a.entry, a.n), array_agg(a.amount ORDER BY a.entry, a.n),
        array_agg(a.asset ORDER BY a.entry, a.n)
    INTO row_entries, debits, credits, amounts, assets
    FROM (
        SELECT r.entry, r.n, r.debit, r.credit, r.amount, r.asset
        FROM unnest(row_entries, debits, credits, amounts, assets)
            WITH ORDINALITY AS r (entry, debit, credit, amount, asset, n)
        UNION ALL
        SELECT e.n::int, -t.ordinal, c.code, d.code, t.amount, b.asset
        FROM unnest(templates, originals) WITH ORDINALITY AS e (template, reverses, n)
        INNER JOIN ledger_entry AS o ON e.reverses = o.idempotency_key
        INNER JOIN ledger_transfer AS t ON o.id = t.entry_id
        INNER JOIN ledger_account AS d ON t.debit_account_id = d.id
        INNER JOIN ledger_account AS c ON t.credit_account_id = c.id
        INNER JOIN ledger_book AS b ON t.book_id = b.id
        WHERE e.template = 'REVERSE'
    ) AS a;
END
$$;
