"""Refusals: the one kind of exception that a person or a machine is meant to read.

*Refusal*: a request that cannot be honoured. Nothing of it was written. It carries a stable code, a sentence
made of its own fields, and what would satisfy it. `config/problem.py` turns it into RFC 9457 problem
details and pages, `ledger/commands.py` into an exit code; both keep it as evidence (`ledger/refusals`). A bug
is an assertion, a bad line of a file is a row with a code, two records that disagree are a finding: none of
them is a refusal.

Source: RFC 9457 for the outside form.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from ledger import ids

if TYPE_CHECKING:
    from ledger.refusals.rules import Asked


class _Shown(dict[str, Any]):
    """A field that a database constraint could not name is shown as unknown, so that a refusal never crashes."""

    def __missing__(self, key: str) -> str:
        return f"(unknown {key})"


class Refusal(Exception):
    """The request cannot be honoured; nothing was written.

    Subclasses are facts. Each gives its `code` (documented in `docs/reference/errors.md`, the same string as
    the database constraint where there is one), a `message` with `{fields}`, a `remedy` that says what would
    satisfy it, the HTTP status, and which fields repeat what was `uploaded`: they are shown and never kept.

    Whoever hears a refusal may add what it knows: `inputs_digest` (of the refused request), `asked` (of the
    service that heard it, see `ledger.refusals`).
    """

    code: ClassVar[str]
    message: ClassVar[str]
    remedy: ClassVar[str]
    http_status: ClassVar[int] = 409
    uploaded: ClassVar[frozenset[str]] = frozenset()
    inputs_digest: bytes | None = None
    asked: Asked | None = None

    def __init__(self, **fields: Any) -> None:
        self.fields = fields
        super().__init__(self.sentence)

    @cached_property
    def id(self) -> str:
        """Names this one refusal, in its answer and where it is kept. Made when it is first asked for."""
        return ids.new("req")

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


def kinds() -> dict[str, type[Refusal]]:
    """Return every kind of refusal that this process knows, by its code."""
    found: dict[str, type[Refusal]] = {}
    waiting = [Refusal]
    while waiting:
        for kind in waiting.pop().__subclasses__():
            waiting.append(kind)
            if "code" in kind.__dict__:
                found.setdefault(kind.code, kind)
    return found
