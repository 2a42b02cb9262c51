"""The shell's own commands: setting up the database, serving, the demonstration."""
