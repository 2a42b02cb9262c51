-- The digest of what the run allowed and found, over natural keys, independent of row ids and order.
-- Called by: billing.reconciliation.services.
SELECT
    count(*),
    encode(sha256(convert_to(coalesce(string_agg(t.line, E'\n' ORDER BY t.line COLLATE "C"), ''), 'UTF8')), 'hex')
FROM (
    SELECT
        concat_ws(
            '|', 'part', o.code, r.price_list, r.starts_at_ms, p.attempt_key, p.version, p.claimed_ms, p.allowed_ms, p.code
        ) AS line
    FROM run_part AS p
    INNER JOIN vouchers_order AS o ON p.order_id = o.id
    INNER JOIN vouchers_price AS r ON p.price_id = r.id
    UNION ALL
    SELECT concat_ws('|', 'finding', n.code, k.code, coalesce(s.code, ''), f.attempt_key, d.code, g.code, g.quantity_ms)
    FROM run_finding AS g
    INNER JOIN run_fact AS f ON g.fact_id = f.id
    INNER JOIN vouchers_cluster AS k ON f.cluster_id = k.id
    INNER JOIN vouchers_centre AS n ON k.centre_id = n.id
    INNER JOIN vouchers_deviceclass AS d ON g.device_class_id = d.id
    LEFT JOIN vouchers_evidencesource AS s ON f.source_id = s.id
) AS t;
