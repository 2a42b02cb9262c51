"""Every table of this floor, so that Django finds them."""

from ledger.books.models import Account, AccountType, Book, Entry, Flow, Template, Transfer
from ledger.documents.models import Chunk, Document
from ledger.log.models import Leaf, Record
from ledger.requests.models import Request

__all__ = [
    "Account",
    "AccountType",
    "Book",
    "Chunk",
    "Document",
    "Entry",
    "Flow",
    "Leaf",
    "Record",
    "Request",
    "Template",
    "Transfer",
]
