"""The page to read first: how usage becomes money, step by step.

Each step is one service, one transaction, and safe to repeat. A step looks back, never forward. Before it, in
`vouchers/`, a programme was opened on an appropriation, vouchers were awarded and issued, and orders hold value.

 1. receive    the bytes are kept by their SHA-256
 2. stage      every line as it was read, in temporary tables
 3. validate   accepted, duplicate, revised, conflict, parked or rejected: every line is accounted for
 4. rate       device time × price, at the grain of the statement line
 5. reconcile  claims beside evidence; what is allowed, and every cut with its code and bearer
 6. redeem     a department's approver approves: value is redeemed, an expense arises, the payee is owed
 7. settle     a statement to each payee, who confirms or disputes it
 8. verify     every invariant of the books, the log and the documents
"""

from billing.metering.services import submit as receive_stage_and_validate
from billing.reconciliation.services import propose as rate_and_reconcile
from billing.settlement.services import answer
from billing.settlement.services import approve as redeem
from billing.settlement.services import issue as settle
from ledger.verification import verify

STEPS = (receive_stage_and_validate, rate_and_reconcile, redeem, settle, answer, verify)
