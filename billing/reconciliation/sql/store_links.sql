-- Stores which claims met which evidence. Parameters: run_id. Called by: billing.reconciliation.services.
INSERT INTO billing_link (run_id, rung, claim_id, evidence_id)
SELECT %(run_id)s, 'R1', l.claim_id, l.evidence_id
FROM run_link AS l
WHERE EXISTS (SELECT 1 FROM run_part AS p WHERE p.fact_id = l.claim_id)
ORDER BY l.claim_id, l.evidence_id;
