-- Says what is wrong with a batch, if anything is: the first fault of the first kind, in the order of this text.
-- Called by: ledger_post_entries_v1, when a batch is not sound at first sight. Returns when nothing is wrong: then
-- the batch holds what was posted before, or accounts that are not open yet.
CREATE FUNCTION ledger_refuse_batch_v1(
    templates text[], idempotency_keys text[], happened_ms bigint[], proposers text[], approvers text[],
    documents text[], runs text[], originals text[],
    row_entries int[], debits text[], credits text[], amounts bigint[], assets text[],
    now_ms bigint
) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    fault record;
BEGIN
    -- The shape of the batch.
    IF coalesce(cardinality(idempotency_keys), 0) = 0 THEN
        PERFORM ledger_refuse_v1('batch_must_hold_entries', '{}');
    END IF;
    SELECT s.name AS field INTO fault
    FROM (
        VALUES
        ('template', cardinality(templates), array_position(templates, NULL), cardinality(idempotency_keys)),
        ('idempotency_key', cardinality(idempotency_keys), array_position(idempotency_keys, NULL), cardinality(idempotency_keys)),
        ('happened_at_ms', cardinality(happened_ms), array_position(happened_ms, NULL), cardinality(idempotency_keys)),
        ('proposer', cardinality(proposers), array_position(proposers, NULL), cardinality(idempotency_keys)),
        ('approver', cardinality(approvers), array_position(approvers, NULL), cardinality(idempotency_keys)),
        ('document', cardinality(documents), array_position(documents, NULL), cardinality(idempotency_keys)),
        ('run', cardinality(runs), array_position(runs, NULL), cardinality(idempotency_keys)),
        ('reverses', cardinality(originals), array_position(originals, NULL), cardinality(idempotency_keys)),
        ('debit', cardinality(debits), array_position(debits, NULL), cardinality(row_entries)),
        ('credit', cardinality(credits), array_position(credits, NULL), cardinality(row_entries)),
        ('amount', cardinality(amounts), array_position(amounts, NULL), cardinality(row_entries)),
        ('asset', cardinality(assets), array_position(assets, NULL), cardinality(row_entries)),
        ('rows', cardinality(row_entries), array_position(row_entries, NULL), cardinality(row_entries))
    ) AS s (name, size, missing, wanted)
    WHERE s.size IS DISTINCT FROM s.wanted OR s.missing IS NOT NULL
    LIMIT 1;
    IF FOUND THEN
        PERFORM ledger_refuse_v1('entry_must_have_its_fields', jsonb_build_object('field', fault.field));
    END IF;
    IF now_ms IS NULL OR now_ms NOT BETWEEN 0 AND 7258118399999 THEN
        PERFORM ledger_refuse_v1('entry_time_must_be_plausible', jsonb_build_object('entry', idempotency_keys[1]));
    END IF;

    -- The entries.
    SELECT left(e.key, 200) AS entry, left(e.template, 200) AS template, e.code INTO fault
    FROM (
        SELECT
            e.n, e.key, e.template,
            CASE
                WHEN r.entry IS NULL THEN 'entry_must_have_rows'
                WHEN e.key = '' OR e.key ~ '[^!-~]' OR length(e.key) > 200 THEN 'entry_key_must_be_readable'
                WHEN count(*) OVER (PARTITION BY e.key) > 1 THEN 'entry_key_must_be_once_in_batch'
                WHEN t.code IS NULL THEN 'template_is_unknown'
                WHEN (e.template = 'REVERSE') <> (e.reverses <> '') THEN 'entry_must_reverse_exactly_when_it_says_so'
                WHEN e.happened_at_ms NOT BETWEEN 0 AND 7258118399999 THEN 'entry_time_must_be_plausible'
                WHEN e.proposer = '' OR e.proposer = e.approver THEN 'entry_approver_must_not_be_proposer'
                WHEN concat(e.proposer, e.approver, e.document, e.run) ~ E'[\\x01-\\x1f\\x7f]'
                    OR length(concat(e.proposer, e.approver, e.document, e.run)) > 600
                    THEN 'entry_texts_must_be_one_line'
            END AS code
        FROM unnest(templates, idempotency_keys, happened_ms, proposers, approvers, documents, runs, originals)
            WITH ORDINALITY AS e (template, key, happened_at_ms, proposer, approver, document, run, reverses, n)
        LEFT JOIN (SELECT DISTINCT r.entry FROM unnest(row_entries) AS r (entry)) AS r ON e.n = r.entry
        LEFT JOIN ledger_template AS t ON e.template = t.code
    ) AS e
    WHERE e.code IS NOT NULL
    ORDER BY e.n LIMIT 1;
    IF FOUND THEN
        PERFORM ledger_refuse_v1(fault.code, to_jsonb(fault) - 'code');
    END IF;
    SELECT k.idempotency_key AS entry INTO fault
    FROM unnest(templates, idempotency_keys, happened_ms, documents, runs, originals)
        WITH ORDINALITY AS e (template, key, happened_at_ms, document, run, reverses, n)
    INNER JOIN ledger_entry AS k ON e.key = k.idempotency_key
    INNER JOIN (
        SELECT r.entry, string_agg(r.debit || ' ' || r.credit || ' ' || r.amount::text || ' ' || r.asset, E'\n' ORDER BY r.n) AS lines
        FROM unnest(row_entries, debits, credits, amounts, assets)
            WITH ORDINALITY AS r (entry, debit, credit, amount, asset, n)
        GROUP BY r.entry
    ) AS i ON e.n = i.entry
    WHERE k.input_digest <> ledger_entry_digest_v1(
        e.template, e.key, e.happened_at_ms, e.document, e.run, e.reverses,
        CASE e.template WHEN 'REVERSE' THEN '' ELSE i.lines END
    )
    ORDER BY e.n LIMIT 1;
    IF FOUND THEN
        PERFORM ledger_refuse_v1('idempotency_key_has_other_inputs', to_jsonb(fault));
    END IF;

    -- The rows of what is new. Keys are read from the codes, because an account may not be open yet.
    SELECT
        w.entry, left(w.template, 200) AS template, left(w.debit, 200) AS debit, left(w.credit, 200) AS credit,
        w.amount, left(w.asset, 200) AS asset, w.key, w.code,
        left(CASE WHEN w.debit_is_faulty THEN w.debit ELSE w.credit END, 200) AS account
    INTO fault
    FROM (
        SELECT
            r.n, e.key AS entry, e.template, r.debit, r.credit, r.amount, r.asset, s.name AS key,
            CASE
                WHEN NOT (d.well_formed AND c.well_formed) THEN NOT d.well_formed
                ELSE cardinality(dt.keys) + 1 IS DISTINCT FROM cardinality(d.keys)
            END AS debit_is_faulty,
            CASE
                WHEN r.amount NOT BETWEEN 1 AND 999999999999999999 THEN 'transfer_amount_must_be_positive'
                WHEN NOT (d.well_formed AND c.well_formed) THEN 'account_code_is_malformed'
                WHEN r.asset !~ '^[A-Za-z][A-Za-z0-9:._-]{0,40}$' THEN 'book_asset_must_be_a_code'
                WHEN r.debit = r.credit THEN 'transfer_accounts_must_be_different'
                WHEN cardinality(dt.keys) + 1 IS DISTINCT FROM cardinality(d.keys)
                    OR cardinality(ct.keys) + 1 IS DISTINCT FROM cardinality(c.keys)
                    THEN 'account_must_have_its_keys'
                WHEN f.id IS NULL AND e.template <> 'REVERSE' THEN 'flow_must_be_in_the_template'
                WHEN s.name IS NOT NULL THEN 'flow_must_keep_its_keys'
                WHEN left(d.type, 1) <> left(c.type, 1) OR d.keys[1] <> c.keys[1] THEN 'transfer_must_stay_in_one_book'
            END AS code
        FROM unnest(row_entries, debits, credits, amounts, assets)
            WITH ORDINALITY AS r (entry, debit, credit, amount, asset, n)
        INNER JOIN unnest(templates, idempotency_keys) WITH ORDINALITY AS e (template, key, n) ON r.entry = e.n
        LEFT JOIN ledger_entry AS k ON e.key = k.idempotency_key
        CROSS JOIN LATERAL ledger_read_account_code_v1(r.debit) AS d
        CROSS JOIN LATERAL ledger_read_account_code_v1(r.credit) AS c
        LEFT JOIN ledger_account_type AS dt ON d.type = dt.code
        LEFT JOIN ledger_account_type AS ct ON c.type = ct.code
        LEFT JOIN ledger_flow AS f
            ON e.template = f.template_id AND dt.code = f.debit_type_id AND ct.code = f.credit_type_id
        LEFT JOIN LATERAL (
            SELECT p.name FROM unnest(f.same_keys, f.debit_positions, f.credit_positions) AS p (name, debit, credit)
            WHERE d.keys[1 + p.debit] IS DISTINCT FROM c.keys[1 + p.credit] LIMIT 1
        ) AS s ON TRUE
        WHERE k.id IS NULL
    ) AS w
    WHERE w.code IS NOT NULL
    ORDER BY w.n LIMIT 1;
    IF FOUND THEN
        PERFORM ledger_refuse_v1(fault.code, to_jsonb(fault) - 'code');
    END IF;
END
$$;
