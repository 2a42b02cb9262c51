"""Who is asking: the signed-in person as the actor that every page is scoped by."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponseBase

from vouchers.people.actors import Actor, actor_of
from vouchers.people.models import User
from vouchers.programmes.models import Programme
from vouchers.programmes.selectors import programmes_run_by

P = ParamSpec("P")


def signed_in(
    view: Callable[Concatenate[HttpRequest, Actor, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Hand the view its actor; send whoever is not signed in to the sign-in page."""

    @login_required
    @wraps(view)
    def as_actor(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        assert isinstance(request.user, User)
        return view(request, actor_of(request.user), *args, **kwargs)

    return as_actor


def funds_read_by(actor: Actor) -> frozenset[str] | None:
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
