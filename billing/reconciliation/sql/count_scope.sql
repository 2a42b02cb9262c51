-- How many claims the run saw, how many stand on its lines, and how many belong to accounts without an order of it.
-- Parameters: programme_id. Called by: billing.reconciliation.services.
SELECT
    count(*) AS claims,
    count(*) FILTER (WHERE EXISTS (SELECT 1 FROM run_part AS p WHERE p.fact_id = c.id)) AS on_lines,
    count(*) FILTER (WHERE NOT EXISTS (
        SELECT 1
        FROM vouchers_clusteraccount AS a
        INNER JOIN vouchers_order AS o ON a.id = o.cluster_account_id
        INNER JOIN vouchers_voucher AS v ON o.voucher_id = v.id AND v.programme_id = %(programme_id)s
        WHERE a.cluster_id = c.cluster_id AND a.name = c.account
    )) AS of_other_accounts
FROM run_fact AS c
WHERE c.source_id IS NULL;
