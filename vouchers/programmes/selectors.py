"""Reading programmes."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from ledger.books.questions import Funds
from ledger.errors import NotFound
from vouchers.people.actors import Actor
from vouchers.programmes.models import Programme, ProgrammeVersion
from vouchers.programmes.rules import Policy, policy_of


def programmes_visible_to(actor: Actor) -> QuerySet[Programme]:
    """Return the programmes an actor may know of: those its organisation runs, pays, or takes part in."""
    if actor.sees_everything:
        return Programme.objects.all()
    own = actor.organisation_ids
    return Programme.objects.filter(
        Q(department__in=own)
        | Q(finance__in=own)
        | Q(operator__in=own)
        | Q(vouchers__holder__in=own)
        | Q(vouchers__orders__cluster_account__cluster__centre__organisation__in=own)
    ).distinct()


def programmes_run_by(actor: Actor) -> QuerySet[Programme]:
    """Return the programmes that an actor's organisation runs, pays or audits: whose every line it may see."""
    if actor.sees_everything:
        return Programme.objects.all()
    own = actor.organisation_ids
    return Programme.objects.filter(Q(department__in=own) | Q(finance__in=own) | Q(operator__in=own))


def programme_run_by(actor: Actor, code: str) -> Programme:
    """Return a programme that the actor's organisation runs. Refuses: NotFound, the same for foreign ones."""
    programme = programmes_run_by(actor).filter(code=code).first()
    if programme is None:
        raise NotFound(kind="programme", name=code)
    return programme


def funds_read_by(actor: Actor) -> Funds:
    """Return the funds whose books an actor may read; None is all of them. Refuses: ActNotPermitted."""
    actor.require("books.read")
    if actor.sees_everything:
        return None
    own = actor.organisations_for("books.read")
    run = programmes_run_by(actor).filter(Q(department__in=own) | Q(finance__in=own) | Q(operator__in=own))
    return frozenset(run.values_list("code", flat=True))


def reads_books_of(actor: Actor, programme: Programme) -> bool:
    """Say whether an actor may read the books of a programme."""
    if not actor.organisations_for("books.read"):
        return False
    funds = funds_read_by(actor)
    return funds is None or programme.code in funds


def policy_in_force(programme: Programme) -> tuple[ProgrammeVersion, Policy]:
    """Return the latest version of a programme's parameters."""
    version = programme.versions.order_by("-version")[0]
    return version, policy_of(version.parameters)
