"""The database: the embedded PostgreSQL of a checkout, and the Django backend that knows how to reach it.

`launcher.embedded(checkout)` gives the cluster; `base` is the backend (`ENGINE = "config.database"`);
`python -m config.database start|stop|status` is the same from a shell. Outside `base`, nothing here needs
Django or its settings. See `docs/operating/database.md`.
"""
