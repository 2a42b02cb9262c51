"""The value of vouchers by state, as the books have it, put in order for a reader."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vouchers.issuance.models import Voucher
from vouchers.issuance.selectors import value_of

ORDER = ("available", "held", "redeemed", "frozen", "expired", "revoked")
ALWAYS_SHOWN = ORDER[:3]


@dataclass(frozen=True, slots=True)
class Value:
    """A face value and where it is, as (state, amount); what is zero is left out unless a reader looks for it.

    `elsewhere_minor` is what a decision took off the voucher for good or has yet to get back.
    """

    face_minor: int
    states: tuple[tuple[str, int], ...]

    @property
    def elsewhere_minor(self) -> int:
        """What of the face value is in none of the shown states."""
        return self.face_minor - sum(amount for _, amount in self.states)

    @property
    def bars(self) -> list[tuple[str, int, int]]:
        """Each state's place on a bar of a thousand: (state, from, length)."""
        bars, reached = [], 0
        for state, amount in self.states:
            start, reached_next = reached * 1000 // self.face_minor, reached + amount
            bars.append((state, start, reached_next * 1000 // self.face_minor - start))
            reached = reached_next
        return bars


def _value(face_minor: int, states: dict[str, int]) -> Value:
    ordered = ((state, states[state]) for state in ORDER)
    return Value(face_minor, tuple((state, amount) for state, amount in ordered if amount or state in ALWAYS_SHOWN))


def values_of(vouchers: Iterable[Voucher]) -> list[tuple[Voucher, Value]]:
    """Return each voucher with its value."""
    wanted = list(vouchers)
    values = value_of(wanted)
    return [(voucher, _value(voucher.face_minor, values[voucher.id])) for voucher in wanted]


def value_of_all(vouchers: Iterable[Voucher]) -> dict[int, Value]:
    """Return, of each programme by its id, the value of these vouchers of it together."""
    wanted = list(vouchers)
    values = value_of(wanted)
    faces: dict[int, int] = {}
    states: dict[int, dict[str, int]] = {}
    for voucher in wanted:
        faces[voucher.programme_id] = faces.get(voucher.programme_id, 0) + voucher.face_minor
        sums = states.setdefault(voucher.programme_id, dict.fromkeys(ORDER, 0))
        for state in ORDER:
            sums[state] += values[voucher.id][state]
    return {programme: _value(face, states[programme]) for programme, face in faces.items()}
