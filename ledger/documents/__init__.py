"""One store of every file that was uploaded or made: found by its SHA-256, kept verbatim, never changed.

A document's bytes lie in the database in chunks, so that a file and the act that brought it commit together, every
machine sees the same files, and neither reading nor writing needs the whole file in memory.
"""
