-- Device time by order, price and code: the rows that `rules.amounts_of_line` turns into money.
-- Called by: billing.reconciliation.services.
SELECT
    p.order_id, p.price_id, sum(p.allowed_ms)::bigint AS allowed_ms, p.code,
    sum(p.claimed_ms - p.allowed_ms)::bigint AS cut_ms
FROM run_part AS p
GROUP BY p.order_id, p.price_id, p.code
ORDER BY p.order_id, p.price_id, p.code;
