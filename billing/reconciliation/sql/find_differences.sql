-- Every predicate that holds of a claim is a finding, not only the one that decided.
-- Parameters: domains, programme_id, starts_at_ms, ends_at_ms, currency. Called by: billing.reconciliation.services.
INSERT INTO run_finding (code, fact_id, device_class_id, quantity_ms)
SELECT f.code, p.fact_id, p.device_class_id, sum(f.quantity_ms)
FROM run_part AS p
CROSS JOIN
    LATERAL (
        SELECT 'USE.STATE' AS code, p.claimed_ms AS quantity_ms WHERE p.not_billable
        UNION ALL
        SELECT 'USE.NO_EVID', p.claimed_ms WHERE p.domains < %(domains)s
        UNION ALL
        SELECT 'USE.TIME', p.claimed_ms WHERE NOT p.same_interval
        UNION ALL
        SELECT 'USE.QTY_OVER', p.claimed_ms WHERE p.evidence_ms < p.attempt_ms
        UNION ALL
        SELECT 'USE.QTY_UNDER', p.claimed_ms WHERE p.evidence_ms > p.attempt_ms
    ) AS f
GROUP BY f.code, p.fact_id, p.device_class_id
UNION ALL
-- Evidence that nobody claims, of accounts that have orders in the programme.
SELECT 'USE.NO_CLAIM', e.id, q.device_class_id, q.quantity_ms
FROM run_fact AS e
INNER JOIN billing_usagequantity AS q ON e.id = q.fact_id
WHERE
    e.source_id IS NOT NULL
    AND NOT EXISTS (
        SELECT 1 FROM run_fact AS c WHERE c.source_id IS NULL AND c.cluster_id = e.cluster_id AND c.key_digest = e.key_digest
    )
    AND EXISTS (
        SELECT 1
        FROM vouchers_clusteraccount AS a
        INNER JOIN vouchers_order AS o ON a.id = o.cluster_account_id AND o.device_class_id = q.device_class_id
        INNER JOIN vouchers_voucher AS v ON o.voucher_id = v.id AND v.programme_id = %(programme_id)s
        WHERE a.cluster_id = e.cluster_id AND a.name = e.account
    )
UNION ALL
-- Use of a class that the centre sells, by an account of the programme, that no order covers (in part or at all).
SELECT 'ENT.NO_ORDER', w.fact_id, w.device_class_id, (w.period_ms - w.placed_ms)::bigint
FROM (
    SELECT
        c.id AS fact_id, q.device_class_id,
        div(
            q.quantity_ms::numeric(38, 0) * (least(c.ended_at_ms, %(ends_at_ms)s) - c.started_at_ms),
            c.ended_at_ms - c.started_at_ms
        )
        - div(
            q.quantity_ms::numeric(38, 0) * (greatest(c.started_at_ms, %(starts_at_ms)s) - c.started_at_ms),
            c.ended_at_ms - c.started_at_ms
        )
            AS period_ms,
        coalesce(
            (SELECT sum(p.claimed_ms) FROM run_part AS p WHERE p.fact_id = c.id AND p.device_class_id = q.device_class_id), 0
        )
            AS placed_ms
    FROM run_fact AS c
    INNER JOIN vouchers_cluster AS k ON c.cluster_id = k.id
    INNER JOIN vouchers_clusteraccount AS a ON c.cluster_id = a.cluster_id AND c.account = a.name
    INNER JOIN billing_usagequantity AS q ON c.id = q.fact_id
    WHERE
        c.source_id IS NULL
        AND EXISTS (
            SELECT 1 FROM vouchers_order AS o
            INNER JOIN vouchers_voucher AS v ON o.voucher_id = v.id AND v.programme_id = %(programme_id)s
            WHERE o.cluster_account_id = a.id
        )
        AND EXISTS (
            SELECT 1 FROM vouchers_price AS p
            WHERE
                p.centre_id = k.centre_id AND p.device_class_id = q.device_class_id AND p.currency = %(currency)s
                AND p.starts_at_ms < c.ended_at_ms AND p.ends_at_ms > c.started_at_ms
        )
) AS w
WHERE w.period_ms > w.placed_ms;
