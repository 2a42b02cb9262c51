-- Stores what was found. Parameters: run_id. Called by: billing.reconciliation.services.
INSERT INTO billing_finding (run_id, code, fact_id, device_class_id, quantity_ms)
SELECT %(run_id)s, f.code, f.fact_id, f.device_class_id, f.quantity_ms
FROM run_finding AS f
ORDER BY f.code, f.fact_id, f.device_class_id;
