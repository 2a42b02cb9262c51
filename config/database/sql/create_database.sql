-- Create the application's database. PostgreSQL has no "if not exists" here: find_database is asked first.
-- No parameters. Locks template0 against connections for a moment. Returns nothing. Called by config/database/roles.py.
CREATE DATABASE quanbu OWNER quanbu_owner TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
