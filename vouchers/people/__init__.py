"""Organisations, the people in them, and what their roles let them do.

*Organisation*: a department, a finance bureau, a platform operator, a beneficiary (an enterprise), a centre's owner or
an auditor. *Membership*: a person's role in one organisation. *Act*: one thing that a service does and a
role may do. *Actor*: the person on whose behalf a request or a command acts.
"""
