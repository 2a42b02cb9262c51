"""The overlap in a resized job's rows.

When a running job is resized, Slurm closes its row (State RESIZING) and opens another whose Submit is the moment
of the resize but whose Start and Elapsed are the *whole* job's. Adding the rows up counts the time before the
resize twice.

*Effective start*: when a row begins to count. Where an earlier row of the same raw job id ended at this row's
submission and their intervals overlap, it is the later of start and submission; everywhere else it is the start.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from billing.metering.formats.lines import Attempt


@dataclass(frozen=True, slots=True)
class EffectiveTime:
    """From when an attempt counts, and for how long."""

    attempt_key: str
    started_ms: int
    elapsed_ms: int


def effective_times(attempts: Iterable[Attempt]) -> list[EffectiveTime]:
    """Return the effective time of each started attempt of one raw job id, sorted by attempt key.

    The order of `attempts` does not matter. Elapsed time shrinks by what the earlier row elapsed, where both count
    from the same start, so that suspension before the resize is not taken off twice; otherwise by the overlap.
    """
    started = [attempt for attempt in attempts if attempt.started_ms is not None]
    return sorted((_effective(attempt, started) for attempt in started), key=lambda time: time.attempt_key)


def _effective(attempt: Attempt, started: list[Attempt]) -> EffectiveTime:
    begin_ms = attempt.started_ms or 0
    submitted_ms = attempt.submitted_ms
    earlier = [
        other
        for other in started
        if other is not attempt
        and submitted_ms is not None
        and other.ended_ms == submitted_ms
        and begin_ms < submitted_ms
        and (other.started_ms or 0) < (attempt.ended_ms or 0)
    ]
    if not earlier or submitted_ms is None:
        return EffectiveTime(attempt.attempt_key, begin_ms, attempt.elapsed_ms)
    counted_ms = max(other.elapsed_ms if other.started_ms == begin_ms else submitted_ms - begin_ms for other in earlier)
    return EffectiveTime(attempt.attempt_key, submitted_ms, max(0, attempt.elapsed_ms - counted_ms))
