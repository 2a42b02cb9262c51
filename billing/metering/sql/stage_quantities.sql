-- Device time of every good line by class: thousandths of a device × elapsed milliseconds, rounded once, half to even.
-- Called by: billing.metering.services.
INSERT INTO staged_quantity (line, class_code, unit, device_class_id, device_milli, quantity_ms)
SELECT
    m.line, m.class_code, m.unit, m.device_class_id, m.device_milli,
    (m.product - m.rest) / 1000
    + CASE WHEN 2 * m.rest > 1000 OR (2 * m.rest = 1000 AND mod((m.product - m.rest) / 1000, 2) = 1) THEN 1 ELSE 0 END
FROM (
    SELECT
        t.line, t.class_code, t.unit, t.device_class_id, t.device_milli,
        t.device_milli::numeric(38, 0) * t.elapsed_ms AS product,
        mod(t.device_milli::numeric(38, 0) * t.elapsed_ms, 1000) AS rest
    FROM (
        SELECT s.line, s.elapsed_ms, c.class_code, c.unit, c.device_class_id, sum(d.milli) AS device_milli
        FROM staged_line AS s
        CROSS JOIN
            LATERAL (
                SELECT g.name, g.milli FROM unnest(s.device_types, s.device_millis) AS g (name, milli)
                UNION ALL
                SELECT 'cpu', 1000 * s.core_count WHERE s.core_count > 0
            ) AS d
        INNER JOIN staged_class AS c ON d.name = c.scheduler_type
        WHERE s.counted AND d.milli > 0
        GROUP BY s.line, s.elapsed_ms, c.class_code, c.unit, c.device_class_id
    ) AS t
) AS m;
