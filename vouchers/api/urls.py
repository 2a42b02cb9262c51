"""The addresses of the promise, below /api/v1/."""

from __future__ import annotations

from typing import Any

from django.urls import path, register_converter

from ledger.api.fields import CodeConverter
from vouchers.api.views import Me, Orders, Programmes, Refusals, Vouchers

register_converter(CodeConverter, "quanbu_code")

LIST: dict[str, Any] = {"get": "list"}
ONE: dict[str, Any] = {"get": "retrieve"}

urlpatterns = [
    path("me", Me.as_view()),
    path("programmes", Programmes.as_view(LIST)),
    path("programmes/<quanbu_code:code>", Programmes.as_view(ONE)),
    path("vouchers", Vouchers.as_view(LIST)),
    path("vouchers/<quanbu_code:code>", Vouchers.as_view(ONE)),
    path("orders", Orders.as_view(LIST)),
    path("orders/<quanbu_code:code>", Orders.as_view(ONE)),
    path("refusals", Refusals.as_view(LIST)),
    path("refusals/<quanbu_code:id>", Refusals.as_view(ONE)),
]
