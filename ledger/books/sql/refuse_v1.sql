-- Refuses a request: an error whose constraint name is the refusal's stable code and whose detail is its fields.
-- Called by: the database functions of the books; `ledger.books.services` turns it into a Refusal.
CREATE FUNCTION ledger_refuse_v1(code text, fields jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION '%', code USING ERRCODE = 'check_violation', CONSTRAINT = code, DETAIL = fields::text;
END
$$;
