"""Metering: what centres and witnesses say was used, taken in without losing or doubling a millisecond.

*Usage file*: the bytes a centre or an evidence source sent, kept verbatim. *Attempt*: one run of one job. *Fact*: an
attempt as one party reported it, versioned. *Return slip*: what became of every row of a file; a row is *accepted*
(new), *duplicate* (known, the same), *revised* (known, otherwise), in *conflict* (told twice in one file), *parked*
(something must be known first) or *rejected* (can never be taken in as written).
"""
