-- The day of an instant in the accounting zone of the books, Asia/Shanghai.
-- Called by: the sealing of entries and the look-ups by the time of happening.
CREATE FUNCTION ledger_accounting_day_v1(instant_ms bigint) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
SELECT timezone('Asia/Shanghai', to_timestamp(instant_ms / 1000))::date
$$;
