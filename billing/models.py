"""Every table of this floor, so that Django finds them."""

from billing.metering.models import ReturnedLine, UsageFact, UsageFile, UsageQuantity
from billing.reconciliation.models import Adjudication, Adjustment, Finding, Link, Part, Run, StatementLine
from billing.settlement.models import Answer, Approval, Statement

__all__ = [
    "Adjudication",
    "Adjustment",
    "Answer",
    "Approval",
    "Finding",
    "Link",
    "Part",
    "ReturnedLine",
    "Run",
    "Statement",
    "StatementLine",
    "UsageFact",
    "UsageFile",
    "UsageQuantity",
]
