-- Stores the new and revised attempts of the file.
-- Parameters: file_id, cluster_id, source_id. Called by: billing.metering.services.
INSERT INTO billing_usagefact (
    file_id, line, cluster_id, source_id, attempt_key, key_digest, version, content_digest, account, state,
    submitted_at_ms, started_at_ms, ended_at_ms, elapsed_ms
)
SELECT
    %(file_id)s, s.line, %(cluster_id)s, %(source_id)s, s.attempt_key, s.key_digest, s.version, s.content_digest,
    s.account, s.state, s.submitted_at_ms, s.started_at_ms, s.ended_at_ms, s.elapsed_ms
FROM staged_line AS s
WHERE s.outcome IN ('accepted', 'revised')
ORDER BY s.line;
