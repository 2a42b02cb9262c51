-- Rung R1: a claim meets evidence of another trust domain under the same key. What the evidence shows decides later.
-- Called by: billing.reconciliation.services.
CREATE TEMPORARY TABLE run_link ON COMMIT DROP AS
SELECT
    c.id AS claim_id, e.id AS evidence_id, e.trust_domain,
    c.started_at_ms = e.started_at_ms AND c.ended_at_ms = e.ended_at_ms AS same_interval
FROM run_fact AS c
INNER JOIN run_fact AS e ON c.cluster_id = e.cluster_id AND c.key_digest = e.key_digest
WHERE c.source_id IS NULL AND e.source_id IS NOT NULL AND e.trust_domain <> 'centre';
