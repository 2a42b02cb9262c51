"""The engine room: Django's stock admin, read-only on purpose. Officers work in the portal; an auditor may look here.

Nothing can be added, changed or deleted: whoever wrote here would walk past services, scoping and four eyes.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import BinaryField, JSONField, Model
from django.http import HttpRequest

from ledger import models


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """Lists every column of a table but long ones, and changes nothing for anybody."""

    actions = None
    list_per_page = 50
    list_select_related = True
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    def get_list_display(self, request: HttpRequest) -> list[Any]:  # noqa: ARG002 (Django's signature)
        """Show every column that fits a table."""
        return [field.name for field in self.opts.concrete_fields if field.name not in self._hidden(whole=False)]

    def get_exclude(self, request: HttpRequest, obj: Model | None = None) -> list[str]:  # noqa: ARG002
        """Leave out what a page cannot show and what nobody may read."""
        return self._hidden(whole=True)

    def _hidden(self, *, whole: bool) -> list[str]:
        too_long = (BinaryField,) if whole else (BinaryField, JSONField)
        fields = self.opts.concrete_fields
        return [field.name for field in fields if isinstance(field, too_long) or field.name == "password"]

    def get_ordering(self, request: HttpRequest) -> list[Any]:  # noqa: ARG002 (Django's signature)
        """Show the newest first."""
        return ["-pk"]

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Answer no."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Answer no."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Answer no."""
        return False


admin.site.register([getattr(models, name) for name in models.__all__], ReadOnlyAdmin)
