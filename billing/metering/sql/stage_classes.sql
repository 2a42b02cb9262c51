-- Lists what the cluster's scheduler calls its device classes.
-- Parameters: cluster_id, or NULL for a cluster that no world knows: then the scheduler's own names are the classes.
-- Called by: billing.metering.services.
INSERT INTO staged_class (scheduler_type, class_code, unit, device_class_id)
SELECT d.scheduler_type, c.code, c.unit, c.id
FROM vouchers_clusterdevice AS d
INNER JOIN vouchers_deviceclass AS c ON d.device_class_id = c.id
WHERE d.cluster_id = %(cluster_id)s
UNION ALL
SELECT n.name AS scheduler_type, n.name AS class_code, 'gpu' AS unit, NULL AS device_class_id
FROM (SELECT DISTINCT unnest(s.device_types) AS name FROM staged_line AS s) AS n
WHERE %(cluster_id)s::bigint IS NULL;
