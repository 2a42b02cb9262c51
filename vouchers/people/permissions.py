"""Who may do what: the one role × act table. It is printed into `docs/reference/permissions.md`."""

from __future__ import annotations

from django.db import models


class Role(models.TextChoices):
    """What a person does for an organisation."""

    OPERATOR = "operator", "platform operator's officer"
    DEPARTMENT_OFFICER = "department_officer", "department's officer"
    DEPARTMENT_APPROVER = "department_approver", "department's approver"
    FINANCE_OFFICER = "finance_officer", "finance bureau's officer"
    CENTRE_OFFICER = "centre_officer", "centre's officer"
    ENTERPRISE_OFFICER = "enterprise_officer", "enterprise's officer"
    AUDITOR = "auditor", "auditor"


ACTS: dict[str, tuple[str, frozenset[Role]]] = {
    "world.apply": (
        "declare organisations, people, centres, programmes, vouchers and orders from a world file",
        frozenset({Role.OPERATOR}),
    ),
    "usage.submit": ("submit usage files of their own centre", frozenset({Role.CENTRE_OFFICER})),
    "evidence.submit": (
        "submit evidence from a source of their own organisation",
        frozenset({Role.OPERATOR, Role.CENTRE_OFFICER}),
    ),
    "run.propose": (
        "run the reconciliation of a programme's period",
        frozenset({Role.OPERATOR, Role.DEPARTMENT_OFFICER}),
    ),
    "line.approve": (
        "approve statement lines that somebody else's run proposed (redemption)",
        frozenset({Role.DEPARTMENT_APPROVER}),
    ),
    "statement.issue": ("issue a run's statements", frozenset({Role.DEPARTMENT_APPROVER})),
    "statement.answer": ("confirm or dispute a statement addressed to them", frozenset({Role.CENTRE_OFFICER})),
    "lines.read": (
        "read the statement lines, vouchers and orders of their own organisation",
        frozenset(Role),
    ),
    "books.read": (
        "read the books of a programme",
        frozenset({Role.DEPARTMENT_OFFICER, Role.DEPARTMENT_APPROVER, Role.FINANCE_OFFICER, Role.AUDITOR}),
    ),
    "books.close": (
        "close the books of a programme that their bureau pays, up to the end of a period",
        frozenset({Role.FINANCE_OFFICER}),
    ),
    "log.rotate_key": ("replace the key that signs the log's checkpoints", frozenset({Role.OPERATOR})),
    "log.read": ("read what stands at every position of the log", frozenset({Role.AUDITOR})),
    "checkpoint.cosign": (
        "hand in a witness's cosignature of a checkpoint",
        frozenset({Role.AUDITOR, Role.FINANCE_OFFICER, Role.CENTRE_OFFICER, Role.ENTERPRISE_OFFICER}),
    ),
    "refusals.read": (
        "read what was refused: who asked for what, when, and why not",
        frozenset({Role.OPERATOR, Role.AUDITOR}),
    ),
}
