-- The facts as of the cut-off: of every attempt on the clusters of the programme's orders the latest version that was
-- sealed at or before the cut-off and that touches the period.
-- Parameters: programme_id, cut_off, starts_at_ms, ends_at_ms. Called by: billing.reconciliation.services.
CREATE TEMPORARY TABLE run_fact ON COMMIT DROP AS
SELECT v.*
FROM (
    SELECT DISTINCT ON (f.cluster_id, f.source_id, f.key_digest)
        f.id, f.cluster_id, f.source_id, s.trust_domain, f.attempt_key, f.key_digest, f.version, f.content_digest,
        f.account, f.state, f.started_at_ms, greatest(f.ended_at_ms, f.started_at_ms + 1) AS ended_at_ms
    FROM billing_usagefact AS f
    INNER JOIN ledger_log_record AS r ON r.kind = 'usage_file.received' AND f.file_id = r.subject
    INNER JOIN ledger_log_leaf AS l ON r.id = l.record_id AND l.position <= %(cut_off)s
    LEFT JOIN vouchers_evidencesource AS s ON f.source_id = s.id
    WHERE
        f.cluster_id IN (
            SELECT a.cluster_id
            FROM vouchers_order AS o
            INNER JOIN vouchers_voucher AS v ON o.voucher_id = v.id AND v.programme_id = %(programme_id)s
            INNER JOIN vouchers_clusteraccount AS a ON o.cluster_account_id = a.id
        )
    ORDER BY f.cluster_id ASC, f.source_id ASC, f.key_digest ASC, f.version DESC
) AS v
WHERE v.started_at_ms < %(ends_at_ms)s AND v.ended_at_ms > %(starts_at_ms)s;
