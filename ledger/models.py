"""Every table of this floor, so that Django finds them."""

from ledger.books.models import (
    Account,
    AccountAct,
    AccountType,
    Book,
    Entry,
    EntryNumber,
    Flow,
    Movement,
    PeriodClose,
    Template,
    Transfer,
)
from ledger.documents.models import Chunk, Document
from ledger.funds.models import Fund, FundShare
from ledger.log.models import Leaf, Record
from ledger.refusals.models import RefusedAct
from ledger.requests.models import Request

__all__ = [
    "Account",
    "AccountAct",
    "AccountType",
    "Book",
    "Chunk",
    "Document",
    "Entry",
    "EntryNumber",
    "Flow",
    "Fund",
    "FundShare",
    "Leaf",
    "Movement",
    "PeriodClose",
    "Record",
    "RefusedAct",
    "Request",
    "Template",
    "Transfer",
]
