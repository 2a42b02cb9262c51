"""What settlement refuses."""

from __future__ import annotations

from ledger.errors import Refusal


class RunMissing(Refusal):
    """There is nothing to settle: the period was not run."""

    code = "run_is_missing"
    message = "Run {run} of {period} of programme {programme} has not been made."
    remedy = "Run `manage.py reconcile` first."
    http_status = 404


class RunSuperseded(Refusal):
    """The run that was looked at no longer stands."""

    code = "run_is_superseded"
    message = "Run {run} of {period} of programme {programme} was made again since; this one no longer stands."
    remedy = "Look at the newest run of the period, and approve what it proposes."


class ApproverProposed(Refusal):
    """The approver made the run."""

    code = "approval_approver_must_not_be_proposer"
    message = "{actor} made this run and may not approve its lines."
    remedy = "Let another person of the department approve."
    http_status = 403


class DecisionStale(Refusal):
    """The value that the run counted on is no longer there."""

    code = "decision_is_stale"
    message = "Line {line} cannot be approved as run: {reason}"
    remedy = "Run the reconciliation again, and approve what it then proposes."


class DeltaNegative(Refusal):
    """A later run allows less than was approved."""

    code = "redemption_must_not_fall"
    message = "Line {line}: {account} would fall from {booked} to {target}."
    remedy = "Taking back approved value needs a decision after a hearing; approve the other lines by name meanwhile."


class LinesUnapproved(Refusal):
    """Lines of the run wait for approval."""

    code = "lines_must_be_approved"
    message = "{count} line(s) of the run wait for approval; the first is {first}."
    remedy = "Approve every line of the run before its statements are issued."


class StatementAnswered(Refusal):
    """The statement was answered before, otherwise."""

    code = "statement_is_answered"
    message = "Statement {statement} was {answer} by {answered_by}."
    remedy = "An answer is given once; what changed since belongs to the next run."


class DisputeLacksReason(Refusal):
    """A dispute needs a reason."""

    code = "dispute_must_have_a_reason"
    message = "Statement {statement} is disputed without a reason."
    remedy = "Say what is wrong, naming lines, with --reason."
    http_status = 422
