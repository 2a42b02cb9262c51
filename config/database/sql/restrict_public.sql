-- Take from everybody what PostgreSQL gives to everybody, and give the two roles the part that they need:
-- the runtime role its temporary tables, the owner a place to stand while it creates a database.
-- Writes only where something differs, so that a repeated visit leaves no dead rows.
-- No parameters. Locks the rows of pg_database that it changes. Returns nothing. Called by config/database/roles.py.
DO $$
DECLARE
    open_to_all record;
BEGIN
    FOR open_to_all IN
        SELECT datname FROM pg_catalog.pg_database
        WHERE datname IN ('postgres', 'quanbu', 'template1')
            AND pg_catalog.has_database_privilege('public', datname, 'CONNECT, TEMPORARY, CREATE')
    LOOP
        EXECUTE pg_catalog.format('REVOKE ALL ON DATABASE %I FROM PUBLIC', open_to_all.datname);
    END LOOP;
    IF NOT pg_catalog.has_database_privilege('quanbu', 'quanbu', 'CONNECT')
        OR NOT pg_catalog.has_database_privilege('quanbu', 'quanbu', 'TEMPORARY') THEN
        GRANT CONNECT, TEMPORARY ON DATABASE quanbu TO quanbu;
    END IF;
    IF NOT pg_catalog.has_database_privilege('quanbu_owner', 'postgres', 'CONNECT') THEN
        GRANT CONNECT ON DATABASE postgres TO quanbu_owner;
    END IF;
END
$$;
