"""From device time to money for one statement line. Pure.

*Row*: the device time of a line under one price, split into what is allowed and what is cut, by code. Charges are
rounded cumulatively within a price row, half to even, so that the parts of a line add up to its claim exactly; the
public share is rounded once, on the line's allowed amount.
Source: the programme's rate; `docs/concepts/amounts.md` has the worked table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from billing.codes import CODES
from ledger.units import BPS_PER_WHOLE, MS_PER_HOUR, cumulative_parts, divide_half_even


@dataclass(frozen=True, slots=True)
class Row:
    """Device time of one line under one price."""

    price_list: str
    device_class: str
    minor_per_hour: int
    allowed_ms: int
    cut_ms: dict[str, int]


@dataclass(frozen=True, slots=True)
class Cut:
    """What is not paid from public money for one reason: device time, amount, and who bears it."""

    code: str
    bearer: str
    quantity_ms: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Amounts:
    """What a line comes to.

    claimed = allowed + what the centre bears or is held; allowed = subsidy + what the enterprise pays.
    """

    claimed_ms: int
    allowed_ms: int
    claimed_minor: int
    allowed_minor: int
    subsidy_minor: int
    enterprise_minor: int
    cuts: tuple[Cut, ...]
    explanation: dict[str, Any]


def amounts_of_line(rows: list[Row], *, rate_bps: int, held_minor: int) -> Amounts:
    """Return what a line comes to, with the explanation of how.

    `held_minor` is the public share that was held for the line's order and is not used up by its other lines: the cap
    that binds last. What exceeds it is VCH.BAL, which the enterprise pays.
    """
    allowed_minor = 0
    cut_ms: dict[str, int] = {}
    cut_minor: dict[str, int] = {}
    base = []
    for row in rows:
        codes = sorted(row.cut_ms)
        allowed, *cuts = cumulative_parts(
            [row.allowed_ms, *(row.cut_ms[code] for code in codes)], row.minor_per_hour, MS_PER_HOUR
        )
        allowed_minor += allowed
        for code, amount in zip(codes, cuts, strict=True):
            cut_ms[code] = cut_ms.get(code, 0) + row.cut_ms[code]
            cut_minor[code] = cut_minor.get(code, 0) + amount
        base.append(
            {
                "price_list": row.price_list,
                "device_class": row.device_class,
                "minor_per_hour": row.minor_per_hour,
                "allowed_ms": row.allowed_ms,
                "allowed_minor": allowed,
            }
        )
    before_caps = divide_half_even(allowed_minor * rate_bps, BPS_PER_WHOLE)
    subsidy_minor = min(before_caps, held_minor)
    cuts_found = [Cut(code, CODES[code].bearer, cut_ms[code], cut_minor[code]) for code in sorted(cut_ms)]
    if subsidy_minor < before_caps:
        cuts_found.append(Cut("VCH.BAL", CODES["VCH.BAL"].bearer, 0, before_caps - subsidy_minor))
    allowed_ms = sum(row.allowed_ms for row in rows)
    return Amounts(
        claimed_ms=allowed_ms + sum(cut_ms.values()),
        allowed_ms=allowed_ms,
        claimed_minor=allowed_minor + sum(cut_minor.values()),
        allowed_minor=allowed_minor,
        subsidy_minor=subsidy_minor,
        enterprise_minor=allowed_minor - subsidy_minor,
        cuts=tuple(cuts_found),
        explanation={
            "base": base,
            "rate_bps": rate_bps,
            "subsidy_before_caps_minor": before_caps,
            "caps": [
                {"cap": "value held for the order", "limit_minor": held_minor, "binds": subsidy_minor < before_caps}
            ],
            "rounding": "half to even, once and cumulatively within each price row; the public share once on the line",
        },
    )
