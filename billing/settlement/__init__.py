"""Settlement: a department's approver approves the lines of a run (核销, redemption), and statements go to the payees.

*Approval*: the one moment at which value is redeemed, an expense arises and the payee is owed; one entry in the
books. *Statement*: what one payee is told of one run; the payee confirms or disputes it.
"""
