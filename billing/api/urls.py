"""The addresses of the proof and the payment, below /api/v1/."""

from __future__ import annotations

from django.urls import path

from billing.api.views import Parts, Runs, StatementAnswer, StatementLines, Statements, UsageFiles
from vouchers.api.urls import LIST, ONE

urlpatterns = [
    path("usage-files", UsageFiles.as_view({"get": "list", "post": "create"})),
    path("usage-files/<quanbu_code:id>", UsageFiles.as_view(ONE)),
    path("runs", Runs.as_view(LIST)),
    path("runs/<quanbu_code:id>", Runs.as_view(ONE)),
    path("statement-lines", StatementLines.as_view(LIST)),
    path("statement-lines/<quanbu_code:code>", StatementLines.as_view(ONE)),
    path("statement-lines/<quanbu_code:code>/parts", Parts.as_view(LIST)),
    path("statements", Statements.as_view(LIST)),
    path("statements/<quanbu_code:code>", Statements.as_view(ONE)),
    path("statements/<quanbu_code:code>/answer", StatementAnswer.as_view()),
]
