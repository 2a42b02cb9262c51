-- Lend this session a password verifier, so that create_roles can use it and no statement contains it.
-- Parameters: setting, its name; verifier. Locks nothing. Returns the verifier. Called by config/database/roles.py.
SELECT pg_catalog.set_config(%(setting)s, %(verifier)s, FALSE);
