"""Where the overview, usage files, runs, lines, statements and codes are."""

from __future__ import annotations

from django.urls import path

from billing.portal import lines, overview, runs, statements, usage
from billing.settlement.models import Answer

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("codes/", overview.finding_codes, name="finding_codes"),
    path("usage-files/", usage.usage_files, name="usage_files"),
    path("usage-files/<str:file_id>/", usage.usage_file, name="usage_file"),
    path("usage-files/<str:file_id>/attempts/", usage.attempts, name="attempts"),
    path("usage-files/<str:file_id>/lines/<int:number>/", usage.usage_line, name="usage_line"),
    path("usage-files/<str:file_id>/content", usage.usage_file_content, name="usage_file_content"),
    path("runs/", runs.runs, name="runs"),
    path("runs/<str:run_id>/", runs.run, name="run"),
    path("runs/<str:run_id>/findings/", runs.findings, name="findings"),
    path("runs/<str:run_id>/approve/", runs.approve, name="approve"),
    path("runs/<str:run_id>/approve-lines/", runs.approve_lines, name="approve_lines"),
    path("runs/<str:run_id>/issue/", runs.issue, name="issue"),
    path("lines/", lines.lines, name="lines"),
    path("lines/<str:code>/", lines.line, name="line"),
    path("statements/", statements.statements, name="statements"),
    path("statements/<str:code>/", statements.statement, name="statement"),
    path("statements/<str:code>/document", statements.statement_document, name="statement_document"),
    path("statements/<str:code>/confirm/", statements.answer, {"kind": Answer.Kind.CONFIRMED}, name="confirm"),
    path("statements/<str:code>/dispute/", statements.answer, {"kind": Answer.Kind.DISPUTED}, name="dispute"),
]
