-- The one door into the books: posts a batch of entries, all or nothing.
-- Parameters: one array element an entry, then one a row; amounts are integers in the asset's smallest unit.
--   templates .. originals  the fields of each entry; the original is the key of the entry that a REVERSE takes back
--   row_entries             the place of each row's entry among the entries, from 1
--   debits .. assets        the fields of each row; a REVERSE has none, because its rows mirror the original's
--   now_ms                  the injected clock's instant
-- Returns: for each entry, in order, its id and whether it had been posted before (a replay).
-- Refuses: by ledger_refuse_v1, with the codes of `ledger/books/errors.py`; nothing is written.
-- Locks: every touched account, in id order, then the keys, in key order; both to the end of the transaction.
-- A rival that posts one of the keys meanwhile is a serialization_failure: ask again, and it is a replay.
-- Four statements do the work: see what the rows name, lock the accounts, take from them, write. The rest is for the
-- exceptions.
-- Called by: ledger.books.services.post.
CREATE FUNCTION ledger_post_entries_v1(
    templates text[], idempotency_keys text[], happened_ms bigint[], proposers text[], approvers text[],
    documents text[], runs text[], originals text[],
    row_entries int[], debits text[], credits text[], amounts bigint[], assets text[],
    now_ms bigint
) RETURNS TABLE (entry_id bigint, replayed boolean)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    asked constant text[] := idempotency_keys;
    passes int := 0;
    sound boolean;
    debit_ids bigint[];
    credit_ids bigint[];
    accounts bigint;
    taken bigint[];
    posted_ms bigint;
    new_ids bigint[];
    written bigint;
    overdrawn boolean;
    late boolean;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        PERFORM ledger_refuse_v1(
            'posting_needs_read_committed', jsonb_build_object('isolation', current_setting('transaction_isolation'))
        );
    END IF;
    -- A plan for a few rows is kept from call to call; a plan for many is made for their number.
    IF cardinality(debits) > 100 THEN
        SET LOCAL plan_cache_mode = force_custom_plan;
        SET LOCAL work_mem = '128MB';
    END IF;
    IF cardinality(amounts) = 1 AND cardinality(idempotency_keys) = 1 THEN
        entry_id := ledger_post_transfer_v1(
            templates[1], idempotency_keys[1], happened_ms[1], proposers[1], approvers[1], documents[1], runs[1],
            originals[1], debits[1], credits[1], amounts[1], assets[1], now_ms
        );
        IF entry_id IS NOT NULL THEN
            replayed := FALSE;
            RETURN NEXT;
            RETURN;
        END IF;
    END IF;
    IF 'REVERSE' = ANY(templates) THEN
        SELECT m.row_entries, m.debits, m.credits, m.amounts, m.assets
        INTO row_entries, debits, credits, amounts, assets
        FROM ledger_mirror_entries_v1(
            templates, idempotency_keys, happened_ms, originals, row_entries, debits, credits, amounts, assets
        ) AS m;
    END IF;

    LOOP
        SELECT
            count(*) = cardinality(debits) AND count(DISTINCT r.entry) = cardinality(idempotency_keys)
            AND bool_and(coalesce(
                k.id IS NULL AND d.book_id = c.book_id AND d.id <> c.id AND b.asset = r.asset
                AND r.amount BETWEEN 1 AND 999999999999999999
                AND (e.template = 'REVERSE') = (e.reverses <> '')
                AND (
                    e.template = 'REVERSE'
                    OR ledger_keys_agree_v1(d.keys, c.keys, f.debit_positions, f.credit_positions)
                )
                AND e.key <> '' AND e.key !~ '[^!-~]' AND length(e.key) <= 200 AND e.happened_at_ms BETWEEN 0 AND 7258118399999
                AND e.proposer <> '' AND e.proposer <> e.approver
                AND e.document IS NOT NULL AND e.run IS NOT NULL, FALSE
            )),
            array_agg(d.id ORDER BY r.n), array_agg(c.id ORDER BY r.n)
        INTO sound, debit_ids, credit_ids
        FROM unnest(row_entries, debits, credits, amounts, assets)
            WITH ORDINALITY AS r (entry, debit, credit, amount, asset, n)
        INNER JOIN unnest(templates, idempotency_keys, happened_ms, proposers, approvers, documents, runs, originals)
            WITH ORDINALITY AS e (template, key, happened_at_ms, proposer, approver, document, run, reverses, n)
            ON r.entry = e.n
        LEFT JOIN ledger_entry AS k ON e.key = k.idempotency_key
        LEFT JOIN ledger_account AS d ON r.debit = d.code
        LEFT JOIN ledger_account AS c ON r.credit = c.code
        LEFT JOIN ledger_book AS b ON d.book_id = b.id
        LEFT JOIN ledger_flow AS f
            ON e.template = f.template_id AND d.type_id = f.debit_type_id AND c.type_id = f.credit_type_id;
        EXIT WHEN sound AND now_ms BETWEEN 0 AND 7258118399999;

        -- Something is wrong, or was posted before, or is posted to for the first time.
        -- Rivals may post and open meanwhile; each pass sees what they did, and they cannot do it twice.
        passes := passes + 1;
        IF passes > 5 THEN
            RAISE EXCEPTION 'The door finds the batch unsound and cannot say why.' USING ERRCODE = 'internal_error';
        END IF;
        PERFORM ledger_refuse_batch_v1(
            templates, idempotency_keys, happened_ms, proposers, approvers, documents, runs, originals,
            row_entries, debits, credits, amounts, assets, now_ms
        );
        SELECT
            n.templates, n.idempotency_keys, n.happened_ms, n.proposers, n.approvers, n.documents, n.runs, n.originals,
            n.row_entries, n.debits, n.credits, n.amounts, n.assets
        INTO
            templates, idempotency_keys, happened_ms, proposers, approvers, documents, runs, originals,
            row_entries, debits, credits, amounts, assets
        FROM ledger_new_entries_v1(
            templates, idempotency_keys, happened_ms, proposers, approvers, documents, runs, originals,
            row_entries, debits, credits, amounts, assets
        ) AS n;
        EXIT WHEN cardinality(idempotency_keys) = 0;
        PERFORM ledger_open_accounts_v1(debits, credits, assets, now_ms);
    END LOOP;

    IF cardinality(idempotency_keys) > 0 THEN
        -- A statement that waits for a lock goes on with what it saw before it waited: so the locks are a statement, and
        -- what is tested and taken under them another. Only what stays above its floor, fits, and is neither frozen nor
        -- closed is taken. Time does not go back on any of them.
        SELECT greatest(now_ms, max(l.recorded_at_ms)) INTO posted_ms
        FROM (
            SELECT a.recorded_at_ms FROM ledger_account AS a
            WHERE a.id = ANY(debit_ids || credit_ids) ORDER BY a.id FOR NO KEY UPDATE
        ) AS l;
        WITH moved AS MATERIALIZED (
            SELECT m.id, sum(m.debit) AS debit, sum(m.credit) AS credit
            FROM (
                SELECT d.id, d.amount AS debit, 0 AS credit FROM unnest(debit_ids, amounts) AS d (id, amount)
                UNION ALL
                SELECT c.id, 0, c.amount FROM unnest(credit_ids, amounts) AS c (id, amount)
            ) AS m
            GROUP BY m.id
        ),
        updated AS (
            UPDATE ledger_account AS a
            SET
                debits_total = (a.debits_total + m.debit)::bigint, credits_total = (a.credits_total + m.credit)::bigint,
                recorded_at_ms = posted_ms
            FROM moved AS m
            WHERE a.id = m.id AND a.frozen_until_ms <= now_ms
                AND greatest(a.debits_total + m.debit, a.credits_total + m.credit) <= 9223372036854775807
                AND (a.debits_total + m.debit - a.credits_total - m.credit) * a.floor_sign >= 0
            RETURNING a.id
        )
        SELECT (SELECT count(*) FROM moved), array_agg(u.id)
        INTO accounts, taken
        FROM updated AS u;
        IF accounts <> coalesce(cardinality(taken), 0) THEN
            PERFORM ledger_refuse_reversals_v1(templates, idempotency_keys, happened_ms, originals);
            PERFORM ledger_refuse_accounts_v1(debit_ids, credit_ids, amounts, taken, now_ms);
        END IF;

        WITH entries AS MATERIALIZED (
            SELECT nextval('ledger_entry_id_seq') AS id, e.*
            FROM unnest(templates, idempotency_keys, happened_ms, proposers, approvers, documents, runs, originals)
                WITH ORDINALITY AS e (template, key, happened_at_ms, proposer, approver, document, run, reverses, n)
        ),
        items AS (
            SELECT
                r.entry,
                string_agg(
                    r.debit || ' ' || r.credit || ' ' || r.amount::text || ' ' || r.asset, E'\n' ORDER BY r.n
                ) AS lines
            FROM unnest(row_entries, debits, credits, amounts, assets)
                WITH ORDINALITY AS r (entry, debit, credit, amount, asset, n)
            GROUP BY r.entry
        ),
        posted AS (
            INSERT INTO ledger_entry (
                id, template_id, template_version, idempotency_key, input_digest, happened_at_ms, recorded_at_ms,
                proposer, approver, document, run, reverses_id
            )
            SELECT
                e.id, t.code, t.version, e.key,
                ledger_entry_digest_v1(
                    e.template, e.key, e.happened_at_ms, e.document, e.run, e.reverses,
                    CASE e.template WHEN 'REVERSE' THEN '' ELSE i.lines END
                ),
                e.happened_at_ms, posted_ms, e.proposer, e.approver, e.document, e.run,
                CASE WHEN e.reverses <> '' THEN (
                    SELECT o.id FROM ledger_entry AS o WHERE o.idempotency_key = e.reverses
                ) END
            FROM entries AS e
            INNER JOIN items AS i ON e.n = i.entry
            INNER JOIN ledger_template AS t ON e.template = t.code
            ORDER BY e.key
            ON CONFLICT (idempotency_key) DO NOTHING
            RETURNING id
        ),
        waiting AS (
            INSERT INTO ledger_entry_waiting (entry_id) SELECT p.id FROM posted AS p
        ),
        legs AS MATERIALIZED (
            SELECT
                l.n, l.debited, a.floor_sign,
                (CASE a.normal_side WHEN 'debit' THEN 1 ELSE -1 END) * (
                    a.debits_total - a.credits_total - coalesce(sum(l.change) OVER later, 0)
                )::bigint AS balance
            FROM (
                SELECT d.n, d.id, TRUE AS debited, d.amount AS change
                FROM unnest(debit_ids, amounts) WITH ORDINALITY AS d (id, amount, n)
                UNION ALL
                SELECT c.n, c.id, FALSE, -c.amount
                FROM unnest(credit_ids, amounts) WITH ORDINALITY AS c (id, amount, n)
            ) AS l
            INNER JOIN ledger_account AS a ON l.id = a.id
            WINDOW later AS (
                PARTITION BY l.id ORDER BY l.n DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            )
        ),
        rows AS MATERIALIZED (
            SELECT
                r.n, e.id AS entry_id, row_number() OVER (PARTITION BY r.entry ORDER BY r.n) AS ordinal,
                a.book_id, r.debit_id, r.credit_id, r.amount, e.happened_at_ms < b.open_from_ms AS late
            FROM unnest(row_entries, debit_ids, credit_ids, amounts)
                WITH ORDINALITY AS r (entry, debit_id, credit_id, amount, n)
            INNER JOIN entries AS e ON r.entry = e.n
            INNER JOIN ledger_account AS a ON r.debit_id = a.id
            INNER JOIN ledger_book AS b ON a.book_id = b.id
        ),
        transferred AS (
            INSERT INTO ledger_transfer (
                entry_id, ordinal, book_id, debit_account_id, credit_account_id, amount, recorded_at_ms,
                debit_balance, credit_balance
            )
            SELECT
                r.entry_id, r.ordinal, r.book_id, r.debit_id, r.credit_id, r.amount, posted_ms,
                d.balance, c.balance
            FROM rows AS r
            INNER JOIN legs AS d ON r.n = d.n AND d.debited
            INNER JOIN legs AS c ON r.n = c.n AND NOT c.debited
            -- Not where a rival has a key, or a key stands twice: then there is an entry less, and all is refused below.
            WHERE (SELECT count(*) FROM posted) = cardinality(idempotency_keys)
            ORDER BY r.n
        )
        SELECT
            (SELECT count(*) FROM posted), (SELECT array_agg(e.id ORDER BY e.n) FROM entries AS e),
            (SELECT bool_or(l.floor_sign <> 0 AND l.balance < 0) FROM legs AS l), (SELECT bool_or(r.late) FROM rows AS r)
        INTO written, new_ids, overdrawn, late;
        IF overdrawn THEN
            PERFORM ledger_refuse_accounts_v1(debit_ids, credit_ids, amounts, taken, now_ms);
        END IF;
        IF late THEN
            PERFORM ledger_refuse_late_v1(idempotency_keys, happened_ms, row_entries, debit_ids);
        END IF;
        IF written < cardinality(idempotency_keys) THEN
            PERFORM ledger_refuse_batch_v1(
                templates, idempotency_keys, happened_ms, proposers, approvers, documents, runs, originals,
                row_entries, debits, credits, amounts, assets, now_ms
            );
            RAISE EXCEPTION 'A key of the batch was posted by a rival.' USING ERRCODE = 'serialization_failure';
        END IF;
    END IF;

    IF cardinality(idempotency_keys) = cardinality(asked) THEN
        RETURN QUERY SELECT i.id, FALSE FROM unnest(new_ids) WITH ORDINALITY AS i (id, n) ORDER BY i.n;
    ELSE
        RETURN QUERY
        SELECT p.id, i.id IS NULL
        FROM unnest(asked) WITH ORDINALITY AS k (key, n)
        INNER JOIN ledger_entry AS p ON k.key = p.idempotency_key
        LEFT JOIN unnest(new_ids) AS i (id) ON p.id = i.id
        ORDER BY k.n;
    END IF;
END
$$;
