-- Refuses a checkpoint whose text does not say the size and the root of its head.
-- Called by: the trigger checkpoint_must_say_its_head on ledger_log_checkpoint.
CREATE FUNCTION ledger_check_checkpoint_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM ledger_log_head AS h
        WHERE h.size = new.head_id AND split_part(new.text, E'\n', 2) = h.size::text
            AND split_part(new.text, E'\n', 3) = encode(h.root, 'base64')
    ) THEN
        PERFORM ledger_refuse_v1('checkpoint_must_say_its_head', jsonb_build_object('size', new.head_id));
    END IF;
    RETURN new;
END
$$;
