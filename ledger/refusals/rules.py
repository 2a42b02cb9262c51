"""What is kept of a refusal: bounded, printable texts, and digests of all else. Pure.

*Canonical content*: the JSON document of all that is kept of a refusal, as RFC 8785 writes it. Its SHA-256 is the
refusal's record in the log. Its members are texts, objects of texts and one instant, so that the database can write the
same bytes and compare (`invariant_refusals_match_their_records`).

Source: RFC 8785.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import rfc8785

from ledger import clock
from ledger.errors import Refusal

TEXT_BYTES_MAX = 400
NAME_LENGTH_MAX = 40
MEMBERS_MAX = 12
BEHIND_MAX = 20
WITHHELD = "(uploaded, not kept)"
#: Whole numbers that RFC 8785 writes exactly lie between minus this and this.
EXACT_BELOW = 2**53
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a refused request asked for, about what, and on whose behalf. `about` holds codes and counts only."""

    act: str
    actor: str = ""
    about: Mapping[str, object] = field(default_factory=dict)
    inputs_digest: bytes | None = None

    def with_what_is_told_by(self, refusal: Refusal) -> Asked:
        """Add what the refusal carries: a boundary knows who asked, and a service that heard it what exactly."""
        heard = refusal.asked or Asked(self.act)
        digest = self.inputs_digest or refusal.inputs_digest or heard.inputs_digest
        return Asked(self.act, self.actor or heard.actor, {**heard.about, **self.about}, digest)


#: Stands where nobody could say what was asked for.
UNDESCRIBED = Asked("(not described)")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A refusal as it is kept. `inputs_digest` is hexadecimal, or empty where the inputs are not known."""

    id: str
    actor: str
    act: str
    about: dict[str, str]
    code: str
    fields: dict[str, str]
    inputs_digest: str
    asked_at_ms: int

    @property
    def digest(self) -> bytes:
        """The SHA-256 of the canonical content."""
        return hashlib.sha256(rfc8785.dumps(asdict(self))).digest()


def evidence_of(refusal: Refusal, asked: Asked, asked_at_ms: int) -> Evidence:
    """Return what is kept of a refusal."""
    return Evidence(
        id=refusal.id,
        actor=bounded(asked.actor, 100),
        act=bounded(asked.act) or UNDESCRIBED.act,
        about=bounded_members(asked.about),
        code=refusal.code,
        fields=bounded_members({**refusal.fields, **dict.fromkeys(refusal.uploaded & set(refusal.fields), WITHHELD)}),
        inputs_digest=(asked.inputs_digest or b"").hex(),
        asked_at_ms=asked_at_ms,
    )


def bounded(value: object, bytes_max: int = TEXT_BYTES_MAX) -> str:
    r"""Write a value as printable text of at most `bytes_max` bytes of UTF-8.

    Blanks of any kind become a blank; what cannot be shown or stored becomes U+FFFD; a cut ends in an ellipsis.

    >>> bounded("two\nlines\0 and \ud800")
    'two lines� and �'
    >>> bounded("x" * 500, 8)
    'xxxxx…'
    """
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    shown = "".join(map(_shown, text[: bytes_max + 1])).encode()
    if len(shown) <= bytes_max:
        return shown.decode()
    return shown[: bytes_max - len("…".encode())].decode(errors="ignore") + "…"


def _shown(character: str) -> str:
    if character.isprintable():
        return character
    return " " if character.isspace() else "\N{REPLACEMENT CHARACTER}"


def bounded_members(members: Mapping[str, object]) -> dict[str, str]:
    """Write the first members, each as bounded text under a plain name; a member that is None is left out."""
    given = [(name, value) for name, value in members.items() if value is not None][:MEMBERS_MAX]
    return {re.sub(r"[^A-Za-z0-9_]", "_", str(name))[:NAME_LENGTH_MAX]: bounded(value) for name, value in given}


def digest_of(inputs: Mapping[str, object]) -> bytes:
    """Return the SHA-256 of inputs as RFC 8785 writes them; files are given by their digests.

    What RFC 8785 cannot write stands as text: a number beyond 2^53, and U+003F for half a surrogate pair.
    """
    return hashlib.sha256(rfc8785.dumps(_plain(inputs))).digest()


def _plain(value: object) -> Any:
    if value is None or isinstance(value, bool) or (isinstance(value, int) and -EXACT_BELOW < value < EXACT_BELOW):
        return value
    if isinstance(value, Mapping):
        return {_plain(str(name)): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return str(value).encode(errors="replace").decode()


def behind(refusal: Refusal) -> list[Refusal]:
    """Return the refusals that this one was made of and a service had heard: nearest first, at most `BEHIND_MAX`."""
    found: list[Refusal] = []
    waiting: list[BaseException] = [refusal]
    seen: set[int] = set()
    while waiting and len(found) < BEHIND_MAX:
        error = waiting.pop(0)
        if id(error) in seen:
            continue
        seen.add(id(error))
        if isinstance(error, Refusal) and error.asked is not None and error is not refusal:
            found.append(error)
        inner = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
        waiting += [*inner, *(cause for cause in (error.__cause__, error.__context__) if cause is not None)]
    return found


def instant_of(text: str, zone: str, *, ends: bool) -> int:
    """Return the instant that a person means in milliseconds: an instant with its offset, or a day of the zone.

    A day stands for its beginning, or with `ends` for the beginning of the next. Raises ValueError for anything else.
    """
    if "T" not in text:
        day = date.fromisoformat(text)
        return clock.start_of_day_ms(day + timedelta(days=1) if ends else day, zone)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("without its offset the instant could be any of several")
    return (moment - EPOCH) // timedelta(milliseconds=1)
