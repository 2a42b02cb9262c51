"""Texts that are kept: job ids, accounts, node lists.

They are shown in pages and go out in CSV again, so none may begin like a spreadsheet formula or hold a control
character, and none may be longer than an index or a person can take.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from billing.metering.formats.lines import LineFault, shown

JOB_ID_LENGTH_MAX: Final = 64
ACCOUNT_LENGTH_MAX: Final = 128
MODEL_LENGTH_MAX: Final = 64
NODE_LIST_LENGTH_MAX: Final = 1 << 16
_REMEMBERED_LENGTH_MAX: Final = 256  # Node lists repeat; long ones seldom, and must not fill the memory.
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SPREADSHEET_NUMBER: Final = re.compile(r"[0-9]([.,][0-9]+)?[Ee]\+[0-9]+")


def kept(text: str, column: str, length_max: int) -> str:
    """Return the text; raise `LineFault` where it may not be kept."""
    if len(text) > length_max:
        raise LineFault(
            "text_is_too_long",
            f"{column} has {len(text)} characters and begins {shown(text)}; {length_max} are allowed.",
            column,
        )
    if not text.isprintable() and _CONTROL.search(text):
        raise LineFault(
            "text_has_control_characters", f"{column} is {shown(text)}; remove its control characters.", column
        )
    if text[:1] in {"=", "+", "-", "@"}:
        raise LineFault(
            "text_starts_like_a_formula",
            f"{column} is {shown(text)}, which a spreadsheet would run; remove its first character.",
            column,
        )
    return text


@lru_cache(maxsize=1 << 12)
def account(text: str, column: str) -> str:
    """Return an account that may be kept."""
    if not text.strip():
        raise LineFault("account_is_missing", f"{column} is empty; say whose account it was.", column)
    return kept(text, column, ACCOUNT_LENGTH_MAX)


def job_id(text: str, column: str) -> str:
    """Return a job id that may be kept."""
    if text.isdigit() and text.isascii() and len(text) <= JOB_ID_LENGTH_MAX:
        return text
    if not text:
        raise LineFault("job_id_is_missing", f"{column} is empty; export the scheduler's job id.", column)
    kept(text, column, JOB_ID_LENGTH_MAX)
    if _SPREADSHEET_NUMBER.fullmatch(text) or any(c.isspace() for c in text):
        raise LineFault(
            "job_id_is_malformed",
            f"{column} is {shown(text)}; write the scheduler's job id as text, without blanks.",
            column,
        )
    return text


def node_list(text: str, column: str) -> str:
    """Return a node list that may be kept."""
    if len(text) <= _REMEMBERED_LENGTH_MAX:
        return _short_node_list(text, column)
    return kept(text, column, NODE_LIST_LENGTH_MAX)


@lru_cache(maxsize=1 << 12)
def _short_node_list(text: str, column: str) -> str:
    return kept(text, column, NODE_LIST_LENGTH_MAX)
