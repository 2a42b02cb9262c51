-- Cuts every claim into parts: one device class, the period, one order, one price. Says of each what is claimed, what the
-- evidence allows, and why the rest is not allowed. A part has the share of its attempt's time that its piece of the
-- interval has, cut cumulatively, so that the parts of an attempt add up to it. Of several witnesses the lowest counts.
-- Parameters: programme_id, starts_at_ms, ends_at_ms, currency, domains, billable_states.
-- Called by: billing.reconciliation.services.
CREATE TEMPORARY TABLE run_part ON COMMIT DROP AS
WITH evidence AS (
    SELECT
        l.claim_id, q.device_class_id, 1 + count(DISTINCT l.trust_domain) AS domains, min(q.quantity_ms) AS quantity_ms,
        bool_and(l.same_interval) AS same_interval
    FROM run_link AS l
    INNER JOIN billing_usagequantity AS q ON l.evidence_id = q.fact_id
    GROUP BY l.claim_id, q.device_class_id
),

piece AS (
    SELECT
        c.id AS fact_id, c.attempt_key, c.version, c.state, o.id AS order_id, p.id AS price_id, q.device_class_id,
        -- Time × time passes 64 bits.
        q.quantity_ms::numeric(38, 0) AS claimed_ms,
        least(q.quantity_ms, coalesce(e.quantity_ms, q.quantity_ms))::numeric(38, 0) AS supported_ms,
        coalesce(e.domains, 1) AS domains, coalesce(e.same_interval, TRUE) AS same_interval,
        e.quantity_ms AS evidence_ms,
        (c.ended_at_ms - c.started_at_ms)::numeric(38, 0) AS length_ms,
        greatest(c.started_at_ms, o.starts_at_ms, p.starts_at_ms, %(starts_at_ms)s) - c.started_at_ms AS begin_ms,
        least(c.ended_at_ms, o.ends_at_ms, p.ends_at_ms, %(ends_at_ms)s) - c.started_at_ms AS end_ms
    FROM run_fact AS c
    INNER JOIN vouchers_cluster AS k ON c.cluster_id = k.id
    INNER JOIN vouchers_clusteraccount AS a ON c.cluster_id = a.cluster_id AND c.account = a.name
    INNER JOIN billing_usagequantity AS q ON c.id = q.fact_id
    INNER JOIN vouchers_order AS o ON a.id = o.cluster_account_id AND q.device_class_id = o.device_class_id
    INNER JOIN vouchers_voucher AS v ON o.voucher_id = v.id AND v.programme_id = %(programme_id)s
    INNER JOIN vouchers_price AS p
        ON k.centre_id = p.centre_id AND q.device_class_id = p.device_class_id AND p.currency = %(currency)s
    LEFT JOIN evidence AS e ON c.id = e.claim_id AND q.device_class_id = e.device_class_id
    WHERE
        c.source_id IS NULL
        AND o.starts_at_ms < least(c.ended_at_ms, %(ends_at_ms)s)
        AND o.ends_at_ms > greatest(c.started_at_ms, %(starts_at_ms)s)
        AND p.starts_at_ms < least(c.ended_at_ms, o.ends_at_ms, %(ends_at_ms)s)
        AND p.ends_at_ms > greatest(c.started_at_ms, o.starts_at_ms, %(starts_at_ms)s)
),

judged AS (
    SELECT
        i.*,
        div(i.claimed_ms * i.end_ms, i.length_ms) - div(i.claimed_ms * i.begin_ms, i.length_ms) AS part_ms,
        div(i.supported_ms * i.end_ms, i.length_ms) - div(i.supported_ms * i.begin_ms, i.length_ms) AS supported_part_ms,
        CASE
            WHEN i.state <> all(%(billable_states)s) THEN 'USE.STATE'
            WHEN i.domains < %(domains)s THEN 'USE.NO_EVID'
            WHEN NOT i.same_interval THEN 'USE.TIME'
            WHEN i.supported_ms < i.claimed_ms THEN 'USE.QTY_OVER'
            ELSE ''
        END AS code
    FROM piece AS i
)

SELECT
    j.fact_id, j.attempt_key, j.version, j.order_id, j.price_id, j.device_class_id, j.domains, j.same_interval,
    j.state <> all(%(billable_states)s) AS not_billable, j.evidence_ms, j.claimed_ms AS attempt_ms,
    j.part_ms::bigint AS claimed_ms,
    (CASE WHEN j.code IN ('', 'USE.QTY_OVER') THEN least(j.part_ms, j.supported_part_ms) ELSE 0 END)::bigint AS allowed_ms,
    CASE WHEN j.code = 'USE.QTY_OVER' AND j.supported_part_ms >= j.part_ms THEN '' ELSE j.code END AS code
FROM judged AS j
WHERE j.part_ms > 0;
