"""The sealed books as a journal of hledger, which `hledger check --strict` accepts.

Accounts and assets keep their own names. Each entry is a transaction of its accounting day with its id as the code,
each transfer two postings; who, when, why and under which key stand as tags, where a comma is written `%2C` and a
percent sign `%25`. The last transaction moves nothing and asserts that every account holds what the books say it does.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from ledger.exports import rules
from ledger.exports.selectors import Entry, SealedBooks
from ledger.units import decimal_text

FIRST_DAY = date(1970, 1, 1)
#: How hledger marks the five roots in the declaration of an account.
MARKS = {"Assets": "A", "Liabilities": "L", "Equity": "E", "Income": "R", "Expenses": "X"}


def journal(books: SealedBooks) -> Iterator[str]:
    """Yield the journal, a directive at a time. The order is total."""
    yield f"; The books of Quanbu, sealed up to position {books.position}.\n"
    yield "decimal-mark .\n"
    for asset in books.assets():
        yield f'commodity 1000.{"0" * rules.decimals_of(asset)} "{asset}"\n'
    last_on = FIRST_DAY
    for account in books.accounts():
        last_on = max(last_on, account.last_on)
        yield f"account {account.code}  ; type:{MARKS[rules.root_of(account.type, account.normal_side)]}\n"
    for entry in books.journal():
        yield _transaction(entry)
    if books.entries:
        yield f"\n{last_on} * Balances at position {books.position}\n"
    for account in books.accounts():
        net = decimal_text(account.net, rules.decimals_of(account.asset))
        yield f'    {account.code}  0 "{account.asset}" = {net} "{account.asset}"\n'


def _transaction(entry: Entry) -> str:
    head = entry.head
    written = [f"\n{head.happened_on} * ({head.entry}) {head.template}\n"]
    written += [f"    ; {name}: {rules.tag_value_of(text)}\n" for name, text in entry.facts]
    for line in entry.lines:
        amount = decimal_text(line.amount, rules.decimals_of(line.asset))
        written.append(f'    {line.debit_account}  {amount} "{line.asset}"\n')
        written.append(f'    {line.credit_account}  -{amount} "{line.asset}"\n')
    return "".join(written)
