-- The digest of what the run saw, over natural keys, independent of row ids and order.
-- Called by: billing.reconciliation.services.
SELECT
    count(*),
    encode(sha256(convert_to(coalesce(string_agg(t.line, E'\n' ORDER BY t.line COLLATE "C"), ''), 'UTF8')), 'hex')
FROM (
    SELECT
        concat_ws('|', n.code, k.code, coalesce(s.code, ''), f.attempt_key, f.version, encode(f.content_digest, 'hex'))
            AS line
    FROM run_fact AS f
    INNER JOIN vouchers_cluster AS k ON f.cluster_id = k.id
    INNER JOIN vouchers_centre AS n ON k.centre_id = n.id
    LEFT JOIN vouchers_evidencesource AS s ON f.source_id = s.id
) AS t;
