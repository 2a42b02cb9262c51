"""Funds: by whom what a fund pays is borne, declared once and for life.

*Level*: who finances a fund (a province, a city). *Share rule*: the levels in the order in which they were named, each
with its *weight*, a whole number. What a level bears of a total is its share by largest remainder, of equal remainders
the level named first. *Following*: whether every payment is taken from the levels' authority in these shares at once,
or one level may pay first and the shares are set right at each clearing (FUND.CLEAR).

A fund with another rule is another fund; so the books can say of every fen at any time whose it is.
"""
