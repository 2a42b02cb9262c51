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
    -- What the caller must have got right: the shape of the batch. CASE, because OR promises no order of evaluation.
    IF (CASE jsonb_typeof(batch) WHEN 'array' THEN jsonb_array_length(batch) = 0 ELSE TRUE END) THEN
        PERFORM ledger_refuse_v1('batch_must_hold_entries', '{}');
    END IF;
    SELECT e.entry ->> 'idempotency_key' AS key INTO fault
    FROM jsonb_array_elements(batch) WITH ORDINALITY AS e (entry, n)
    WHERE CASE jsonb_typeof(e.entry -> 'rows') WHEN 'array' THEN jsonb_array_length(e.entry -> 'rows') = 0 ELSE TRUE END
    ORDER BY e.n LIMIT 1;
    IF FOUND THEN
        PERFORM ledger_refuse_v1('entry_must_have_rows', jsonb_build_object('entry', fault.key));
    END IF;
    -- Exactly the fields that are stored: the digest of the inputs is recomputed from what was stored.
    SELECT e.entry ->> 'idempotency_key' AS key, f.name AS field INTO fault
    FROM jsonb_array_elements(batch) WITH ORDINALITY AS e (entry, n)
    CROSS JOIN LATERAL (
        SELECT w.name
        FROM unnest(
            '{template,idempotency_key,happened_at_ms,proposer,approver,document,run}'::text [],
            '{string,string,number,string,string,string,string}'::text []
        ) AS w (name, type)
        WHERE jsonb_typeof(e.entry -> w.name) IS DISTINCT FROM w.type
        UNION ALL
        SELECT o.name
        FROM jsonb_object_keys(e.entry) AS o (name)
        WHERE o.name <> ALL('{template,idempotency_key,happened_at_ms,proposer,approver,document,run,rows}'::text [])
        UNION ALL
        SELECT format('rows[%s]', r.n)
        FROM jsonb_array_elements(e.entry -> 'rows') WITH ORDINALITY AS r (item, n)
        WHERE CASE jsonb_typeof(r.item)
            WHEN 'object' THEN
                r.item - '{debit,credit,amount,asset}'::text [] <> '{}'
                OR jsonb_typeof(r.item -> 'debit') IS DISTINCT FROM 'string'
                OR jsonb_typeof(r.item -> 'credit') IS DISTINCT FROM 'string'
                OR jsonb_typeof(r.item -> 'amount') IS DISTINCT FROM 'number'
                OR jsonb_typeof(r.item -> 'asset') IS DISTINCT FROM 'string'
            ELSE TRUE
        END
    ) AS f
    ORDER BY e.n LIMIT 1;
    IF FOUND THEN
        PERFORM ledger_refuse_v1(
            'entry_must_have_its_fields', jsonb_build_object('entry', fault.key, 'field', fault.field)
        );
    END IF;
    SELECT e.entry ->> 'idempotency_key' AS key INTO fault
    FROM jsonb_array_elements(batch) WITH ORDINALITY AS e (entry, n)
    WHERE e.entry ->> 'idempotency_key' !~ '^[!-~]{1,200}$'
    ORDER BY e.n LIMIT 1;
    IF FOUND THEN
        PERFORM ledger_refuse_v1('entry_key_must_be_readable', jsonb_build_object('entry', left(fault.key, 200)));
    END IF;
    SELECT e.entry ->> 'idempotency_key' AS key INTO fault
    FROM jsonb_array_elements(batch) AS e (entry)
    GROUP BY e.entry ->> 'idempotency_key' HAVING count(*) > 1 ORDER BY key LIMIT 1;
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
    SELECT e.entry ->> 'idempotency_key' AS key INTO fault
    FROM jsonb_array_elements(batch) WITH ORDINALITY AS e (entry, n)
    WHERE coalesce(recorded_at_ms NOT BETWEEN 0 AND 7258118399999, TRUE)
        OR e.entry ->> 'happened_at_ms' !~ '^[0-9]{1,13}$'
        OR lpad(e.entry ->> 'happened_at_ms', 13, '0') COLLATE "C" > '7258118399999'
    ORDER BY e.n LIMIT 1;
    IF FOUND THEN
        PERFORM ledger_refuse_v1('entry_time_must_be_plausible', jsonb_build_object('entry', fault.key));
    END IF;
    SELECT e.entry ->> 'idempotency_key' AS key, e.entry ->> 'proposer' AS proposer INTO fault
    FROM jsonb_array_elements(batch) WITH ORDINALITY AS e (entry, n)
    WHERE e.entry ->> 'proposer' = '' OR e.entry ->> 'proposer' = e.entry ->> 'approver'
    ORDER BY e.n LIMIT 1;
    IF FOUND THEN
        PERFORM ledger_refuse_v1('entry_approver_must_not_be_proposer', jsonb_build_object('entry', fault.key));
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
        SELECT r.debit, r.credit, left(r.amount, 40) AS amount INTO fault
        FROM unnest(row_debit, row_credit, row_amount) WITH ORDINALITY AS r (debit, credit, amount, n)
        WHERE r.amount !~ '^[1-9][0-9]{0,17}$'
        ORDER BY r.n LIMIT 1;
        IF FOUND THEN
            PERFORM ledger_refuse_v1('transfer_amount_must_be_positive', to_jsonb(fault));
        END IF;
        SELECT left(a.code, 200) AS account INTO fault
        FROM unnest(row_debit || row_credit) WITH ORDINALITY AS a (code, n)
        WHERE a.code !~ '^[BMKQFL]\.[A-Za-z]+\[[A-Za-z0-9._:/-]+(,[A-Za-z0-9._:/-]+)*\]$' OR length(a.code) > 400
        ORDER BY a.n LIMIT 1;
        IF FOUND THEN
            PERFORM ledger_refuse_v1('account_code_is_malformed', to_jsonb(fault));
        END IF;
        SELECT left(r.asset, 200) AS asset INTO fault
        FROM unnest(row_asset) WITH ORDINALITY AS r (asset, n)
        WHERE r.asset !~ '^[A-Za-z][A-Za-z0-9:._-]{0,40}$'
        ORDER BY r.n LIMIT 1;
        IF FOUND THEN
            PERFORM ledger_refuse_v1('book_asset_must_be_a_code', to_jsonb(fault));
        END IF;
        SELECT r.debit AS account INTO fault
        FROM unnest(row_debit, row_credit) WITH ORDINALITY AS r (debit, credit, n)
        WHERE r.debit = r.credit
        ORDER BY r.n LIMIT 1;
        IF FOUND THEN
            PERFORM ledger_refuse_v1('transfer_accounts_must_be_different', to_jsonb(fault));
        END IF;
        SELECT a.code INTO fault
        FROM unnest(row_debit || row_credit) WITH ORDINALITY AS a (code, n)
        LEFT JOIN ledger_account_type AS t ON split_part(a.code, '[', 1) = t.code
        WHERE t.code IS NULL OR cardinality(string_to_array(a.code, ',')) <> 1 + cardinality(t.keys)
        ORDER BY a.n LIMIT 1;
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
        -- The floor holds for the running balance in recorded order, also inside the batch; so do 63 bits.
        SELECT m.code AS account, m.balance, m.amount, m.floored AND m.balance < 0 AS overdrawn INTO fault
        FROM (
            SELECT
                s.n, s.code, s.floored, s.amount, s.debits, s.credits,
                (CASE s.normal_side WHEN 'debit' THEN 1 ELSE -1 END) * (s.debits - s.credits) AS balance
            FROM (
                SELECT
                    r.n, a.code, a.floored, a.normal_side, r.amount,
                    a.debits_total + sum(r.debit) OVER (PARTITION BY a.id ORDER BY r.n) AS debits,
                    a.credits_total + sum(r.credit) OVER (PARTITION BY a.id ORDER BY r.n) AS credits
                FROM (
                    SELECT d.n, d.id, d.amount, d.amount::numeric AS debit, 0 AS credit
                    FROM unnest(row_debit_id, row_amount) WITH ORDINALITY AS d (id, amount, n)
                    UNION ALL
                    SELECT c.n, c.id, c.amount, 0, c.amount::numeric
                    FROM unnest(row_credit_id, row_amount) WITH ORDINALITY AS c (id, amount, n)
                ) AS r
                INNER JOIN ledger_account AS a ON r.id = a.id
            ) AS s
        ) AS m
        WHERE (m.floored AND m.balance < 0) OR greatest(m.debits, m.credits) > 9223372036854775807
        ORDER BY m.n LIMIT 1;
        IF FOUND THEN
            PERFORM ledger_refuse_v1(
                CASE WHEN fault.overdrawn THEN 'account_must_not_pass_its_floor' ELSE 'account_totals_must_fit' END,
                to_jsonb(fault) - 'overdrawn'
            );
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
