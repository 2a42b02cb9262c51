"""The sealed books as a journal of Beancount, which `bean-check` accepts.

Each entry is a transaction of its accounting day, each transfer two postings. What the names of Beancount cannot say
stands as metadata: `asset` of a commodity, `code` of an account, and of a transaction who, when, why and under which
key. At the end every account is asserted to hold what the books say it does, to the last unit.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from ledger.exports import rules
from ledger.exports.selectors import Entry, SealedBooks
from ledger.units import decimal_text

FIRST_DAY = date(1970, 1, 1)


def journal(books: SealedBooks) -> Iterator[str]:
    """Yield the journal, a directive at a time. The order is total."""
    yield f";; The books of Quanbu, sealed up to position {books.position}.\n"
    yield f'option "title" {rules.quoted(f"Quanbu at position {books.position}")}\n\n'
    for asset in books.assets():
        yield f"{FIRST_DAY} commodity {rules.commodity_of(asset)}\n  asset: {rules.quoted(asset)}\n"
    sides = books.sides()
    last_on = FIRST_DAY
    for account in books.accounts():
        last_on = max(last_on, account.last_on)
        name = rules.account_of(account.code, rules.root_of(account.type, account.normal_side))
        yield f"{account.first_on} open {name} {rules.commodity_of(account.asset)}\n"
        yield f"  code: {rules.quoted(account.code)}\n"
    for entry in books.journal():
        yield _transaction(entry, sides)
    yield "\n"
    # A balance of Beancount stands at the beginning of its day, so all is told on the day after the last.
    told_on = last_on + timedelta(days=1)
    for account in books.accounts():
        name = rules.account_of(account.code, rules.root_of(account.type, account.normal_side))
        net = decimal_text(account.net, rules.decimals_of(account.asset))
        yield f"{told_on} balance {name} {net} ~ 0 {rules.commodity_of(account.asset)}\n"


def _transaction(entry: Entry, sides: dict[str, str]) -> str:
    head = entry.head
    written = [f'\n{head.happened_on} * "{head.template}"\n  entry: {head.entry}\n']
    written += [f"  {name}: {rules.quoted(text)}\n" for name, text in entry.facts]
    for line in entry.lines:
        debit = rules.account_of(line.debit_account, rules.root_of(line.debit_type, sides[line.debit_type]))
        credit = rules.account_of(line.credit_account, rules.root_of(line.credit_type, sides[line.credit_type]))
        amount, commodity = decimal_text(line.amount, rules.decimals_of(line.asset)), rules.commodity_of(line.asset)
        written.append(f"  {debit}  {amount} {commodity}\n  {credit}  -{amount} {commodity}\n")
    return "".join(written)
