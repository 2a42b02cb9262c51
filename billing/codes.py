"""The codes of findings and cuts: what each means, who bears it, and what resolves it.

A code is LEG.CODE. Every cut of a line has one; they are printed into `docs/reference/findings.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Bearer = Literal["centre", "enterprise", "held", ""]


@dataclass(frozen=True, slots=True)
class Code:
    """A kind of difference: its sentence, who bears the cut ("" when nothing is cut), and what resolves it."""

    sentence: str
    bearer: Bearer
    resolution: str


CODES: dict[str, Code] = {
    "ENT.NO_ORDER": Code(
        "The account has orders in the programme, but none covers this class at this time.",
        "",
        "Not paid. The enterprise places an order, or the centre bills it outside the programme.",
    ),
    "USE.NO_CLAIM": Code(
        "There is evidence of use that the centre does not claim.",
        "",
        "Not paid. The centre is asked whether somebody else was billed.",
    ),
    "USE.NO_EVID": Code(
        "No independent witness saw the claimed use.",
        "held",
        "Held until evidence comes; the next run allows it then.",
    ),
    "USE.QTY_OVER": Code(
        "More is claimed than the evidence shows.",
        "held",
        "The evidenced quantity is paid; the rest is held until it is proven or denied.",
    ),
    "USE.QTY_UNDER": Code(
        "Less is claimed than the evidence shows.",
        "",
        "The claim is paid. The centre is told, and may correct it.",
    ),
    "USE.STATE": Code(
        "The attempt ended in a state that the programme does not pay, such as a failure of the node.",
        "centre",
        "The centre bears it.",
    ),
    "USE.TIME": Code(
        "Claim and evidence tell other times for the same attempt.",
        "held",
        "Held until the centre or the witness corrects its times.",
    ),
    "VCH.BAL": Code(
        "The value held for the order does not cover the public share.",
        "enterprise",
        "The enterprise pays what the voucher does not.",
    ),
}
