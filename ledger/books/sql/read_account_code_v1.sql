-- The parts of an account's code: whether it is well formed, its type, and all its keys with the fund first.
-- A code is B.Held[QY24,V1,O1]: at most 400 characters, keys of letters, digits and . _ : / -
-- Called by: ledger_refuse_batch_v1 and ledger_open_accounts_v1.
CREATE FUNCTION ledger_read_account_code_v1(code text, OUT well_formed boolean, OUT type text, OUT keys text[])
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
SELECT
    length(code) <= 400
    AND code ~ '^[BMKQFL]\.[A-Za-z]+\[[A-Za-z0-9._:/-]+(,[A-Za-z0-9._:/-]+)*\]$',
    split_part(code, '[', 1), string_to_array(rtrim(split_part(code, '[', 2), ']'), ',')
$$;
