-- What one run sees and finds, for this transaction only. Called by: billing.reconciliation.services.
DROP TABLE IF EXISTS run_fact, run_part, run_finding, run_link;
CREATE TEMPORARY TABLE run_finding (
    code text NOT NULL, fact_id bigint NOT NULL, device_class_id bigint NOT NULL, quantity_ms bigint NOT NULL
) ON COMMIT DROP;
