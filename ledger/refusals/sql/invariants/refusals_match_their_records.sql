-- Every refusal that is kept has its record in the log, with the digest of its canonical content (RFC 8785), and every
-- record of a refusal has its refusal.
CREATE VIEW invariant_refusals_match_their_records AS
SELECT
    format('refusal %s', coalesce(k.id, l.subject)) AS subject,
    CASE
        WHEN k.id IS NULL THEN 'it was recorded and is not kept'
        WHEN l.subject IS NULL THEN 'it is kept and was not recorded'
        ELSE 'what is kept has another digest than what was recorded'
    END AS fact
FROM (
    SELECT
        r.id,
        sha256(convert_to(
            '{"about":{' || a.told
            || '},"act":' || to_json(r.act)::text
            || ',"actor":' || to_json(r.actor)::text
            || ',"asked_at_ms":' || r.asked_at_ms::text
            || ',"code":' || to_json(r.code)::text
            || ',"fields":{' || f.told
            || '},"id":' || to_json(r.id)::text
            || ',"inputs_digest":' || to_json(coalesce(encode(r.inputs_digest, 'hex'), ''))::text || '}',
            'UTF8'
        )) AS digest
    FROM ledger_refusal AS r
    INNER JOIN LATERAL (
        SELECT coalesce(string_agg(to_json(m.key)::text || ':' || m.value::text, ',' ORDER BY m.key COLLATE "C"), '') AS told
        FROM jsonb_each(r.about) AS m (key, value)
    ) AS a ON TRUE
    INNER JOIN LATERAL (
        SELECT coalesce(string_agg(to_json(m.key)::text || ':' || m.value::text, ',' ORDER BY m.key COLLATE "C"), '') AS told
        FROM jsonb_each(r.fields) AS m (key, value)
    ) AS f ON TRUE
) AS k
FULL JOIN (
    SELECT
        d.subject,
        d.digest
    FROM ledger_log_record AS d
    WHERE d.kind = 'act.refused'
) AS l ON k.id = l.subject
WHERE k.digest IS DISTINCT FROM l.digest;
