"""The engine room: Django's stock admin, read-only on purpose. Officers work in the portal; an auditor may look here.

Nothing can be added, changed or deleted: whoever wrote here would walk past services, scoping and four eyes. A page
costs the same in a table of a thousand and of a hundred million rows: it is read from the primary key's newest end.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import BinaryField, ForeignKey, JSONField, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext, gettext_lazy

from ledger import models

ROWS_MAX = 5_000
"""How many rows a list leads to: what is older is found by its code."""


class NewestRows(Paginator[Any]):
    """Pages of the newest rows. Counting stops where they do, and no page begins far behind."""

    @cached_property
    def count(self) -> int:
        """Return how many rows the pages have."""
        return cast("QuerySet[Any]", self.object_list)[:ROWS_MAX].count()


class NewestFirst(ChangeList):
    """A list in one order, whatever its address asks for: there is an index on the primary key, not on every column."""

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:  # noqa: ARG002
        """Return the order."""
        return ["-pk"]


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """Lists every column of a table but long ones, the newest rows first, and changes nothing for anybody."""

    actions = None
    list_per_page = 50
    paginator = NewestRows
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()
    names_depth = 3
    """How far the names of rows are made of other rows: a cluster's account, of a cluster, of a centre."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list, and say where it ends."""
        where = gettext("The newest rows, at most %(count)s") % {"count": f"{ROWS_MAX:,}"}
        return super().changelist_view(request, {**(extra_context or {}), "subtitle": where})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Read no long column for a list that does not show it."""
        return super().get_queryset(request).defer(*self._hidden(whole=False))

    def get_list_select_related(self, request: HttpRequest) -> list[str]:  # noqa: ARG002 (Django's signature)
        """Read what a row names together with it, also where it may name nothing."""
        return list(_names(self.model, self.names_depth))

    def get_changelist(self, request: HttpRequest, **_: Any) -> type[ChangeList]:  # noqa: ARG002
        """Return the list."""
        return NewestFirst

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

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Answer no."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Answer no."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Answer no."""
        return False


def _names(model: type[Model], depth: int) -> Iterator[str]:
    """Yield the path of every foreign key, and of those behind it."""
    for field in model._meta.concrete_fields:
        if isinstance(field, ForeignKey) and depth:
            yield field.name
            yield from (f"{field.name}__{path}" for path in _names(field.related_model, depth - 1))


class OfLedger(ReadOnlyAdmin):
    """Rows of this floor, whose names are made of nothing else's."""

    names_depth = 1


class FoundByCode(OfLedger):
    """Accounts, each found by its code."""

    search_fields = ("code__exact",)
    search_help_text = gettext_lazy("The account's whole code")


class FoundByKey(OfLedger):
    """Entries, each found by its key."""

    search_fields = ("idempotency_key__exact",)
    search_help_text = gettext_lazy("The entry's whole idempotency key")


class FoundByKeyOfEntry(OfLedger):
    """Transfers, found by the key of their entry."""

    search_fields = ("entry__idempotency_key__exact",)
    search_help_text = FoundByKey.search_help_text


FOUND: dict[str, type[ReadOnlyAdmin]] = {"Account": FoundByCode, "Entry": FoundByKey, "Transfer": FoundByKeyOfEntry}
for name in models.__all__:
    admin.site.register(getattr(models, name), FOUND.get(name, OfLedger))
