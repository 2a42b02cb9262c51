"""Where programmes, vouchers, refusals and the log are."""

from __future__ import annotations

from django.urls import path

from vouchers.portal import views

urlpatterns = [
    path("programmes/", views.programmes, name="programmes"),
    path("programmes/<str:code>/", views.programme, name="programme"),
    path("vouchers/", views.vouchers, name="vouchers"),
    path("vouchers/<str:code>/", views.voucher, name="voucher"),
    path("refusals/", views.refusals, name="refusals"),
    path("log/", views.log, name="log"),
    path("log/receipts/<int:position>.json", views.receipt, name="receipt_document"),
]
