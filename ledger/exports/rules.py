"""How names and texts of the books are written in other formats. Each way has its way back, without exception.

*Root*: one of the five accounts under which Beancount and hledger place all others. *Commodity*: what Beancount calls
an asset. *Guarded*: written so that no spreadsheet takes a text for a formula.
"""

from __future__ import annotations

import re

CURRENCY = re.compile(r"[A-Z]{3}")
PLAIN_COMMODITY = re.compile(r"[A-Z](?:[A-Z0-9._-]*[A-Z0-9])?")
ESCAPED = {":": "0", ".": "1", "_": "2", "-": "3"}
UNESCAPED = {digit: char for char, digit in ESCAPED.items()}
SMALL_FIRST = "X'9"
"""Before a commodity whose asset begins with a small letter: a commodity begins with a capital one."""

PREFIX = "X-"
"""Before a part of an account that begins with a small letter or a sign, likewise."""

#: Account types of which their normal side alone does not tell the root.
ROOTS = {
    "B.Unallocated": "Equity",
    "M.Expense": "Expenses",
    "M.WriteOff": "Expenses",
    "M.Financing": "Income",
    "M.PriorYearRecovery": "Income",
}
#: What a spreadsheet may take for the beginning of a formula, also in full width; and the guard itself.
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r")
GUARD = "'"


def decimals_of(asset: str) -> int:
    """Return with how many decimals an asset is written: two for a currency, none for what is counted in whole units.

    >>> decimals_of("CNY"), decimals_of("GPUms:A100")
    (2, 0)
    """
    return 2 if CURRENCY.fullmatch(asset) else 0


def root_of(account_type: str, normal_side: str) -> str:
    """Return the root under which accounts of a type stand.

    >>> root_of("B.Available", "credit"), root_of("M.Expense", "debit")
    ('Liabilities', 'Expenses')
    """
    return ROOTS.get(account_type, "Assets" if normal_side == "debit" else "Liabilities")


def commodity_of(asset: str) -> str:
    """Return an asset as a commodity of Beancount: itself where it is one, otherwise with `'` before each escape.

    >>> commodity_of("CNY"), commodity_of("GPUms:A100"), commodity_of("hours")
    ('CNY', "GPU'M'S'0A100", "X'9'H'O'U'R'S")
    """
    if PLAIN_COMMODITY.fullmatch(asset):
        return asset
    escaped = "".join(_escaped(char) for char in asset)
    return f"{SMALL_FIRST}{escaped}" if escaped.startswith("'") else escaped


def _escaped(char: str) -> str:
    return f"'{ESCAPED.get(char, char.upper())}" if char.islower() or char in ESCAPED else char


def asset_of(commodity: str) -> str:
    """Return the asset that a commodity of Beancount stands for.

    >>> asset_of("GPU'M'S'0A100"), asset_of("X'9'H'O'U'R'S")
    ('GPUms:A100', 'hours')
    """
    escaped = commodity.removeprefix(SMALL_FIRST)
    return re.sub("'(.)", lambda found: UNESCAPED.get(found[1], found[1].lower()), escaped)


def account_of(code: str, root: str) -> str:
    """Return an account's code as an account of Beancount: root, kind of book, type and keys.

    >>> account_of("B.Authority[HN24,prov,2024]", "Assets"), account_of("K.Held[HN24,O-1,USE.NO_EVID]", "Liabilities")
    ('Assets:B:Authority:HN24:X-prov:2024', 'Liabilities:K:Held:HN24:O--1:USE-2ENO-5FEVID')
    """
    named, _, keys = code.partition("[")
    kind, _, name = named.partition(".")
    return ":".join([root, kind, *map(_component_of, [name, *keys.removesuffix("]").split(",")])])


def _component_of(text: str) -> str:
    """Write a part of a code: a dash twice, other signs as a dash and two digits; `X-` first where it begins small.

    What begins with `X-` by itself gets another one, so that taking one away always gives the part back.
    """
    escaped = re.sub(r"[^A-Za-z0-9-]", lambda found: f"-{ord(found[0]):02X}", text.replace("-", "--"))
    return escaped if re.match(r"(?!X-)[A-Z0-9]", escaped) else f"{PREFIX}{escaped}"


def code_of(account: str) -> str:
    """Return the code of an account as it is written for Beancount.

    >>> code_of("Liabilities:K:Held:HN24:O--1:USE-2ENO-5FEVID")
    'K.Held[HN24,O-1,USE.NO_EVID]'
    """
    _, kind, *components = account.split(":")
    name, *keys = (
        re.sub(
            r"-(-|[0-9A-F]{2})",
            lambda found: "-" if found[1] == "-" else chr(int(found[1], 16)),
            component.removeprefix(PREFIX),
        )
        for component in components
    )
    return f"{kind}.{name}[{','.join(keys)}]"


def quoted(text: str) -> str:
    r"""Return a text as Beancount quotes it.

    >>> print(quoted('a "b" \\ c'))
    "a \"b\" \\ c"
    """
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def tag_value_of(text: str) -> str:
    """Return a text as the value of a tag of hledger, where a comma would end it and outer blanks are lost.

    >>> tag_value_of("50%, at most "), tag_value_of("豫财〔2026〕1号; =x")
    ('50%25%2C at most%20', '豫财〔2026〕1号; =x')
    """
    escaped = text.replace("%", "%25").replace(",", "%2C")
    inner = escaped.strip()
    if not inner:
        return "".join(map(_percent, escaped))
    before, _, after = escaped.partition(inner)
    return f"{''.join(map(_percent, before))}{inner}{''.join(map(_percent, after))}"


def _percent(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode())


def guarded(text: str) -> str:
    """Return a text as a cell: with an apostrophe before it where a spreadsheet would calculate, or where it has one.

    >>> guarded("=1+1"), guarded("'tis"), guarded("1+1")
    ("'=1+1", "''tis", '1+1')
    """
    return f"{GUARD}{text}" if text.startswith((*FORMULA, GUARD)) else text


def unguarded(cell: str) -> str:
    """Return the text of a cell.

    >>> unguarded("'=1+1"), unguarded("1+1")
    ('=1+1', '1+1')
    """
    return cell.removeprefix(GUARD)
