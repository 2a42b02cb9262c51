-- Opens the books and accounts that rows name and that are not there yet. What is wrong with a code was refused before.
-- Locks: in the order of their codes, so that two batches that open the same accounts wait and never deadlock.
-- Called by: ledger_post_entries_v1.
CREATE FUNCTION ledger_open_accounts_v1(debits text[], credits text[], assets text[], now_ms bigint)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    INSERT INTO ledger_book (kind, owner, asset)
    SELECT DISTINCT left(c.type, 1) AS kind, c.keys[1] AS owner, r.asset
    FROM unnest(debits, assets) AS r (debit, asset)
    CROSS JOIN LATERAL ledger_read_account_code_v1(r.debit) AS c
    ORDER BY kind, owner, asset
    ON CONFLICT DO NOTHING;
    -- Whoever closes a period waits for what opens accounts, and what opens accounts for the close.
    PERFORM 1
    FROM ledger_book AS b
    WHERE (b.kind, b.owner, b.asset) IN (
        SELECT left(c.type, 1), c.keys[1], r.asset
        FROM unnest(debits, assets) AS r (debit, asset)
        CROSS JOIN LATERAL ledger_read_account_code_v1(r.debit) AS c
    )
    ORDER BY b.id FOR KEY SHARE;
    INSERT INTO ledger_account (
        book_id, type_id, code, keys, normal_side, floor_sign, debits_total, credits_total, opened_at_ms, recorded_at_ms
    )
    SELECT DISTINCT ON (r.code)
        b.id, t.code, r.code, c.keys[2:], t.normal_side,
        CASE WHEN NOT t.floored THEN 0 WHEN t.normal_side = 'debit' THEN 1 ELSE -1 END, 0, 0, now_ms, now_ms
    FROM unnest(debits || credits, assets || assets) AS r (code, asset)
    CROSS JOIN LATERAL ledger_read_account_code_v1(r.code) AS c
    INNER JOIN ledger_account_type AS t ON c.type = t.code
    INNER JOIN ledger_book AS b ON left(c.type, 1) = b.kind AND c.keys[1] = b.owner AND r.asset = b.asset
    WHERE NOT EXISTS (SELECT 1 FROM ledger_account AS x WHERE x.code = r.code)
    ORDER BY r.code, b.id
    ON CONFLICT DO NOTHING;
    -- An account that was there, or that a rival opened meanwhile, holds the asset it was opened with.
    PERFORM ledger_refuse_v1('account_has_another_asset', to_jsonb(w))
    FROM (
        SELECT r.debit, r.credit, r.asset
        FROM unnest(debits, credits, assets) WITH ORDINALITY AS r (debit, credit, asset, n)
        INNER JOIN ledger_account AS d ON r.debit = d.code
        INNER JOIN ledger_account AS c ON r.credit = c.code
        INNER JOIN ledger_book AS b ON d.book_id = b.id
        WHERE d.book_id <> c.book_id OR b.asset <> r.asset
        ORDER BY r.n LIMIT 1
    ) AS w;
END
$$;
