-- Puts every record that is written into the sealer's queue, in the same statement: none is left behind.
-- Called by: the trigger record_must_await_sealing on ledger_log_record.
CREATE FUNCTION ledger_await_sealing_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    INSERT INTO ledger_record_waiting (record_id) SELECT a.id FROM added AS a;
    RETURN NULL;
END
$$;
