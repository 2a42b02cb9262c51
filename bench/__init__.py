"""Benchmarks: each against a yardstick in the same run, as ratios of medians over alternating rounds, with the spread.

A benchmark is a module with `measure(rounds)`, which yields a `Comparison` as soon as it is measured; `manage.py bench
NAME` runs it in a database of its own, on the server's own settings: `fsync` and `synchronous_commit` stay on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Comparison:
    """Seconds of ours and of the yardstick, round by round, for the same work of so many units."""

    name: str
    yardstick: str
    ours_s: list[float]
    yardstick_s: list[float]
    units: int = 0
    note: str = ""

    def __str__(self) -> str:
        """Say how fast ours is as a share of the yardstick's speed: 1 is as fast, more is faster."""
        ratios = sorted(theirs / ours for ours, theirs in zip(self.ours_s, self.yardstick_s, strict=True))
        return (
            f"{self.name:<52} {self._speed(self.ours_s)}   {median(ratios):5.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
            f" of {self.yardstick}, {self._speed(self.yardstick_s).strip()}{self.note and f'; {self.note}'}"
        )

    def _speed(self, seconds: list[float]) -> str:
        if self.units:
            return f"{self.units / median(seconds):>11,.0f}/s"
        return f"{median(seconds) * 1000:>10,.2f} ms"


def alternate(
    name: str,
    yardstick: str,
    rounds: int,
    ours: Callable[[int], float | None],
    theirs: Callable[[int], float | None],
    *,
    units: int = 0,
) -> Comparison:
    """Run ours and the yardstick in turn, once to warm up and then `rounds` times, and compare.

    An act that knows better than its caller how long its work took returns the seconds.
    """
    comparison = Comparison(name, yardstick, [], [], units)
    for number in range(rounds + 1):
        for act, seconds in ((ours, comparison.ours_s), (theirs, comparison.yardstick_s)):
            began = time.perf_counter()
            took = act(number)
            if number:
                seconds.append(time.perf_counter() - began if took is None else took)
    return comparison
