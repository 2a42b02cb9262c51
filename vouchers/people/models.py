"""Organisations, people and memberships."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property

from ledger import privileges
from vouchers.people.permissions import Role

CODE = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$"


class Organisation(models.Model):
    """A legal person that takes part. `credit_code` is its unified social credit code, empty where not declared."""

    privileges = privileges.KEEP

    class Kind(models.TextChoices):
        """What an organisation is in the world of vouchers."""

        DEPARTMENT = "department", "competent department"
        FINANCE = "finance", "finance bureau"
        OPERATOR = "operator", "platform operator"
        ENTERPRISE = "enterprise", "enterprise or other beneficiary"
        CENTRE = "centre", "computing centre"
        AUDITOR = "auditor", "auditor"

    code = models.TextField(unique=True)
    name = models.TextField()
    kind = models.TextField(choices=Kind.choices)
    credit_code = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(code__regex=CODE), name="organisation_code_must_be_a_code"),
            models.UniqueConstraint(
                fields=["credit_code"], condition=~Q(credit_code=""), name="organisation_credit_code_must_be_unique"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class User(AbstractBaseUser):
    """A person who signs in. What they may do is said by their memberships alone."""

    privileges = privileges.KEEP

    login = models.TextField(unique=True)
    name = models.TextField()
    is_active = models.BooleanField(default=True)

    USERNAME_FIELD = "login"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects = BaseUserManager["User"]()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(login__regex=CODE), name="user_login_must_be_a_code")]

    def __str__(self) -> str:
        return self.login

    @cached_property
    def is_staff(self) -> bool:
        """Whether the person may look into the read-only engine room: asked a hundred times for one of its pages."""
        return self.memberships.filter(role=Role.AUDITOR).exists()

    def has_perm(self, perm: str, obj: Any = None) -> bool:  # noqa: ARG002 (Django's signature)
        """Answer the engine room: it shows everything to an auditor and changes nothing for anybody."""
        return self.is_active and self.is_staff and perm.rsplit(".", maxsplit=1)[-1].startswith("view_")

    def has_module_perms(self, app_label: str) -> bool:  # noqa: ARG002 (Django's signature)
        """Answer the engine room's index."""
        return self.is_active and self.is_staff


class Membership(models.Model):
    """A person's role in an organisation."""

    privileges = privileges.KEEP

    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="memberships")
    role = models.TextField(choices=Role.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "organisation", "role"], name="membership_must_be_held_once")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role} of {self.organisation_id}"
