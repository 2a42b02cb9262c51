"""Reconciliation: claim beside evidence, and what follows for money.

*Claim*: what a centre says was used. *Evidence*: what somebody else saw. *Part*: the piece of one attempt, of one
device class, in one period, under one order and one price. *Link*: a claim and the evidence that meets it, and the
rung of the ladder on which they met (R1: same key, same interval). *Finding*: what is wrong with a part, with a code.
*Statement line*: programme × payee × beneficiary × order × period. *Adjudication*: what one run allows of a line;
claimed = allowed + every cut, in time and in money. *Run*: one execution, a pure function of facts up to a cut-off
and a policy. *Manifest*: what went in and what came out, by digest.
"""
