"""From claimed to paid, step by step, each with the place of its bar on a scale of a thousand. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

SCALE = 1000


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the waterfall: a figure (`claimed`, `allowed`, `subsidy`, `enterprise`) or a cut with its code."""

    name: str
    code: str
    bearer: str
    lines: int
    quantity_ms: int | None
    amount_minor: int
    bar_from: int
    bar_length: int


@dataclass(frozen=True, slots=True)
class Cut:
    """What was cut for one code."""

    code: str
    bearer: str
    lines: int
    quantity_ms: int
    amount_minor: int


def waterfall(
    *, claimed: tuple[int, int], allowed: tuple[int, int], subsidy_minor: int, cuts: Iterable[Cut]
) -> list[Step]:
    """Return the steps from what was claimed, (ms, minor), over each cut to what is allowed, and who pays it.

    A cut that the enterprise bears lies inside the allowed amount: it moves a part of the public share to it.
    """
    whole = claimed[1]

    def step(name: str, figures: tuple[int | None, int], at_minor: int, cut: Cut | None = None) -> Step:
        start = at_minor * SCALE // whole if whole else 0
        length = max((at_minor + figures[1]) * SCALE // whole - start, 0) if whole else 0
        code, bearer, lines = (cut.code, cut.bearer, cut.lines) if cut else ("", "", 0)
        return Step(name, code, bearer, lines, *figures, start, length)

    steps, left, of_enterprise = [step("claimed", claimed, 0)], whole, []
    for cut in cuts:
        if cut.bearer == "enterprise":
            of_enterprise.append(cut)
        else:
            left -= cut.amount_minor
            steps.append(step("cut", (cut.quantity_ms, cut.amount_minor), left, cut))
    steps.append(step("allowed", allowed, 0))
    steps.append(step("subsidy", (None, subsidy_minor), 0))
    steps.append(step("enterprise", (None, allowed[1] - subsidy_minor), subsidy_minor))
    at_minor = subsidy_minor
    for cut in of_enterprise:
        steps.append(step("within", (None, cut.amount_minor), at_minor, cut))
        at_minor += cut.amount_minor
    return steps


def of_run(summary: dict[str, Any]) -> list[Step]:
    """Return the waterfall of a run's summary."""
    return waterfall(
        claimed=(summary["claimed_ms"], summary["claimed_minor"]),
        allowed=(summary["allowed_ms"], summary["allowed_minor"]),
        subsidy_minor=summary["subsidy_minor"],
        cuts=[Cut(**cut) for cut in summary["adjusted"]],
    )


def of_line(amounts: dict[str, Any]) -> list[Step]:
    """Return the waterfall of one line's amounts."""
    return waterfall(
        claimed=(amounts["claimed_ms"], amounts["claimed_minor"]),
        allowed=(amounts["allowed_ms"], amounts["allowed_minor"]),
        subsidy_minor=amounts["subsidy_minor"],
        cuts=[Cut(**cut, lines=1) for cut in amounts["adjustments"]],
    )
