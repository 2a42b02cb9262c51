-- The one door into the books: posts a batch of entries, all or nothing.
-- Parameters:
--   batch            an array of {template, idempotency_key, happened_at_ms, proposer, approver, document, run,
--                    rows: [{debit, credit, amount, asset}]}; amounts are integers in the asset's smallest unit
--   recorded_at_ms   the injected clock's instant
-- Returns: for each entry of the batch its place, its id, and whether it had been posted before (a replay).
-- Refuses: by ledger_refuse_v1, with the codes of `ledger/books/errors.py`; nothing is written.
-- Locks: entries by key, in key order; then every touched account, in id order; both to the end of the transaction.
-- Called by: ledger.books.services.post.
CREATE FUNCTION ledger_post_entries_v1(batch jsonb, recorded_at_ms bigint)
RETURNS TABLE (ordinal bigint, entry_id bigint, replayed boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    fault record;
    new_keys text [];
    new_ids bigint [];
    -- The rows of the new entries, in the order of the batch.
    row_entry bigint [];
    row_ordinal bigint [];
    row_template text [];
    row_debit text [];
    row_credit text [];
    row_amount text [];
    row_asset text [];
    row_debit_id bigint [];
    row_credit_id bigint [];
    row_book bigint [];
BEGIN
    -- What the caller must have got right: the shape of the batch.
    IF jsonb_typeof(batch) IS DISTINCT FROM 'array' OR jsonb_array_length(batch) = 0 THEN
        PERFORM ledger_refuse_v1('batch_must_hold_entries', '{}');
    END IF;
    SELECT e.n, e.entry ->> 'idempotency_key' AS key INTO fault
    FROM jsonb_array_elements(batch) WITH ORDINALITY AS e (entry, n)
    WHERE jsonb_typeof(e.entry -> 'rows') IS DISTINCT FROM 'array' OR jsonb_array_length(e.entry -> 'rows') = 0
    ORDER BY e.n LIMIT 1;
    IF FOUND THEN
        PERFORM ledger_refuse_v1('entry_must_have_rows', jsonb_build_object('entry', fault.key));
    END IF;
    SELECT e.entry ->> 'idempotency_key' AS key INTO fault
    FROM jsonb_array_elements(batch) AS e (entry)
    GROUP BY e.entry ->> 'idempotency_key' HAVING count(*) > 1 LIMIT 1;
    IF FOUND THEN
        PERFORM ledger_refuse_v1('entry_key_must_be_once_in_batch', jsonb_build_object('entry', fault.key));
    END IF;
    SELECT e.entry ->> 'idempotency_key' AS key, e.entry ->> 'template' AS template INTO fault
    FROM jsonb_array_elements(batch) WITH ORDINALITY AS e (entry, n)
    WHERE NOT EXISTS (SELECT 1 FROM ledger_template AS t WHERE t.code = e.entry ->> 'template')
    ORDER BY e.n LIMIT 1;
    IF FOUND THEN
        PERFORM ledger_refuse_v1(
            'template_is_unknown', jsonb_build_object('entry', fault.key, 'template', fault.template)
        );
    END IF;

    -- Claim the keys. A rival with the same key is waited for; what it posted is then a replay or a conflict.
    WITH claimed AS (
        INSERT INTO ledger_entry (
            template_id, template_version, idempotency_key, input_digest, happened_at_ms, recorded_at_ms,
            proposer, approver, document, run
        )
        SELECT
            t.code, t.version, e.entry ->> 'idempotency_key',
            sha256(convert_to((e.entry - 'proposer' - 'approver')::text, 'UTF8')),
            (e.entry ->> 'happened_at_ms')::bigint, recorded_at_ms,
            e.entry ->> 'proposer', e.entry ->> 'approver', e.entry ->> 'document', e.entry ->> 'run'
        FROM jsonb_array_elements(batch) AS e (entry)
        INNER JOIN ledger_template AS t ON t.code = e.entry ->> 'template'
        ORDER BY e.entry ->> 'idempotency_key'
        ON CONFLICT (idempotency_key) DO NOTHING
        RETURNING id, idempotency_key
    )
    SELECT array_agg(c.id), array_agg(c.idempotency_key) INTO new_ids, new_keys FROM claimed AS c;

    SELECT p.idempotency_key AS key INTO fault
    FROM jsonb_array_elements(batch) WITH ORDINALITY AS e (entry, n)
    INNER JOIN ledger_entry AS p ON p.idempotency_key = e.entry ->> 'idempotency_key'
    WHERE p.input_digest <> sha256(convert_to((e.entry - 'proposer' - 'approver')::text, 'UTF8'))
    ORDER BY e.n LIMIT 1;
    IF FOUND THEN
        PERFORM ledger_refuse_v1('idempotency_key_has_other_inputs', jsonb_build_object('entry', fault.key));
    END IF;

    SELECT
        array_agg(p.id ORDER BY e.n, r.n), array_agg(r.n ORDER BY e.n, r.n),
        array_agg(p.template_id ORDER BY e.n, r.n),
        array_agg(r.item ->> 'debit' ORDER BY e.n, r.n), array_agg(r.item ->> 'credit' ORDER BY e.n, r.n),
        array_agg(r.item ->> 'amount' ORDER BY e.n, r.n), array_agg(r.item ->> 'asset' ORDER BY e.n, r.n)
    INTO row_entry, row_ordinal, row_template, row_debit, row_credit, row_amount, row_asset
    FROM jsonb_array_elements(batch) WITH ORDINALITY AS e (entry, n)
    INNER JOIN unnest(new_ids, new_keys) AS p0 (id, key) ON p0.key = e.entry ->> 'idempotency_key'
    INNER JOIN ledger_entry AS p ON p.id = p0.id
    CROSS JOIN LATERAL jsonb_array_elements(e.entry -> 'rows') WITH ORDINALITY AS r (item, n);

    IF row_entry IS NOT NULL THEN
        -- What a row may get wrong by itself.
        SELECT r.debit, r.credit, r.amount INTO fault
        FROM unnest(row_debit, row_credit, row_amount) WITH ORDINALITY AS r (debit, credit, amount, n)
        WHERE coalesce(r.amount !~ '^[1-9][0-9]{0,17}$', TRUE) ORDER BY r.n LIMIT 1;
        IF FOUND THEN
            PERFORM ledger_refuse_v1('transfer_amount_must_be_positive', to_jsonb(fault));
        END IF;
        SELECT a.code INTO fault
        FROM unnest(row_debit || row_credit) AS a (code)
        WHERE coalesce(a.code !~ '^[BMKQFL]\.[A-Za-z]+\[[A-Za-z0-9._:/-]+(,[A-Za-z0-9._:/-]+)*\]$', TRUE) LIMIT 1;
        IF FOUND THEN
            PERFORM ledger_refuse_v1('account_code_is_malformed', jsonb_build_object('account', fault.code));
        END IF;
        SELECT a.code INTO fault
        FROM unnest(row_debit || row_credit) AS a (code)
        LEFT JOIN ledger_account_type AS t ON t.code = split_part(a.code, '[', 1)
        WHERE t.code IS NULL
            OR cardinality(string_to_array(a.code, ',')) <> 1 + cardinality(t.keys) LIMIT 1;
        IF FOUND THEN
            PERFORM ledger_refuse_v1('account_must_have_its_keys', jsonb_build_object('account', fault.code));
        END IF;
        SELECT r.template, r.debit, r.credit INTO fault
        FROM unnest(row_template, row_debit, row_credit) WITH ORDINALITY AS r (template, debit, credit, n)
        WHERE NOT EXISTS (
            SELECT 1 FROM ledger_flow AS f
            WHERE f.template_id = r.template
                AND f.debit_type_id = split_part(r.debit, '[', 1) AND f.credit_type_id = split_part(r.credit, '[', 1)
        )
        ORDER BY r.n LIMIT 1;
        IF FOUND THEN
            PERFORM ledger_refuse_v1('flow_must_be_in_the_template', to_jsonb(fault));
        END IF;
        SELECT r.debit, r.credit, k.name AS key INTO fault
        FROM unnest(row_template, row_debit, row_credit) WITH ORDINALITY AS r (template, debit, credit, n)
        INNER JOIN ledger_flow AS f
            ON f.template_id = r.template
            AND f.debit_type_id = split_part(r.debit, '[', 1) AND f.credit_type_id = split_part(r.credit, '[', 1)
        INNER JOIN ledger_account_type AS dt ON dt.code = f.debit_type_id
        INNER JOIN ledger_account_type AS ct ON ct.code = f.credit_type_id
        CROSS JOIN LATERAL unnest(f.same_keys) AS k (name)
        WHERE (string_to_array(rtrim(split_part(r.debit, '[', 2), ']'), ','))[1 + array_position(dt.keys, k.name)]
            IS DISTINCT FROM
            (string_to_array(rtrim(split_part(r.credit, '[', 2), ']'), ','))[1 + array_position(ct.keys, k.name)]
        ORDER BY r.n LIMIT 1;
        IF FOUND THEN
            PERFORM ledger_refuse_v1('flow_must_keep_its_keys', to_jsonb(fault));
        END IF;
        SELECT r.debit, r.credit INTO fault
        FROM unnest(row_debit, row_credit) WITH ORDINALITY AS r (debit, credit, n)
        WHERE left(r.debit, 1) <> left(r.credit, 1)
            OR split_part(rtrim(split_part(r.debit, '[', 2), ']'), ',', 1)
            <> split_part(rtrim(split_part(r.credit, '[', 2), ']'), ',', 1)
        ORDER BY r.n LIMIT 1;
        IF FOUND THEN
            PERFORM ledger_refuse_v1('transfer_must_stay_in_one_book', to_jsonb(fault));
        END IF;

        -- Open on first use. Sorted, so that two batches that open the same accounts wait and never deadlock.
        INSERT INTO ledger_book (kind, owner, asset)
        SELECT DISTINCT
            left(r.debit, 1) AS kind, split_part(rtrim(split_part(r.debit, '[', 2), ']'), ',', 1) AS owner, r.asset
        FROM unnest(row_debit, row_asset) AS r (debit, asset)
        WHERE NOT EXISTS (
            SELECT 1 FROM ledger_book AS b
            WHERE b.kind = left(r.debit, 1) AND b.asset = r.asset
                AND b.owner = split_part(rtrim(split_part(r.debit, '[', 2), ']'), ',', 1)
        )
        ORDER BY kind, owner, asset
        ON CONFLICT DO NOTHING;
        INSERT INTO ledger_account (
            book_id, type_id, code, keys, normal_side, floored, debits_total, credits_total, opened_at_ms
        )
        SELECT DISTINCT ON (a.code)
            b.id, t.code, a.code, (string_to_array(rtrim(split_part(a.code, '[', 2), ']'), ',')) [2:],
            t.normal_side, t.floored, 0, 0, recorded_at_ms
        FROM unnest(row_debit || row_credit, row_asset || row_asset) AS a (code, asset)
        INNER JOIN ledger_account_type AS t ON t.code = split_part(a.code, '[', 1)
        INNER JOIN ledger_book AS b
            ON b.kind = left(a.code, 1) AND b.asset = a.asset
            AND b.owner = split_part(rtrim(split_part(a.code, '[', 2), ']'), ',', 1)
        WHERE NOT EXISTS (SELECT 1 FROM ledger_account AS x WHERE x.code = a.code)
        ORDER BY a.code, b.id
        ON CONFLICT DO NOTHING;

        -- After this point the accounts are ours until the transaction ends.
        PERFORM 1 FROM ledger_account AS a
        WHERE a.code = ANY(row_debit || row_credit) ORDER BY a.id FOR NO KEY UPDATE;
        SELECT
            array_agg(d.id ORDER BY r.n), array_agg(c.id ORDER BY r.n), array_agg(b.id ORDER BY r.n)
        INTO row_debit_id, row_credit_id, row_book
        FROM unnest(row_debit, row_credit, row_asset) WITH ORDINALITY AS r (debit, credit, asset, n)
        INNER JOIN ledger_account AS d ON d.code = r.debit
        INNER JOIN ledger_account AS c ON c.code = r.credit
        LEFT JOIN ledger_book AS b ON b.id = d.book_id AND b.id = c.book_id AND b.asset = r.asset;
        SELECT r.debit, r.credit, r.asset INTO fault
        FROM unnest(row_debit, row_credit, row_asset, row_book) WITH ORDINALITY AS r (debit, credit, asset, book, n)
        WHERE r.book IS NULL ORDER BY r.n LIMIT 1;
        IF FOUND THEN
            PERFORM ledger_refuse_v1('account_has_another_asset', to_jsonb(fault));
        END IF;
        -- The floor holds for the running balance in recorded order, also inside the batch.
        SELECT m.code AS account, m.balance, m.amount INTO fault
        FROM (
            SELECT
                a.code, a.floored, s.amount, s.n,
                (CASE a.normal_side WHEN 'debit' THEN 1 ELSE -1 END)
                * (a.debits_total - a.credits_total + sum(s.net) OVER (PARTITION BY a.id ORDER BY s.n)) AS balance
            FROM (
                SELECT d.id AS account_id, d.amount::numeric AS net, d.amount, d.n
                FROM unnest(row_debit_id, row_amount) WITH ORDINALITY AS d (id, amount, n)
                UNION ALL
                SELECT c.id, -c.amount::numeric, c.amount, c.n
                FROM unnest(row_credit_id, row_amount) WITH ORDINALITY AS c (id, amount, n)
            ) AS s
            INNER JOIN ledger_account AS a ON a.id = s.account_id
        ) AS m
        WHERE m.floored AND m.balance < 0
        ORDER BY m.n LIMIT 1;
        IF FOUND THEN
            PERFORM ledger_refuse_v1('account_must_not_pass_its_floor', to_jsonb(fault));
        END IF;

        INSERT INTO ledger_transfer (entry_id, ordinal, book_id, debit_account_id, credit_account_id, amount)
        SELECT r.entry, r.ordinal, r.book, r.debit, r.credit, r.amount::bigint
        FROM unnest(row_entry, row_ordinal, row_book, row_debit_id, row_credit_id, row_amount)
            WITH ORDINALITY AS r (entry, ordinal, book, debit, credit, amount, n)
        ORDER BY r.n;
        UPDATE ledger_account AS a
        SET debits_total = a.debits_total + s.debits, credits_total = a.credits_total + s.credits
        FROM (
            SELECT m.account_id, sum(m.debit) AS debits, sum(m.credit) AS credits
            FROM (
                SELECT d.id AS account_id, d.amount::bigint AS debit, 0 AS credit
                FROM unnest(row_debit_id, row_amount) AS d (id, amount)
                UNION ALL
                SELECT c.id, 0, c.amount::bigint FROM unnest(row_credit_id, row_amount) AS c (id, amount)
            ) AS m
            GROUP BY m.account_id
        ) AS s
        WHERE a.id = s.account_id;
    END IF;

    RETURN QUERY
    SELECT e.n, p.id, p.id <> ALL(coalesce(new_ids, '{}'))
    FROM jsonb_array_elements(batch) WITH ORDINALITY AS e (entry, n)
    INNER JOIN ledger_entry AS p ON p.idempotency_key = e.entry ->> 'idempotency_key'
    ORDER BY e.n;
END
$$;
