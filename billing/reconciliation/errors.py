"""What a run refuses."""

from __future__ import annotations

from ledger.errors import Refusal


class RunTooEarly(Refusal):
    """The run's date has not come."""

    code = "run_is_too_early"
    message = "Run {run} of {period} may be made from {run_date} on; today is {today}."
    remedy = "Wait until {run_date}, so that centres and witnesses have sent what belongs to the period."


class RunSettled(Refusal):
    """Statements of this run were issued, and the facts have changed since."""

    code = "run_is_settled"
    message = "Statements of run {run} of {period} were issued, and the facts have changed since."
    remedy = "What came later belongs to the next run of the period: {runs}."


class CutOffUnknown(Refusal):
    """The log has no such position yet."""

    code = "cut_off_is_not_sealed"
    message = "The log is sealed up to position {last}; {cut_off} lies beyond it."
    remedy = "Name a position from 0 to {last}, or leave --cut-off out to use the last one."
    http_status = 422
