"""Headers: columns are found by name, whatever their order and case, never by position."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from billing.metering.formats.errors import (
    UsageFileHasTooManyColumns,
    UsageFileLacksColumns,
    UsageFileRepeatsAColumn,
)
from billing.metering.formats.lines import shown
from billing.metering.formats.profiles import COLUMNS_MAX


def column_places(names: Sequence[str], known: Collection[str]) -> dict[str, int]:
    """Return the place of each known column (lower case) in a row.

    Refuses: UsageFileHasTooManyColumns; UsageFileRepeatsAColumn for a known column.
    """
    if len(names) > COLUMNS_MAX:
        raise UsageFileHasTooManyColumns(count=len(names), most=COLUMNS_MAX)
    places: dict[str, int] = {}
    for place, name in enumerate(names):
        key = name.strip().lower()
        if key in places:
            raise UsageFileRepeatsAColumn(column=shown(name))
        if key in known:
            places[key] = place
    return places


def require(places: Collection[str], *alternatives: tuple[str, ...]) -> None:
    """Make sure that of each group of column names at least one is there.

    Refuses: UsageFileLacksColumns, naming every group that is missing.
    """
    lacking = [" or ".join(names) for names in alternatives if not any(name.lower() in places for name in names)]
    if lacking:
        raise UsageFileLacksColumns(columns=", ".join(lacking))
