-- Trigger function that refuses the statement: with the code that the trigger names, or else because history is added to,
-- never changed, by nobody.
CREATE FUNCTION ledger_refuse_change_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    PERFORM ledger_refuse_v1(
        coalesce(tg_argv[0], 'history_must_not_change'), jsonb_build_object('table', tg_table_name, 'act', tg_op)
    );
    RETURN NULL;
END
$$;
