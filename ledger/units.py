"""Quantities are integers, and so is their arithmetic.

*Minor unit*: the smallest unit of a currency (fen). *GPU-millisecond*: one accelerator for one millisecond;
*core-millisecond* likewise for a processor core. *Basis point* (bps): one ten-thousandth. An *asset* is what a
book counts: a currency (`CNY`) or the time of one device class (`GPUms:A100`). Amounts are rounded half to
even, once, and cumulatively: what is posted now is the rounded total less what was posted before.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate, pairwise

MS_PER_HOUR = 3_600_000
BPS_PER_WHOLE = 10_000


def divide_half_even(numerator: int, denominator: int) -> int:
    """Divide two integers and round half to even. `denominator` is positive.

    >>> [divide_half_even(n, 2) for n in (1, 3, 5, -1)]
    [0, 2, 2, 0]
    """
    assert denominator > 0, "a divisor is positive"
    quotient, remainder = divmod(numerator, denominator)
    doubled = 2 * remainder
    return quotient + (1 if doubled > denominator or (doubled == denominator and quotient % 2) else 0)


def cumulative_parts(weights: list[int], multiplier: int, divisor: int) -> list[int]:
    """Price each weight so that the parts add up to the rounded whole.

    Part i = round(multiplier × (w₁+…+wᵢ) ÷ divisor) − round(multiplier × (w₁+…+wᵢ₋₁) ÷ divisor).

    >>> cumulative_parts([1, 1, 1], 1, 2)
    [0, 1, 1]
    """
    totals = [divide_half_even(total * multiplier, divisor) for total in accumulate(weights, initial=0)]
    return [later - earlier for earlier, later in pairwise(totals)]


def split_by_shares(total: int, shares: Mapping[str, int]) -> dict[str, int]:
    """Split a non-negative total by integer shares, largest remainder first, ties to the level named first.

    It is applied to cumulative totals and differenced (`postings` rule 5), so that a fund's levels never drift.

    >>> split_by_shares(24_000_001, {"province": 1, "city": 1})
    {'province': 12000001, 'city': 12000000}
    """
    whole = sum(shares.values())
    assert whole > 0, "shares add up to something"
    parts = {level: total * share // whole for level, share in shares.items()}
    left = total - sum(parts.values())
    order = list(shares)
    by_remainder = sorted(shares, key=lambda level: (-(total * shares[level] % whole), order.index(level)))
    for level in by_remainder[:left]:
        parts[level] += 1
    return parts


def minor_from_text(text: str) -> int:
    """Read an amount with at most two decimals, such as `60000.00`, as an integer of its smallest unit.

    Raises ValueError for anything else: signs, exponents, thousands separators and a third decimal are refused.

    >>> minor_from_text("60000.5"), minor_from_text("7")
    (6000050, 700)
    """
    whole, _, fraction = text.partition(".")
    if not (whole.isdecimal() and whole.isascii() and (not fraction or (fraction.isdecimal() and fraction.isascii()))):
        raise ValueError(text)
    if len(fraction) > 2 or text.endswith("."):
        raise ValueError(text)
    return int(whole) * 100 + int(fraction.ljust(2, "0"))


def text_from_minor(amount_minor: int) -> str:
    """Write an amount of the smallest unit with two decimals and thousands separators.

    >>> text_from_minor(-123456789)
    '-1,234,567.89'
    """
    sign = "-" if amount_minor < 0 else ""
    return f"{sign}{abs(amount_minor) // 100:,}.{abs(amount_minor) % 100:02d}"


def decimal_text(amount: int, decimals: int) -> str:
    """Write a whole number of smallest units with so many decimals and without separators, as machines read it.

    >>> decimal_text(-5, 2), decimal_text(123456, 2), decimal_text(120, 0)
    ('-0.05', '1234.56', '120')
    """
    if not decimals:
        return str(amount)
    whole, part = divmod(abs(amount), 10**decimals)
    return f"{'-' if amount < 0 else ''}{whole}.{part:0{decimals}d}"


def hours_from_ms(quantity_ms: int) -> str:
    """Write device time as hours with six decimals, cut towards zero; the exact figure is the milliseconds.

    >>> hours_from_ms(444_444_444), hours_from_ms(-5_400_000)
    ('123.456790', '-1.500000')
    """
    sign = "-" if quantity_ms < 0 else ""
    millionths = abs(quantity_ms) * 1_000_000 // MS_PER_HOUR
    return f"{sign}{millionths // 1_000_000:,}.{millionths % 1_000_000:06d}"
