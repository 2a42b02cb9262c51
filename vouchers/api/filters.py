"""How lists of the promise are narrowed: by codes."""

from __future__ import annotations

from django_filters import rest_framework as filters

from ledger.api.filters import ByCode
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
