"""The person on whose behalf something is done, and the check that they may do it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from ledger.errors import ActNotPermitted, ActorUnknown
from vouchers.people.models import Organisation, User
from vouchers.people.permissions import ACTS, Role


@dataclass(frozen=True, slots=True)
class Actor:
    """A person's login and the roles they hold, as (organisation id, role) pairs."""

    login: str
    roles: frozenset[tuple[int, Role]]

    def organisations_for(self, act: str) -> set[int]:
        """Return the organisations on whose behalf this person may do `act`."""
        allowed = ACTS[act][1]
        return {organisation for organisation, role in self.roles if role in allowed}

    @property
    def sees_everything(self) -> bool:
        """Whether the person is an auditor."""
        return any(role == Role.AUDITOR for _, role in self.roles)

    def require(self, act: str, *, organisation_id: int | None = None) -> None:
        """Refuse with ActNotPermitted unless this person may do `act` (on behalf of the organisation, if given)."""
        may_act_for = self.organisations_for(act)
        if not may_act_for or (organisation_id is not None and organisation_id not in may_act_for):
            purpose, roles = ACTS[act]
            raise ActNotPermitted(actor=self.login, act=purpose, roles=", ".join(sorted(role.label for role in roles)))

    @property
    def organisation_ids(self) -> set[int]:
        """The organisations the person belongs to."""
        return {organisation for organisation, _ in self.roles}


def actor_of(user: User) -> Actor:
    """Return the actor that a signed-in person is."""
    memberships = user.memberships.values_list("organisation_id", "role")
    return Actor(user.login, frozenset((organisation, Role(role)) for organisation, role in memberships))


def actor_named(login: str) -> Actor:
    """Return the actor with this login. Refuses: ActorUnknown."""
    user = User.objects.filter(login=login, is_active=True).first()
    if user is None:
        raise ActorUnknown(actor=login)
    return actor_of(user)


def organisations_visible_to(actor: Actor) -> QuerySet[Organisation]:
    """Return the organisations an actor may know of: its own; all, for an auditor."""
    everything = Q() if actor.sees_everything else Q(id__in=actor.organisation_ids)
    return Organisation.objects.filter(everything)
