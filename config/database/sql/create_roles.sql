-- Create the owner and the runtime role where they are missing.
-- Parameters: the settings quanbu.verifier_of_quanbu_owner and quanbu.verifier_of_quanbu of this session.
-- Locks nothing beyond the new rows. Returns nothing. Called by config/database/roles.py.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'quanbu_owner') THEN
        EXECUTE pg_catalog.format(
            'CREATE ROLE quanbu_owner LOGIN CREATEDB NOSUPERUSER NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD %L',
            pg_catalog.current_setting('quanbu.verifier_of_quanbu_owner')
        );
    END IF;
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'quanbu') THEN
        EXECUTE pg_catalog.format(
            'CREATE ROLE quanbu LOGIN NOCREATEDB NOSUPERUSER NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD %L',
            pg_catalog.current_setting('quanbu.verifier_of_quanbu')
        );
    END IF;
END
$$;
