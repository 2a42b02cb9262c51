-- Cores are always counted. Where the cluster sells none, their class is the scheduler's word and nothing is charged.
-- Called by: billing.metering.services.
INSERT INTO staged_class (scheduler_type, class_code, unit, device_class_id)
VALUES ('cpu', 'cpu', 'core', NULL) ON CONFLICT DO NOTHING;
