"""The words that pages show: what templates and views mark, and what is data of ours and shown through gettext."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from django.utils.translation.template import templatize

from billing.codes import CODES
from billing.metering.formats.codes import CODES as LINE_CODES
from billing.metering.services import CODES as FILE_CODES
from billing.settlement import errors as settlement_errors
from ledger.books import questions
from ledger.errors import ActNotPermitted, NotFound, Refusal
from ledger.log.errors import PositionUnknown, ReceiptNotReady
from ledger.refusals.errors import RefusalFilterUnanswerable
from vouchers.people.permissions import ACTS, Role
from vouchers.programmes.rules import CYCLES

ROOT = Path(__file__).resolve().parents[2]
PO = ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
MO = PO.with_suffix(".mo")
CHART = ROOT / "ledger" / "books" / "chart"
KINDS = (
    "account",
    "account type",
    "adjudication of line",
    "axis of time",
    "entry",
    "fund",
    "key",
    "kind of book",
    "page",
    "programme",
    "refusal",
    "run",
    "statement",
    "statement line",
    "stored line",
    "usage file",
    "voucher",
)
SENTENCES = (
    "value held for the order",
    "half to even, once and cumulatively within each price row; the public share once on the line",
    "no such text is ever kept",
    "there is no such code",
    "it is no day and no instant",
    "it lies outside 1970 to 2199",
    "it is not after the first",
)
STRING = r'u?("(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\')'
CALLS = re.compile(rf"\b(?:gettext|gettext_lazy|_)\(\s*{STRING}")
PLURAL_CALLS = re.compile(rf"\bngettext\(\s*{STRING}\s*,\s*{STRING}")


def marked() -> set[str]:
    """Return every msgid that a template or a view marks."""
    texts = [templatize(path.read_text()) for path in (ROOT / "config/templates").rglob("*.html")]
    folders = ("config/shell/templatetags", "ledger/portal", "vouchers/portal", "billing/portal")
    texts += [path.read_text() for folder in folders for path in (ROOT / folder).glob("*.py")]
    texts.append((ROOT / "ledger/admin.py").read_text())
    found = {_text(call[0]) for text in texts for call in CALLS.finditer(text) for call in [call.groups()]}
    return found | {_text(call[1]) for text in texts for call in PLURAL_CALLS.finditer(text)}


def shown_data() -> set[str]:
    """Return our own sentences that pages look up in the catalogue by value."""
    refusals = [NotFound, ActNotPermitted, PositionUnknown, ReceiptNotReady, RefusalFilterUnanswerable]
    refusals += [fact for room in (settlement_errors, questions) for fact in vars(room).values() if _is_refusal(fact)]
    words = {text for code in CODES.values() for text in (code.sentence, code.resolution)}
    words |= {*LINE_CODES.values(), *FILE_CODES.values(), *KINDS, *SENTENCES, *CYCLES, "debit", "credit"}
    words |= {text for refusal in refusals for text in (refusal.message, refusal.remedy)}
    words |= {purpose for purpose, _ in ACTS.values()} | {role.label for role in Role}
    for table, column in (("account_types", "meaning"), ("account_types", "cleared_when"), ("templates", "when")):
        with (CHART / f"{table}.csv").open(newline="") as rows:
            words |= {row[column] for row in csv.DictReader(rows)}
    return words - {""}


def read_po(path: Path = PO) -> dict[str, list[str]]:
    """Return a catalogue's msgids, each with its msgstrs: a parser for what our own file uses."""
    entries: dict[str, list[str]] = {}
    for block in re.split(r"\n{2,}", path.read_text()):
        fields: dict[str, str] = {}
        keyword = ""
        for line in block.splitlines():
            if line.startswith("#"):
                continue
            named, literal = ("", line) if line.startswith('"') else line.split(" ", 1)
            keyword = named or keyword
            fields[keyword] = fields.get(keyword, "") + _text(literal)
        if "msgid" in fields:
            entries[fields["msgid"]] = [text for name, text in fields.items() if name.startswith("msgstr")]
    return entries


def _text(literal: str) -> str:
    """Read a quoted string with the escapes that both Python and PO files know."""
    escapes = {"n": "\n", "t": "\t"}
    return re.sub(r"\\(.)", lambda found: escapes.get(found[1], found[1]), literal[1:-1])


def _is_refusal(fact: object) -> bool:
    return isinstance(fact, type) and issubclass(fact, Refusal) and fact is not Refusal
