-- Stores the rows behind the lines. Parameters: run_id, period. Called by: billing.reconciliation.services.
INSERT INTO billing_part (adjudication_id, fact_id, price_id, claimed_ms, allowed_ms, code)
SELECT a.id, p.fact_id, p.price_id, p.claimed_ms, p.allowed_ms, p.code
FROM run_part AS p
INNER JOIN billing_statementline AS l ON p.order_id = l.order_id AND l.period = %(period)s
INNER JOIN billing_adjudication AS a ON l.id = a.line_id AND a.run_id = %(run_id)s
ORDER BY p.order_id, p.fact_id, p.price_id;
