-- The content of journal entries as canonical JSON (RFC 8785): what their leaves commit to. Every field of the business,
-- with the rows and the numbers in books and years; amounts as text, because they pass what a JSON number holds.
-- Parameters: the entries' ids. Codes of accounts, assets and templates hold nothing that JSON escapes.
-- Called by: ledger_seal_v1, ledger_open_leaf.
CREATE FUNCTION ledger_entry_contents_v1(entries bigint[]) RETURNS TABLE (entry_id bigint, content text)
LANGUAGE sql STABLE
AS $$
SELECT
    e.id,
    '{"approver":' || to_json(e.approver::text)::text
    || ',"document":' || to_json(e.document::text)::text
    || ',"happened_at_ms":' || e.happened_at_ms::text
    || ',"idempotency_key":' || to_json(e.idempotency_key::text)::text
    || ',"numbers":[' || coalesce(n.numbers, '')
    || '],"proposer":' || to_json(e.proposer::text)::text
    || ',"recorded_at_ms":' || e.recorded_at_ms::text
    || ',"reverses":' || to_json(coalesce(o.idempotency_key::text, ''))::text
    || ',"rows":[' || coalesce(t.rows, '')
    || '],"run":' || to_json(e.run::text)::text
    || ',"template":"' || e.template_id
    || '","template_version":' || e.template_version::text || '}'
FROM ledger_entry AS e
LEFT JOIN ledger_entry AS o ON e.reverses_id = o.id
LEFT JOIN (
    SELECT
        t.entry_id,
        string_agg(
            '{"amount":"' || t.amount::text || '","asset":"' || b.asset || '","credit":"' || c.code
            || '","debit":"' || d.code || '"}',
            ',' ORDER BY t.ordinal
        ) AS rows
    FROM ledger_transfer AS t
    INNER JOIN ledger_book AS b ON t.book_id = b.id
    INNER JOIN ledger_account AS d ON t.debit_account_id = d.id
    INNER JOIN ledger_account AS c ON t.credit_account_id = c.id
    WHERE t.entry_id = ANY(entries)
    GROUP BY t.entry_id
) AS t ON e.id = t.entry_id
LEFT JOIN (
    SELECT
        n.entry_id,
        string_agg(
            '{"asset":"' || b.asset || '","kind":"' || b.kind || '","number":' || n.number::text
            || ',"owner":' || to_json(b.owner)::text || ',"year":' || n.year::text || '}',
            ',' ORDER BY b.kind COLLATE "C", b.owner COLLATE "C", b.asset COLLATE "C"
        ) AS numbers
    FROM ledger_entry_number AS n
    INNER JOIN ledger_book AS b ON n.book_id = b.id
    WHERE n.entry_id = ANY(entries)
    GROUP BY n.entry_id
) AS n ON e.id = n.entry_id
WHERE e.id = ANY(entries)
$$;
