-- What was decided of books, as canonical JSON (RFC 8785): the digest of a close's record is that of its content.
CREATE VIEW ledger_period_close_content AS
SELECT
    p.id AS close_id,
    '{"actor":' || to_json(p.actor)::text || ',"amount":"' || p.amount::text || '","asset":"' || b.asset
    || '","document":' || to_json(p.document)::text || ',"kind":"' || b.kind
    || '","open_from_ms":' || p.open_from_ms::text || ',"owner":' || to_json(b.owner)::text
    || ',"recorded_at_ms":' || p.recorded_at_ms::text || ',"transfers":' || p.transfers::text || '}' AS content
FROM ledger_period_close AS p
INNER JOIN ledger_book AS b ON p.book_id = b.id;
