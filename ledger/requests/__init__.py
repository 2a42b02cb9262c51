"""Requests that a machine may send again: each act happens once under its sender's key.

*Key*: what the sender calls the request (`Idempotency-Key`), its own for ever. *Inputs*: method, path and everything
else that decides what the act does; their digest stands beside the key. *Answer*: what the first request was told.
"""
