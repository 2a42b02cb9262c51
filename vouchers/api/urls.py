"""The addresses of the books and of the promise, below /api/v1/."""

from __future__ import annotations

from typing import Any

from django.urls import path, register_converter

from ledger.api.fields import AccountConverter, CodeConverter
from vouchers.api.books import Accounts, Entries, EntryRows, OpenItems, RollForward, Statement, TrialBalance
from vouchers.api.log import Checkpoints, Consistency, Cosignatures, Log, Receipt, Records
from vouchers.api.views import Me, Orders, Programmes, Refusals, Vouchers

register_converter(CodeConverter, "quanbu_code")
register_converter(AccountConverter, "quanbu_account")

LIST: dict[str, Any] = {"get": "list"}
ONE: dict[str, Any] = {"get": "retrieve"}

books = [
    path("accounts", Accounts.as_view(LIST)),
    path("accounts/<quanbu_account:code>", Accounts.as_view(ONE)),
    path("accounts/<quanbu_account:code>/statement", Statement.as_view()),
    path("entries", Entries.as_view(LIST)),
    path("entries/<int:id>", Entries.as_view(ONE)),
    path("entries/<int:id>/rows", EntryRows.as_view(LIST)),
    path("trial-balance", TrialBalance.as_view()),
    path("open-items", OpenItems.as_view()),
    path("roll-forward", RollForward.as_view()),
]

log = [
    path("log", Log.as_view()),
    path("checkpoints", Checkpoints.as_view(LIST)),
    path("checkpoints/<int:head_id>", Checkpoints.as_view(ONE)),
    path("checkpoints/<int:head_id>/consistency", Consistency.as_view()),
    path("checkpoints/<int:head_id>/cosignatures", Cosignatures.as_view()),
    path("records", Records.as_view(LIST)),
    path("receipts/<int:position>", Receipt.as_view()),
]

urlpatterns = [
    *books,
    *log,
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
