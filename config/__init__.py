"""The shell: settings, URLs, the database launcher, the mapping of errors to HTTP. Imported by no floor."""
