"""The parameters of a programme, typed, and the calendar they imply. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import holidays
import rfc8785

from ledger.errors import Refusal
from ledger.periods import Period

BILLABLE_STATES = ("CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "OUT_OF_MEMORY", "TIMEOUT", "RESIZING")


class RunUnknown(Refusal):
    """The programme's cycle has no run of this name."""

    code = "run_is_unknown"
    message = "Programme {programme} has no run {run}."
    remedy = "Its runs are {runs}."
    http_status = 422


class CycleMismatch(Refusal):
    """The period is not one of the programme's settlement cycle."""

    code = "period_is_not_of_the_cycle"
    message = "{period} is not a period of the {cycle} cycle of programme {programme}."
    remedy = "Name a {cycle}, such as {example}."
    http_status = 422


CYCLES = {"week": "2026-W23", "month": "2026-10", "quarter": "2026-Q4", "year": "2026"}
_LENGTHS = {"week": (7, 7), "month": (28, 31), "quarter": (90, 92), "year": (365, 366)}


@dataclass(frozen=True, slots=True)
class Policy:
    """What a programme pays, on what evidence, and when.

    `subsidy_rate_bps`: the public share of the allowed amount. `funding`: integer shares by level; of a fen that cannot
    be shared the level named first bears it.
    `evidence_domains`: how many trust domains must agree before a quantity is paid. `runs`: working days after the
    period's end at which each run may be made. `calendar`: ISO 3166 country whose working days count.
    """

    currency: str
    time_zone: str
    subsidy_rate_bps: int
    funding: dict[str, int]
    cycle: str
    runs: dict[str, int]
    calendar: str
    evidence_domains: int
    billable_states: list[str]

    def as_parameters(self) -> dict[str, Any]:
        """Return the parameters as they are stored: what has an order is a list, because JSON objects have none."""
        return asdict(self) | {"funding": [*map(list, self.funding.items())], "runs": [*map(list, self.runs.items())]}

    @property
    def digest(self) -> bytes:
        """SHA-256 of the parameters in RFC 8785 canonical JSON."""
        return hashlib.sha256(rfc8785.dumps(self.as_parameters())).digest()

    def check_cycle(self, period: Period, programme: str) -> None:
        """Refuse with CycleMismatch unless the period is one of this programme's cycle."""
        shortest, longest = _LENGTHS[self.cycle]
        if not shortest <= (period.ends_on - period.starts_on).days <= longest:
            raise CycleMismatch(period=period.name, cycle=self.cycle, programme=programme, example=CYCLES[self.cycle])

    def run_date(self, run: str, period: Period, programme: str) -> date:
        """Return the first day on which `run` of `period` may be made: so many working days after its end.

        Refuses: RunUnknown. Source: the national calendar as kept by the `holidays` library, which knows the
        working weekends that China swaps for holidays.
        """
        if run not in self.runs:
            raise RunUnknown(programme=programme, run=run, runs=", ".join(self.runs))
        calendar = holidays.country_holidays(self.calendar)
        # The period's last day is day 0; ends_on is the day after it.
        return calendar.get_nth_working_day(date.fromordinal(period.ends_on.toordinal() - 1), self.runs[run])


def policy_of(parameters: dict[str, Any]) -> Policy:
    """Read stored parameters."""
    return Policy(**parameters | {"funding": dict(parameters["funding"]), "runs": dict(parameters["runs"])})
