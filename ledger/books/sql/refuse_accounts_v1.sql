-- Says which account of a batch could not be taken: frozen, closed, below its floor, or past 63 bits, in this order.
-- Parameters: taken is the ids of the accounts whose totals already hold the batch.
-- Called by: ledger_post_entries_v1, while it holds the accounts.
CREATE FUNCTION ledger_refuse_accounts_v1(
    debit_ids bigint[], credit_ids bigint[], amounts bigint[], taken bigint[], now_ms bigint
) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    fault record;
BEGIN
    SELECT a.code AS account, a.closed_at_ms, a.frozen_until_ms INTO fault
    FROM ledger_account AS a
    WHERE a.id = ANY(debit_ids || credit_ids) AND (a.closed_at_ms IS NOT NULL OR a.frozen_until_ms > now_ms)
    ORDER BY a.id LIMIT 1;
    IF FOUND THEN
        PERFORM ledger_refuse_v1(
            CASE WHEN fault.closed_at_ms IS NULL THEN 'account_is_frozen' ELSE 'account_is_closed' END, to_jsonb(fault)
        );
    END IF;
    -- The floor holds for the running balance in recorded order, also inside the batch.
    SELECT m.code AS account, m.balance, m.amount, m.floor_sign <> 0 AND m.balance < 0 AS overdrawn INTO fault
    FROM (
        SELECT
            s.n, s.code, s.floor_sign, s.amount, s.debits, s.credits,
            (CASE s.normal_side WHEN 'debit' THEN 1 ELSE -1 END) * (s.debits - s.credits) AS balance
        FROM (
            SELECT
                r.n, a.code, a.floor_sign, a.normal_side, r.debit + r.credit AS amount,
                a.debits_total + sum(r.debit) OVER running
                - CASE WHEN t.id IS NULL THEN 0 ELSE sum(r.debit) OVER whole END AS debits,
                a.credits_total + sum(r.credit) OVER running
                - CASE WHEN t.id IS NULL THEN 0 ELSE sum(r.credit) OVER whole END AS credits
            FROM (
                SELECT d.n, d.id, d.amount AS debit, 0 AS credit
                FROM unnest(debit_ids, amounts) WITH ORDINALITY AS d (id, amount, n)
                UNION ALL
                SELECT c.n, c.id, 0, c.amount
                FROM unnest(credit_ids, amounts) WITH ORDINALITY AS c (id, amount, n)
            ) AS r
            INNER JOIN ledger_account AS a ON r.id = a.id
            LEFT JOIN unnest(taken) AS t (id) ON a.id = t.id
            WINDOW running AS (PARTITION BY a.id ORDER BY r.n), whole AS (PARTITION BY a.id)
        ) AS s
    ) AS m
    WHERE (m.floor_sign <> 0 AND m.balance < 0) OR greatest(m.debits, m.credits) > 9223372036854775807
    ORDER BY m.n LIMIT 1;
    IF FOUND THEN
        PERFORM ledger_refuse_v1(
            CASE WHEN fault.overdrawn THEN 'account_must_not_pass_its_floor' ELSE 'account_totals_must_fit' END,
            to_jsonb(fault) - 'overdrawn'
        );
    END IF;
    RAISE EXCEPTION 'The door could not take an account and cannot say why.' USING ERRCODE = 'internal_error';
END
$$;
