-- The digest of what the run allowed and found, over natural keys, independent of row ids and order.
-- Called by: billing.reconciliation.services.
SELECT
    count(*),
    encode(sha256(convert_to(coalesce(string_agg(t.line, E'\n' ORDER BY t.line COLLATE "C"), ''), 'UTF8')), 'hex')
FROM (
    SELECT concat_ws('|', 'part', o.code, r.price_list, r.starts_at_ms, p.attempt_key, p.version, p.claimed_ms, p.allowed_ms, p.code) AS line
    FROM run_part AS p
    INNER JOIN vouchers_order AS o ON o.id = p.order_id
    INNER JOIN vouchers_price AS r ON r.id = p.price_id
    UNION ALL
    SELECT concat_ws('|', 'finding', n.code, k.code, coalesce(s.code, ''), f.attempt_key, d.code, g.code, g.quantity_ms)
    FROM run_finding AS g
    INNER JOIN run_fact AS f ON f.id = g.fact_id
    INNER JOIN vouchers_cluster AS k ON k.id = f.cluster_id
    INNER JOIN vouchers_centre AS n ON n.id = k.centre_id
    INNER JOIN vouchers_deviceclass AS d ON d.id = g.device_class_id
    LEFT JOIN vouchers_evidencesource AS s ON s.id = f.source_id
) AS t;
