from __future__ import annotations

import re
from pathlib import Path

import pytest

from billing.metering.formats import CODES, FORMATS, errors, usage_csv
from billing.metering.formats.profiles import _READERS

PAGE = (Path(__file__).parents[4] / "docs/reference/usage-files.md").read_text(encoding="utf-8")
SOURCES = Path(__file__).parents[4] / "billing/metering/formats"
REFUSALS = [thing.code for thing in vars(errors).values() if isinstance(thing, type) and "code" in vars(thing)]


@pytest.mark.parametrize("word", [*CODES, *REFUSALS, *FORMATS, *_READERS, *usage_csv._KNOWN])
def test_the_page_names_every_code_format_key_and_column(word):
    assert f"`{word}`" in PAGE


def test_every_code_is_raised_somewhere_and_none_is_made_up():
    raised = set()
    for path in SOURCES.glob("*.py"):
        raised |= set(re.findall(r'LineFault\(\s*"([a-z_]+)"', path.read_text(encoding="utf-8")))

    assert raised == set(CODES)
