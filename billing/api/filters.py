"""How lists of the proof are narrowed: by codes."""

from __future__ import annotations

from django_filters import rest_framework as filters

from billing.metering.models import UsageFile
from billing.reconciliation.models import Part, Run, StatementLine
from billing.settlement.models import Statement
from ledger.api.filters import ByCode


class UsageFileFilter(ByCode):
    """By origin, by digest, and whether it is evidence."""

    centre = filters.CharFilter("cluster__centre__code")
    cluster = filters.CharFilter("cluster__code")
    source = filters.CharFilter("source__code")
    digest = filters.CharFilter("document__sha256")
    evidence = filters.BooleanFilter("source", lookup_expr="isnull", exclude=True)

    class Meta:
        model = UsageFile
        fields: list[str] = []


class RunFilter(ByCode):
    """By programme, period and kind."""

    programme = filters.CharFilter("programme__code")

    class Meta:
        model = Run
        fields = ["period", "kind"]


class StatementLineFilter(ByCode):
    """By what makes a line: programme, period, order, payee and beneficiary."""

    programme = filters.CharFilter("programme__code")
    order = filters.CharFilter("order__code")
    payee = filters.CharFilter("payee__code")
    beneficiary = filters.CharFilter("beneficiary__code")

    class Meta:
        model = StatementLine
        fields = ["period"]


class PartFilter(ByCode):
    """By the code of what was cut, and by attempt."""

    attempt = filters.CharFilter("fact__attempt_key")

    class Meta:
        model = Part
        fields = ["code"]


class StatementFilter(ByCode):
    """By run, payee, and whether the payee has answered."""

    programme = filters.CharFilter("run__programme__code")
    period = filters.CharFilter("run__period")
    run = filters.CharFilter("run__kind")
    payee = filters.CharFilter("payee__code")
    answered = filters.BooleanFilter("answer", lookup_expr="isnull", exclude=True)

    class Meta:
        model = Statement
        fields: list[str] = []
