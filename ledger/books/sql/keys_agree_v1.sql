-- Whether two accounts share the keys that a flow keeps: at most three (a limit's counter, scope and period).
-- A flow that is not listed has no positions, and the answer is NULL.
-- Called by: ledger_post_entries_v1 and ledger_post_transfer_v1.
CREATE FUNCTION ledger_keys_agree_v1(
    debit_keys text[], credit_keys text[], debit_positions smallint[], credit_positions smallint[]
) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
SELECT
    (cardinality(debit_positions) < 1 OR debit_keys[debit_positions[1]] = credit_keys[credit_positions[1]])
    AND (cardinality(debit_positions) < 2 OR debit_keys[debit_positions[2]] = credit_keys[credit_positions[2]])
    AND (cardinality(debit_positions) < 3 OR debit_keys[debit_positions[3]] = credit_keys[credit_positions[3]])
$$;
