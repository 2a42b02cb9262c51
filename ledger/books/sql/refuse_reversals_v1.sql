-- Says which REVERSE of a batch cannot be: it names nothing that was posted, a REVERSE, what another took back, or what
-- happened later. Returns when all can.
-- Called by: ledger_mirror_entries_v1, and ledger_post_entries_v1 when a rival may have taken the same entry back.
CREATE FUNCTION ledger_refuse_reversals_v1(
    templates text[], idempotency_keys text[], happened_ms bigint[], originals text[]
) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    fault record;
BEGIN
    SELECT w.entry, w.original, w.code INTO fault
    FROM (
        SELECT
            e.n, e.key AS entry, left(e.reverses, 200) AS original,
            CASE
                WHEN e.reverses = '' THEN 'entry_must_reverse_exactly_when_it_says_so'
                WHEN o.id IS NULL THEN 'reversed_entry_must_be_posted'
                WHEN o.template_id = 'REVERSE' THEN 'reversal_must_not_be_reversed'
                WHEN r.idempotency_key <> e.key OR count(*) OVER (PARTITION BY o.id) > 1
                    THEN 'entry_must_be_reversed_once'
                WHEN e.happened_at_ms < o.happened_at_ms THEN 'reversal_must_not_precede'
            END AS code
        FROM unnest(templates, idempotency_keys, happened_ms, originals)
            WITH ORDINALITY AS e (template, key, happened_at_ms, reverses, n)
        LEFT JOIN ledger_entry AS o ON e.reverses = o.idempotency_key
        LEFT JOIN ledger_entry AS r ON o.id = r.reverses_id
        WHERE e.template = 'REVERSE'
    ) AS w
    WHERE w.code IS NOT NULL
    ORDER BY w.n LIMIT 1;
    IF FOUND THEN
        PERFORM ledger_refuse_v1(fault.code, to_jsonb(fault) - 'code');
    END IF;
END
$$;
