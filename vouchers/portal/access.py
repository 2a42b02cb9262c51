"""Who is asking: the signed-in person as the actor that every page is scoped by."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase

from vouchers.people.actors import Actor, actor_of
from vouchers.people.models import User

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
