"""How lists of the promise are narrowed: by codes; refusals by time too."""

from __future__ import annotations

from django.db.models import QuerySet
from django_filters import rest_framework as filters

from ledger.api.filters import ByCode
from ledger.log.models import Checkpoint, Record
from ledger.refusals.models import RefusedAct
from ledger.refusals.selectors import narrowed
from vouchers.issuance.models import Voucher
from vouchers.orders.models import Order
from vouchers.programmes.models import Programme


class ProgrammeFilter(ByCode):
    """By the organisation that is responsible."""

    department = filters.CharFilter("department__code")

    class Meta:
        model = Programme
        fields: list[str] = []


class VoucherFilter(ByCode):
    """By programme and holder."""

    programme = filters.CharFilter("programme__code")
    holder = filters.CharFilter("holder__code")

    class Meta:
        model = Voucher
        fields: list[str] = []


class OrderFilter(ByCode):
    """By programme, voucher, who placed it, and the centre that serves it."""

    programme = filters.CharFilter("voucher__programme__code")
    voucher = filters.CharFilter("voucher__code")
    holder = filters.CharFilter("voucher__holder__code")
    centre = filters.CharFilter("cluster_account__cluster__centre__code")

    class Meta:
        model = Order
        fields: list[str] = []


class CheckpointFilter(ByCode):
    """By size: those that cover a position."""

    covers = filters.NumberFilter("head_id", lookup_expr="gte", min_value=1, max_value=2**53)

    class Meta:
        model = Checkpoint
        fields: list[str] = []


class RecordFilter(ByCode):
    """By what happened, to what, who handed it in, and after which position."""

    after = filters.NumberFilter("leaf__position", lookup_expr="gt", min_value=0, max_value=2**53)

    kind = filters.CharFilter()
    subject = filters.CharFilter()
    submitter = filters.CharFilter()

    class Meta:
        model = Record
        fields: list[str] = []


class RefusalFilter(ByCode):
    """By who asked, what for, why not, and when. A filter that no refusal could fit is refused; an empty one counts."""

    actor = filters.CharFilter()
    act = filters.CharFilter()
    code = filters.CharFilter()
    since = filters.CharFilter(label="An instant with its offset, or a day.")
    until = filters.CharFilter(label="An instant with its offset, or the last day.")

    class Meta:
        model = RefusedAct
        fields: list[str] = []

    def filter_queryset(self, queryset: QuerySet[RefusedAct]) -> QuerySet[RefusedAct]:
        """Narrow the list by what was asked for, in one place for every face."""
        return narrowed(queryset, **{name: self.form.cleaned_data[name] for name in self.filters if name in self.data})
