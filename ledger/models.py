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
from ledger.log.models import Checkpoint, Head, Key, Leaf, Node, Record, Signature, Submitter
from ledger.refusals.models import RefusedAct
from ledger.requests.models import Request

__all__ = [
    "Account",
    "AccountAct",
    "AccountType",
    "Book",
    "Checkpoint",
    "Chunk",
    "Document",
    "Entry",
    "EntryNumber",
    "Flow",
    "Fund",
    "FundShare",
    "Head",
    "Key",
    "Leaf",
    "Movement",
    "Node",
    "PeriodClose",
    "Record",
    "RefusedAct",
    "Request",
    "Signature",
    "Submitter",
    "Template",
    "Transfer",
]
