-- Parks lines whose device name the cluster does not know: a class is never guessed, and so never is a price.
-- Called by: billing.metering.services.
UPDATE staged_line AS s
SET
    outcome = 'parked',
    code = 'device_class_is_unknown',
    reason
    = format('The cluster has no device called “%%s”: add it to the cluster''s devices and send the line again.', u.name)
FROM (
    SELECT l.line, min(t.name COLLATE "C") AS name
    FROM staged_line AS l
    CROSS JOIN LATERAL unnest(l.device_types) AS t (name)
    LEFT JOIN staged_class AS c ON t.name = c.scheduler_type
    WHERE l.outcome IS NULL AND c.scheduler_type IS NULL
    GROUP BY l.line
) AS u
WHERE s.line = u.line AND s.outcome IS NULL;
