"""Benchmarks: each against a yardstick in the same run, as ratios of medians over alternating rounds, with the spread.

A benchmark is a module with `measure(rounds) -> list[Comparison]`; `manage.py bench NAME` runs it in a database of its
own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Comparison:
    """Seconds of ours and of the yardstick, round by round, for the same work."""

    name: str
    yardstick: str
    ours_s: list[float]
    yardstick_s: list[float]

    def __str__(self) -> str:
        ratios = sorted(ours / theirs for ours, theirs in zip(self.ours_s, self.yardstick_s, strict=True))
        return (
            f"{self.name:<44} {median(self.ours_s):8.3f} s   {self.yardstick:<34} {median(self.yardstick_s):8.3f} s   "
            f"ratio {median(ratios):6.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        )


def alternate(
    name: str, yardstick: str, rounds: int, ours: Callable[[int], None], theirs: Callable[[int], None]
) -> Comparison:
    """Run ours and the yardstick in turn, once to warm up and then `rounds` times, and compare."""
    comparison = Comparison(name, yardstick, [], [])
    for number in range(rounds + 1):
        for act, seconds in ((ours, comparison.ours_s), (theirs, comparison.yardstick_s)):
            began = time.perf_counter()
            act(number)
            if number:
                seconds.append(time.perf_counter() - began)
    return comparison
