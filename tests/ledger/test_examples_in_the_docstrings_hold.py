"""Every doctest of the lowest floor is run as a test."""

import doctest
import importlib
from pathlib import Path

import pytest

import ledger

ROOT = Path(ledger.__file__).parents[1]
SHOWING = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "ledger").rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)


def test_there_are_examples():
    assert {"ledger.units", "ledger.periods"} <= set(SHOWING)


@pytest.mark.parametrize("module", SHOWING)
def test_an_example_says_what_happens(module):
    outcome = doctest.testmod(importlib.import_module(module))

    assert outcome.attempted
    assert not outcome.failed
