"""What verification finds: invariants, each with a verdict that says how often it is violated, and first where."""

from __future__ import annotations

from dataclasses import dataclass

SHOWN = 20
"""How many violations of an invariant are shown; all are counted."""


@dataclass(frozen=True, slots=True)
class Invariant:
    """One thing that must always hold: its name, its sentence, and the view that lists what violates it."""

    name: str
    sentence: str

    @property
    def view(self) -> str:
        """The view's name."""
        return f"invariant_{self.name}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one invariant's view held: how many violations, and the first of them as (subject, fact)."""

    invariant: Invariant
    violations: int
    first: tuple[tuple[str, str], ...]

    @property
    def holds(self) -> bool:
        """Whether the view was empty."""
        return self.violations == 0
