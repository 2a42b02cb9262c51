-- Say whether a database exists.
-- Parameters: database, its name. Locks nothing. Returns one row or none. Called by config/database/roles.py.
SELECT datname
FROM pg_catalog.pg_database
WHERE datname = %(database)s;
