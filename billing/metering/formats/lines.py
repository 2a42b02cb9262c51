"""What a usage file says, line by line.

*Attempt*: one run of one job under one allocation. A requeued or resized job has several, each with its own
row; the attempt is the unit of everything that follows.
*Attempt key*: the attempt's natural name inside its centre and cluster. It never holds a start or an end,
which change as a record matures: `<raw job id>@<submitted, ms>`, because a scheduler counts job ids anew and
sets a new submission time at each requeue. Where a file states no submission: `<job id>#<attempt number>`.
*Content digest*: SHA-256 of the canonical form of the attempt's facts. The canonical form is the UTF-8 text of
these lines joined by one line feed, the last without: `attempt/1`, attempt key, job id, account, state,
submitted, started and ended in milliseconds (empty where there is none), elapsed and suspended in milliseconds,
core count, accelerators as `type=thousandths` joined by commas and sorted by type, node list. No text in it
can hold a line feed, so two sets of facts never share a form. Line number, spelling, column order and columns
that are not used stay out, so the same facts exported otherwise have the same digest.
*Fault*: why one line is not taken in, as an exception inside the readers; outside they give `Unusable`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, make_dataclass
from hashlib import sha256
from typing import Any, Final

from billing.metering.formats.codes import OUTCOMES, Outcome

COUNT_MAX: Final = 10**9
SHOWN_CHARACTERS: Final = 48

GpuCounts = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of one job, as a scheduler reports it.

    Units: instants in milliseconds UTC, durations in milliseconds, accelerators in thousandths of a device.
    `elapsed_ms` is time allocated and not suspended. An attempt that never started has no `started_ms` and
    holds nothing. `raw` is the row as written, without its line end; line breaks inside a quoted cell are
    written as one line feed.
    """

    line: int
    raw: str
    attempt_key: str
    job_id: str
    account: str
    state: str
    submitted_ms: int | None
    started_ms: int | None
    ended_ms: int | None
    elapsed_ms: int
    suspended_ms: int
    core_count: int
    gpu_counts: GpuCounts
    node_list: str
    content_digest: bytes


@dataclass(frozen=True, slots=True)
class Unusable:
    r"""One line that is not taken in, and what would mend it.

    `raw` is the line as written, except that bytes which no text can hold are written `\xNN`, and of a line
    that is too long only the beginning is kept.
    """

    line: int
    raw: str
    outcome: Outcome
    code: str
    reason: str
    column: str | None


class LineFault(Exception):
    """One line cannot be taken in. Never leaves the readers."""

    def __init__(self, code: str, reason: str, column: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.reason = reason
        self.column = column


def unusable(line: int, raw: str, fault: LineFault) -> Unusable:
    """Turn a fault into the line that goes back to the centre."""
    return Unusable(line, raw, OUTCOMES[fault.code], fault.code, fault.reason, fault.column)


def shown(value: str) -> str:
    """Write a foreign value so that it can stand in a sentence: quoted, shortened, controls escaped."""
    if len(value) > SHOWN_CHARACTERS:
        value = value[:SHOWN_CHARACTERS] + "…"
    plain = "".join(c if c.isprintable() else c.encode("unicode_escape", "replace").decode("ascii") for c in value)
    return f"“{plain}”"


# A frozen class sets each field through a checking function, which costs more than the rest of a row together. So
# a row's attempt is made as its mutable twin, field by field the same, and takes its class before anyone has it.
_Draft: Final[Any] = make_dataclass("_Draft", [(field.name, field.type) for field in fields(Attempt)], slots=True)


def new_attempt(  # noqa: PLR0917 - every fact in the order of `Attempt`, by place because this is the hottest path
    line: int,
    raw: str,
    attempt_key: str,
    job_id: str,
    account: str,
    state: str,
    submitted_ms: int | None,
    started_ms: int | None,
    ended_ms: int | None,
    elapsed_ms: int,
    suspended_ms: int,
    core_count: int,
    gpu_counts: GpuCounts,
    node_list: str,
) -> Attempt:
    """Return the attempt with the digest of its facts (the canonical form is in the module's docstring)."""
    submitted = "" if submitted_ms is None else submitted_ms
    started = "" if started_ms is None else started_ms
    ended = "" if ended_ms is None else ended_ms
    gpus = ",".join([f"{name}={milli}" for name, milli in gpu_counts]) if gpu_counts else ""
    canonical = (
        f"attempt/1\n{attempt_key}\n{job_id}\n{account}\n{state}\n{submitted}\n{started}\n{ended}\n"
        f"{elapsed_ms}\n{suspended_ms}\n{core_count}\n{gpus}\n{node_list}"
    )
    attempt: Attempt = _Draft(
        line,
        raw,
        attempt_key,
        job_id,
        account,
        state,
        submitted_ms,
        started_ms,
        ended_ms,
        elapsed_ms,
        suspended_ms,
        core_count,
        gpu_counts,
        node_list,
        sha256(canonical.encode()).digest(),
    )
    attempt.__class__ = Attempt
    return attempt
