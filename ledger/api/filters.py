"""How lists are narrowed: by codes and instants, and never by a name that nobody knows."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import exceptions

from ledger.api.fields import instant_named
from ledger.books.models import Account, Entry, Transfer
from ledger.books.questions import LAST_MS, Funds
from ledger.books.statements import TEXTS, accounts_among, entries_among

LENGTH_MAX = 400
"""No code, key or text of the books is longer."""


def check_names(asked: QueryDict, known: Collection[str]) -> None:
    """See that every parameter is known and given once: leaving one out would show what nobody asked for.

    Refuses: ValidationError.
    """
    wrong: dict[str, exceptions.ErrorDetail] = {}
    for name in sorted(set(asked)):
        if name not in known:
            sentence = f"There is no such filter; there are {', '.join(sorted(set(known) - {'format'}))}."
            wrong[name] = exceptions.ErrorDetail(sentence, "filter_is_unknown")
        elif len(asked.getlist(name)) > 1:
            wrong[name] = exceptions.ErrorDetail("Give it once.", "filter_is_repeated")
    if wrong:
        raise exceptions.ValidationError(wrong)


class ByCode(filters.FilterSet):  # type: ignore[misc] # the package says nothing about types
    """Narrows a list by codes that people write, never by row numbers."""


class InstantFormField(forms.CharField):
    """An instant as RFC 3339 has it, as milliseconds; None where it is left out."""

    def to_python(self, value: Any) -> Any:
        """Read the instant."""
        text = super().to_python(value)
        if not text:
            return None
        try:
            return instant_named(text)
        except ValueError as error:
            raise forms.ValidationError(
                "%(sentence)s", code="instant_is_malformed", params={"sentence": error}
            ) from None


@extend_schema_field(OpenApiTypes.DATETIME)
class InstantFilter(filters.Filter):  # type: ignore[misc] # see above
    """By an instant."""

    field_class = InstantFormField

    def __init__(self, label: str) -> None:
        super().__init__(label=label, strip=False)


class CodeFilter(filters.CharFilter):  # type: ignore[misc] # see above
    """By a code or text of the books, exactly as it stands there."""

    def __init__(self, label: str) -> None:
        super().__init__(label=label, max_length=LENGTH_MAX, strip=False)


class ScopedFilters(filters.DjangoFilterBackend):  # type: ignore[misc] # see above
    """Hands a list's filters the funds that the reader may read: which names are answerable depends on them."""

    def get_filterset_kwargs(self, request: Any, queryset: Any, view: Any) -> dict[str, Any]:
        """Return what a set of filters is made from."""
        return {**super().get_filterset_kwargs(request, queryset, view), "funds": view.funds}


class OfBooks(ByCode):
    """Narrows a list of the books for a reader of these funds."""

    def __init__(self, *args: Any, funds: Funds = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.funds = funds

    @property
    def asked(self) -> dict[str, Any]:
        """What is asked for, without what is left out."""
        return {name: value for name, value in self.form.cleaned_data.items() if value not in {"", None}}


class AccountFilter(OfBooks):
    """By fund, kind of book, type, asset, a part of the code, and whether anything is left."""

    fund = CodeFilter("Of this fund or collector.")
    kind = CodeFilter("In these kinds of book, such as `BM`.")
    type = CodeFilter("Of this account type.")
    asset = CodeFilter("In this asset.")
    q = CodeFilter("A part of the code.")
    nonzero = filters.ChoiceFilter(
        choices=[("true", "true"), ("false", "false")],
        label="`true`: what holds something; `false`: what holds nothing.",
    )

    class Meta:
        model = Account
        fields: list[str] = []

    def filter_queryset(self, queryset: QuerySet[Account]) -> QuerySet[Account]:  # noqa: ARG002 (the selector begins anew)
        """Narrow the list by what was asked for, in one place for every face."""
        asked = self.asked
        return accounts_among(
            self.funds,
            fund=asked.get("fund", ""),
            kinds=asked.get("kind", ""),
            account_type=asked.get("type", ""),
            asset=asked.get("asset", ""),
            part=asked.get("q", ""),
            nonzero={"true": True, "false": False}.get(asked.get("nonzero", "")),
        )


class EntryFilter(OfBooks):
    """By fund, template, its own texts, and when it was recorded or happened; spans include both their instants."""

    fund = CodeFilter("Touching a book of this fund or collector.")
    template = CodeFilter("Of this kind of act.")
    document = CodeFilter("Behind which stands this decision or document.")
    run = CodeFilter("Behind which stands this reconciliation run.")
    proposer = CodeFilter("Asked for by this actor.")
    approver = CodeFilter("Approved by this actor.")
    idempotency_key = CodeFilter("Under this key.")
    recorded_from = InstantFilter("Recorded at this instant or later.")
    recorded_to = InstantFilter("Recorded at this instant or earlier.")
    happened_from = InstantFilter("Happened at this instant or later.")
    happened_to = InstantFilter("Happened at this instant or earlier.")

    class Meta:
        model = Entry
        fields: list[str] = []

    def filter_queryset(self, queryset: QuerySet[Entry]) -> QuerySet[Entry]:  # noqa: ARG002 (the selector begins anew)
        """Narrow the list by what was asked for."""
        asked = self.asked
        return entries_among(
            self.funds,
            fund=asked.get("fund", ""),
            template=asked.get("template", ""),
            facts={name: asked[name] for name in TEXTS & asked.keys()},
            recorded_ms=(asked.get("recorded_from", 0), asked.get("recorded_to", LAST_MS)),
            happened_ms=(asked.get("happened_from", 0), asked.get("happened_to", LAST_MS)),
        )


class RowFilter(OfBooks):
    """An entry's rows are shown as they are: by nothing."""

    class Meta:
        model = Transfer
        fields: list[str] = []
