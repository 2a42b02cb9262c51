"""Refusals: the one kind of exception that a person or a machine is meant to read.

*Refusal*: a request that cannot be honoured. Nothing was written. It carries a stable code, a sentence
made of its own fields, and what would satisfy it. `config/problem.py` turns it into RFC 9457 problem
details and pages, `ledger/commands.py` into an exit code. A bug is an assertion, a bad line of a file is a
row with a code, two records that disagree are a finding: none of them is a refusal.

Source: RFC 9457 for the outside form.
"""

from __future__ import annotations

from typing import Any, ClassVar


class _Shown(dict[str, Any]):
    """A field that a database constraint could not name is shown as unknown, so that a refusal never crashes."""

    def __missing__(self, key: str) -> str:
        return f"(unknown {key})"


class Refusal(Exception):
    """The request cannot be honoured; nothing was written.

    Subclasses are facts. Each gives its `code` (documented in `docs/reference/errors.md`, the same string as
    the database constraint where there is one), a `message` with `{fields}`, a `remedy` that says what would
    satisfy it, and the HTTP status.
    """

    code: ClassVar[str]
    message: ClassVar[str]
    remedy: ClassVar[str]
    http_status: ClassVar[int] = 409

    def __init__(self, **fields: Any) -> None:
        self.fields = fields
        super().__init__(self.sentence)

    @property
    def sentence(self) -> str:
        """The fact, in one sentence."""
        return self.message.format_map(_Shown(self.fields))

    @property
    def advice(self) -> str:
        """What would satisfy the request."""
        return self.remedy.format_map(_Shown(self.fields))


class ActNotPermitted(Refusal):
    """The actor's roles do not include the act."""

    code = "act_not_permitted"
    message = "{actor} may not {act}."
    remedy = "Ask somebody with one of these roles to do it: {roles}."
    http_status = 403


class ActorUnknown(Refusal):
    """The named actor is not a person of this system, or is no longer active."""

    code = "actor_unknown"
    message = "There is no active person with the login {actor}."
    remedy = "Name an existing login with --actor, or declare the person in a world file first."
    http_status = 403


class NotFound(Refusal):
    """The thing does not exist, or the actor may not know that it does. The answer is the same for both."""

    code = "not_found"
    message = "There is no {kind} {name} here."
    remedy = "Check the spelling; codes are case-sensitive."
    http_status = 404
