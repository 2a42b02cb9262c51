"""Programmes: the rules under which public money becomes vouchers, as data.

*Programme*: a scheme of a department, paid by a finance bureau and run by an operator. *Version*: its parameters, typed
and never edited; a change is a new version. *Fund*: the programme's appropriation batch and share rule; its code is
the first key of every account. *Policy*: the parameters of the version a run used; its digest stands in the manifest.
"""
