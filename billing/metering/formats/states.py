"""End states of attempts, in Slurm's words, which usage-csv/1 shares.

Which of them are billable is a programme's choice and is not decided here.
"""

from __future__ import annotations

from typing import Final

from billing.metering.formats.lines import LineFault, shown

FINAL: Final = frozenset(
    {
        "BOOT_FAIL",
        "CANCELLED",
        "COMPLETED",
        "DEADLINE",
        "FAILED",
        "NODE_FAIL",
        "OUT_OF_MEMORY",
        "PREEMPTED",
        "REQUEUED",
        "RESIZING",
        "REVOKED",
        "TIMEOUT",
    }
)
"""States in which an attempt is over. RESIZING is one: the next row carries the job on."""

RUNNING: Final = frozenset({"RUNNING", "SUSPENDED", "COMPLETING", "CONFIGURING", "STOPPED"})
WAITING: Final = frozenset({"PENDING"})


def final_state(text: str, column: str) -> str:
    """Return the canonical end state: the first word, upper case, without the mark of a cut-off word.

    `CANCELLED by 380693` is CANCELLED, and so is the `CANCELLED+` of output that is not parsable.
    """
    word = text.strip().partition(" ")[0].upper().removesuffix("+")
    if word in FINAL:
        return word
    if word in WAITING:
        raise LineFault("attempt_not_begun", f"{column} is {word}: send the attempt again when it has ended.", column)
    if word in RUNNING:
        raise LineFault("attempt_still_runs", f"{column} is {word}: send the attempt again when it has ended.", column)
    raise LineFault(
        "state_is_unknown",
        f"{column} is {shown(text)}, which is no end state; correct it, or have it decided whether it is billable.",
        column,
    )
