"""Profiles: what a centre's export does not say about itself, written once as data.

A profile is a YAML mapping with `format` and any of: `columns` (names, in order, of a file without a header),
`delimiter`, `trailing_delimiter` (each row ends with one more delimiter), `time_zone` (of local times; wins over
the cluster's), `encoding`, and `accelerators` (Slurm's generic resource → the name to count it under, or null
where it is no accelerator). Keys that are not known are refused, because a mistyped key that is passed over
would read the file wrongly.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final

import yaml

from billing.metering.formats.errors import ProfileIsMalformed
from billing.metering.formats.lines import shown

SLURM_SACCT: Final = "slurm-sacct"
USAGE_CSV: Final = "usage-csv"
# In each of these a line feed byte is always a line feed, so lines can be found before they are decoded.
ENCODINGS: Final = ("utf-8", "gb18030", "gbk", "big5")
PROFILE_BYTES_MAX: Final = 1 << 16
COLUMNS_MAX: Final = 512


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known about one centre's export of one format."""

    format: str
    columns: tuple[str, ...] | None = None
    delimiter: str | None = None
    trailing_delimiter: bool = False
    time_zone: str | None = None
    encoding: str = "utf-8"
    accelerators: tuple[tuple[str, str | None], ...] = ()


def load_profile(source: str | bytes) -> Profile:
    """Read a profile from YAML.

    Refuses: ProfileIsMalformed.
    """
    if len(source) > PROFILE_BYTES_MAX:
        raise ProfileIsMalformed(where="text", why=f"is longer than {PROFILE_BYTES_MAX} bytes")
    try:
        stated = yaml.safe_load(source)
    # Besides its own errors the YAML reader lets through those of the values it builds, such as a 13th month.
    except (yaml.YAMLError, ValueError, RecursionError, TypeError):
        raise ProfileIsMalformed(where="text", why="is not YAML") from None
    if not isinstance(stated, dict):
        raise ProfileIsMalformed(where="text", why="is not a mapping of keys to values")
    for key in stated:
        if key not in _READERS:
            raise ProfileIsMalformed(where=f"key {shown(str(key))}", why="is not known")
    if "format" not in stated:
        raise ProfileIsMalformed(where="format", why="is missing")
    profile = Profile(**{key: _READERS[key](value) for key, value in stated.items()})
    _check_fits_format(profile, stated)
    return profile


def _check_fits_format(profile: Profile, stated: Collection[str]) -> None:
    if profile.format == USAGE_CSV:
        for key in ("columns", "trailing_delimiter", "time_zone", "accelerators"):
            if key in stated:
                raise ProfileIsMalformed(where=key, why="has no meaning for usage-csv")
        if len(profile.delimiter or ",") > 1:
            raise ProfileIsMalformed(where="delimiter", why="must be one character for usage-csv")


def _text(key: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ProfileIsMalformed(where=key, why="must be a text")
    return value


def _format(value: object) -> str:
    text = _text("format", value)
    if text not in {SLURM_SACCT, USAGE_CSV}:
        raise ProfileIsMalformed(where="format", why=f"must be {SLURM_SACCT} or {USAGE_CSV}")
    return text


def _columns(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not 0 < len(value) <= COLUMNS_MAX:
        raise ProfileIsMalformed(where="columns", why=f"must be a list of 1 to {COLUMNS_MAX} names")
    return tuple(_text("columns", name) for name in value)


def _delimiter(value: object) -> str:
    text = _text("delimiter", value)
    if len(text) > 8 or any(c in '\r\n\x00"' for c in text):
        raise ProfileIsMalformed(where="delimiter", why="must be 1 to 8 characters, none a line end or a quote")
    return text


def _trailing_delimiter(value: object) -> bool:
    if not isinstance(value, bool):
        raise ProfileIsMalformed(where="trailing_delimiter", why="must be true or false")
    return value


def _encoding(value: object) -> str:
    text = _text("encoding", value).lower()
    if text not in ENCODINGS:
        raise ProfileIsMalformed(where="encoding", why=f"must be one of {', '.join(ENCODINGS)}")
    return text


def _time_zone(value: object) -> str:
    return _text("time_zone", value)


def _accelerators(value: object) -> tuple[tuple[str, str | None], ...]:
    if not isinstance(value, dict):
        raise ProfileIsMalformed(where="accelerators", why="must map names such as gres/npu to names or null")
    families = []
    for family, name in value.items():
        if not isinstance(family, str) or not family.startswith("gres/") or ":" in family:
            raise ProfileIsMalformed(where="accelerators", why="must have keys such as gres/npu, without a type")
        if name is not None and (not isinstance(name, str) or not name.isprintable() or set(name) & set(",=")):
            raise ProfileIsMalformed(where="accelerators", why="must have names without , and = as values, or null")
        families.append((family, name or None))
    return tuple(sorted(families))


_READERS: Final[dict[str, Callable[[object], Any]]] = {
    "format": _format,
    "columns": _columns,
    "delimiter": _delimiter,
    "trailing_delimiter": _trailing_delimiter,
    "time_zone": _time_zone,
    "encoding": _encoding,
    "accelerators": _accelerators,
}
