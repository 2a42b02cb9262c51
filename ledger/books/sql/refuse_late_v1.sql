-- Says which entry of a batch happened in a closed period of a book that it touches.
-- Called by: ledger_post_entries_v1, while it holds the accounts.
CREATE FUNCTION ledger_refuse_late_v1(
    idempotency_keys text[], happened_ms bigint[], row_entries int[], debit_ids bigint[]
) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, public, pg_temp
AS $$
SELECT ledger_refuse_v1('period_is_closed', to_jsonb(w))
FROM (
    SELECT e.key AS entry, format('%s[%s] %s', b.kind, b.owner, b.asset) AS book, b.open_from_ms
    FROM unnest(row_entries, debit_ids) WITH ORDINALITY AS r (entry, debit_id, n)
    INNER JOIN unnest(idempotency_keys, happened_ms) WITH ORDINALITY AS e (key, happened_at_ms, n) ON r.entry = e.n
    INNER JOIN ledger_account AS a ON r.debit_id = a.id
    INNER JOIN ledger_book AS b ON a.book_id = b.id
    WHERE e.happened_at_ms < b.open_from_ms
    ORDER BY r.n LIMIT 1
) AS w
$$;
