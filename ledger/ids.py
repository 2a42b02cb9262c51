"""Sortable ids with a readable prefix, such as `use_01KB4Z7Q0C8V3M5N9R2T6W1X4Y`.

An id is the clock's millisecond and 80 random bits in Crockford's base 32 (the layout of a ULID), so ids sort by
time and can be read over the telephone. The source of the random part is injected like the clock, so that
the demonstration gives the same ids every time.

Source: the ULID layout; Crockford's base 32 alphabet.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from ledger import clock

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

_random_bits: ContextVar[Callable[[int], int]] = ContextVar("id source", default=secrets.randbits)


def new(prefix: str) -> str:
    """Return a new id: `prefix`, an underscore, 26 characters."""
    number = (clock.now_ms() << 80) | _random_bits.get()(80)
    digits = [ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5)]
    return f"{prefix}_{''.join(digits)}"


def secret() -> bytes:
    """Return 32 new random bytes of the same source."""
    return _random_bits.get()(256).to_bytes(32, "big")


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw the random part from a seeded generator inside this context. For demonstrations and tests only."""
    token = _random_bits.set(random.Random(seed).getrandbits)  # noqa: S311 (repeatable on purpose)
    try:
        yield
    finally:
        _random_bits.reset(token)
