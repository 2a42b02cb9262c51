-- The content of every record as canonical JSON (RFC 8785): what its leaf commits to.
-- PostgreSQL escapes a string in JSON exactly as RFC 8785 asks; the members stand in the order of their names.
CREATE VIEW ledger_record_content AS
SELECT
    r.id AS record_id,
    r.kind,
    '{"digest":"' || encode(r.digest, 'hex')
    || '","kind":' || to_json(r.kind)::text
    || ',"number":' || r.number::text
    || ',"recorded_at_ms":' || r.recorded_at_ms::text
    || ',"subject":' || to_json(r.subject)::text
    || ',"submitter":' || to_json(r.submitter)::text
    || CASE r.told WHEN '' THEN '' ELSE ',"told":' || r.told END || '}' AS content
FROM ledger_log_record AS r;
