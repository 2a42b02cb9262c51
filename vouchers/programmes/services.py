"""Acting on a programme as a whole."""

from __future__ import annotations

from ledger import periods
from ledger.books import services as books
from vouchers.people.actors import Actor
from vouchers.programmes.selectors import policy_in_force, programme_run_by


def close_books(*, programme: str, period: str, document: str, actor: Actor) -> tuple[int, int]:
    """Close the books of a programme up to the end of a period; return that instant (ms) and how many were closed.

    What happened before the end is posted there no more; a late fact takes a correction dated after it.
    Refuses: ActNotPermitted, NotFound, PeriodMalformed, PeriodNotOver, PeriodReopened, OwnerWithoutBooks.
    Locks: the books of the fund and their accounts. Repeats: the same period closes none.
    """
    actor.require("books.close")
    scheme = programme_run_by(actor, programme)
    actor.require("books.close", organisation_id=scheme.finance_id)
    _, policy = policy_in_force(scheme)
    _, end_ms = periods.parse(period).bounds_ms(policy.time_zone)
    return end_ms, books.close_period(scheme.code, open_from_ms=end_ms, actor=actor.login, document=document)
