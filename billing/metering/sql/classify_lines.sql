-- Says of every good line whether it is new, known, a revision, or in conflict with another line of its file.
-- Parameters: cluster_id (or NULL), source_id (or NULL for the centre's own claim).
-- Called by: billing.metering.services, after billing_usagefact of this cluster and source was locked.
WITH keyed AS (
    SELECT
        s.line, s.content_digest,
        left(encode(sha256(convert_to(s.attempt_key, 'UTF8')), 'hex'), 32)::uuid AS key_digest,
        first_value(s.line) OVER (PARTITION BY s.attempt_key ORDER BY s.line) AS first_line,
        first_value(s.content_digest) OVER (PARTITION BY s.attempt_key ORDER BY s.line) AS first_digest
    FROM staged_line AS s
    WHERE s.outcome IS NULL
),

known AS (
    SELECT DISTINCT ON (f.key_digest) f.key_digest, f.version, f.content_digest
    FROM billing_usagefact AS f
    WHERE
        f.cluster_id = %(cluster_id)s AND f.source_id IS NOT DISTINCT FROM %(source_id)s
        AND f.key_digest IN (SELECT k.key_digest FROM keyed AS k)
    ORDER BY f.key_digest ASC, f.version DESC
)

UPDATE staged_line AS s
SET
    key_digest = k.key_digest,
    counted = k.line = k.first_line,
    version = coalesce(n.version, 0) + 1,
    outcome = CASE
        WHEN k.line <> k.first_line AND k.content_digest <> k.first_digest THEN 'conflict'
        WHEN k.line <> k.first_line OR n.content_digest = k.content_digest THEN 'duplicate'
        WHEN n.version IS NOT NULL THEN 'revised'
        ELSE 'accepted'
    END,
    code = CASE WHEN k.line <> k.first_line AND k.content_digest <> k.first_digest THEN 'attempt_is_told_twice' END,
    reason = CASE
        WHEN k.line <> k.first_line AND k.content_digest <> k.first_digest
            THEN format('Line %%s tells the same attempt otherwise: keep one of the two.', k.first_line)
    END
FROM keyed AS k
LEFT JOIN known AS n ON k.key_digest = n.key_digest
WHERE s.line = k.line;
