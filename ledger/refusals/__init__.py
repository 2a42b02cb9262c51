"""Refusals kept as evidence: who asked for what, when, and why it was refused.

*Refused act*: one request to write that was refused, as it is kept. *Asked*: what it asked for (the *act*, a stable
name such as `POST /api/v1/usage-files`, `manage.py settle` or `post REDEEM`), about what (codes only), on whose behalf
(the *actor*, a login or an opaque code; empty for a stranger), and the SHA-256 of its inputs where they are known.

*Boundary*: the outermost place that hears a refusal, after the act's transaction was rolled back: the API, the portal,
a command. It keeps the refusal. *Heard*: a service whose callers may catch its refusals and go on, such as
`ledger.books.services.post`, keeps them itself, in the caller's transaction. A refusal carries its id, so that whoever
keeps it second writes nothing.

What is kept is bounded text. What was uploaded is never kept, nor what was typed beyond codes: a digest stands for it.
"""
