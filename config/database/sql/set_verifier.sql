-- Lend this session a password verifier, so that create_roles can use it and no statement contains it.
-- Parameters: name of the setting, verifier. Locks nothing. Returns the verifier. Called by config/database/roles.py.
SELECT pg_catalog.set_config(%s, %s, FALSE);
