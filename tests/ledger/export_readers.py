"""How others read an export: a few lines each, which share nothing with what wrote it.

*Standing*: by how much the debits of each account exceed its credits, by (account, asset), in smallest units; an
account at zero may be left out. *Trial balance*: the same by (owner, kind, asset, type).
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
from collections import Counter
from decimal import Decimal
from pathlib import Path
from urllib.parse import unquote

import pytest
from beancount import loader
from beancount.core import data

from ledger.books.trial_balance import trial_balance

Standing = Counter[tuple[str, str]]

needs_hledger = pytest.mark.skipif(shutil.which("hledger") is None, reason="hledger is not installed here")


def rows_of(folder: Path, name: str) -> list[dict[str, str]]:
    """The rows of a table, texts without their guard."""
    with (folder / name).open(encoding="utf-8", newline="") as lines:
        return [
            {column: cell.removeprefix("'") for column, cell in row.items()}
            for row in csv.DictReader(lines, strict=True)
        ]


def units(number: Decimal, asset: str) -> int:
    """A number as it is written, in smallest units: a currency has two decimals."""
    whole = number * (100 if re.fullmatch("[A-Z]{3}", asset) else 1)
    assert whole == int(whole), f"{number} {asset} is no whole number of smallest units"
    return int(whole)


def beancount_entries(path: Path) -> list[data.Directive]:
    """What Beancount loads; an error of its own checks fails the test."""
    directives, errors, _ = loader.load_file(str(path))
    assert not errors, errors[:3]
    return directives


def from_beancount(path: Path) -> Standing:
    directives = beancount_entries(path)
    codes = {each.account: each.meta["code"] for each in directives if isinstance(each, data.Open)}
    assets = {each.currency: each.meta["asset"] for each in directives if isinstance(each, data.Commodity)}
    assert len(set(codes.values())) == len(codes)
    assert len(set(assets.values())) == len(assets)
    standing: Standing = Counter()
    for each in directives:
        for posting in each.postings if isinstance(each, data.Transaction) else ():
            asset = assets[posting.units.currency]
            standing[codes[posting.account], asset] += units(posting.units.number, asset)
    return standing


def hledger(path: Path, *arguments: str) -> str:
    environment = os.environ | {"LC_ALL": "C.UTF-8"}
    run = subprocess.run(
        ["hledger", "-f", path, *arguments], capture_output=True, encoding="utf-8", check=False, env=environment
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def from_hledger(path: Path) -> Standing:
    standing: Standing = Counter()
    for account, balance in csv.reader(hledger(path, "balance", "-O", "csv").splitlines()[1:]):
        if account != "total":
            number, _, asset = balance.partition(" ")
            asset = asset.strip('"')
            standing[account, asset] += units(Decimal(number), asset)
    return standing


def tags_by_hledger(path: Path) -> list[dict[str, str]]:
    """The tags of each transaction but the last, which only asserts balances."""
    told = json.loads(hledger(path, "print", "-O", "json"))
    return [
        {name: unquote(value) for name, value in transaction["ttags"]} for transaction in told if transaction["tcode"]
    ]


def from_csv(folder: Path) -> Standing:
    standing: Standing = Counter()
    for row in rows_of(folder, "transfers.csv"):
        standing[row["debit_account"], row["asset"]] += int(row["amount"])
        standing[row["credit_account"], row["asset"]] -= int(row["amount"])
    return standing


def from_iso(folder: Path) -> Standing:
    standing: Standing = Counter()
    for row in rows_of(folder, "GL_Details.csv"):
        asset = row["UOM_Code"] or row["Functional_Currency_Code"]
        written = row["Quantity"] or row["Functional_Amount"]
        sign = {"D": 1, "C": -1}[row["Credit_Debit_Indicator"]]
        standing[row["GL_Account_Number"], asset] += sign * units(Decimal(written), asset)
    return standing


READERS = {"beancount": from_beancount, "hledger": from_hledger, "csv": from_csv, "iso-21378": from_iso}


def by_type(standing: Standing) -> dict[tuple[str, str, str, str], int]:
    """A trial balance from what the accounts hold; what stands at zero is left out."""
    trial: Counter[tuple[str, str, str, str]] = Counter()
    for (code, asset), net in standing.items():
        kind, keys = code.split("[", 1)
        trial[keys.rstrip("]").split(",")[0], code[0], asset, kind] += net
    return {row: net for row, net in trial.items() if net}


def of_the_books() -> dict[tuple[str, str, str, str], int]:
    """The trial balance that the books themselves show; what stands at zero is left out."""
    return {
        (book.owner, book.kind, book.asset, row.type): row.net
        for book in trial_balance(None)
        for row in book.rows
        if row.net
    }
