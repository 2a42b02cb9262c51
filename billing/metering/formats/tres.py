"""What an attempt held, from Slurm's AllocTRES.

*Trackable resource*: one `name=count` of the list. `gres/<family>` is the **total** of a family of devices and
`gres/<family>:<type>` are parts of it: parts are never added to a total. Without a total, the parts are it.
What the total has beyond its parts is of unknown type and goes under the family's own name.
*Family table*: which generic resources are accelerators, and under which name. `gpu` is one everywhere; the rest
(npu, dcu, mlu …) are names that a site chooses and its profile declares; a family declared as null is known
not to be an accelerator. A family that is not in the table is parked rather than counted as nothing.

Suffixes K, M, G, T and P are powers of 1024, also in counts: Slurm's printing function divides by 1024 whatever
it prints. A count that is not whole after that was rounded in print and is parked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from billing.metering.formats.lines import COUNT_MAX, GpuCounts, LineFault, shown

COLUMN: Final = "AllocTRES"
_LENGTH_MAX: Final = 4096
_COUNT: Final = re.compile(r"([0-9]{1,18})(?:\.([0-9]{1,6}))?([KMGTPkmgtp]?)")
_UNIT: Final[dict[str, int]] = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40, "P": 1 << 50}
_SCALES: Final = (1, 10, 100, 1000, 10_000, 100_000, 1_000_000)
_GRES: Final = "gres/"


class AllocationReader:
    """Reads AllocTRES with one cluster's table of families."""

    def __init__(self, families: Mapping[str, str | None]) -> None:
        self._families: dict[str, str | None] = {"gres/gpu": "gpu", **families}
        # A cluster has few shapes of job: nearly every row is found here. Faults are not remembered.
        self.read = lru_cache(maxsize=4096)(self._read)

    def _read(self, text: str) -> tuple[int, GpuCounts]:
        """Return the cores and the accelerators in thousandths; a list without `cpu` holds no cores."""
        if len(text) > _LENGTH_MAX:
            raise LineFault("text_is_too_long", f"{COLUMN} has {len(text)} characters; {_LENGTH_MAX} are read.", COLUMN)
        resources = _resources(text)
        core_count = _count("cpu", resources["cpu"]) if "cpu" in resources else 0
        totals: dict[str, int] = {}
        parts: dict[str, dict[str, int]] = {}
        for name, value in resources.items():
            if name.startswith(_GRES):
                self._take(name, _count(name, value), totals, parts)
        counts: dict[str, int] = {}
        for family in totals.keys() | parts.keys():
            for device_type, count in self._divided(family, totals.get(family), parts.get(family, {})):
                counts[device_type] = counts.get(device_type, 0) + count * 1000
        return core_count, tuple(sorted((name, milli) for name, milli in counts.items() if milli))

    def _take(self, name: str, count: int, totals: dict[str, int], parts: dict[str, dict[str, int]]) -> None:
        family, colon, device_type = name.partition(":")
        if family not in self._families:
            if not count:
                return
            raise LineFault(
                "accelerator_is_not_mapped",
                f"{COLUMN} holds {shown(name)}, which the cluster's table does not know; name it under accelerators in "
                "a profile, with null if it is no accelerator.",
                COLUMN,
            )
        if self._families[family] is None:
            return
        if colon:
            parts.setdefault(family, {})[device_type] = count
        else:
            totals[family] = count

    def _divided(self, family: str, total: int | None, parts: Mapping[str, int]) -> list[tuple[str, int]]:
        typed = sum(parts.values())
        if total is not None and typed > total:
            raise LineFault(
                "typed_parts_exceed_the_total",
                f"{COLUMN} has {typed} typed {family} and a total of {total}; check the record at the scheduler.",
                COLUMN,
            )
        untyped = 0 if total is None else total - typed
        return [*parts.items(), (self._families[family] or family, untyped)]


def _resources(text: str) -> dict[str, str]:
    resources: dict[str, str] = {}
    for item in text.split(","):
        name, equals, value = item.partition("=")
        if (
            not (name and equals)
            or name in resources
            or name.endswith(":")
            or len(name) > 128
            or not name.isprintable()
        ):
            raise LineFault(
                "allocation_is_malformed",
                f"{COLUMN} has {shown(item)}, which is no name=count or stands twice; export it again.",
                COLUMN,
            )
        resources[name] = value
    return resources


def _count(name: str, text: str) -> int:
    match = _COUNT.fullmatch(text)
    if match is None:
        raise LineFault(
            "count_is_malformed", f"{COLUMN} has {shown(text)} as {shown(name)}; export with --noconvert.", COLUMN
        )
    whole, fraction, unit = match[1], match[2] or "", match[3].upper()
    scaled = int(whole + fraction) * _UNIT[unit]
    count, rest = divmod(scaled, _SCALES[len(fraction)])
    if rest:
        raise LineFault(
            "allocation_is_not_exact",
            f"{COLUMN} has {shown(text)} as {shown(name)}, rounded in print; export with --noconvert.",
            COLUMN,
        )
    if count > COUNT_MAX:
        raise LineFault(
            "count_is_absurd",
            f"{COLUMN} has {shown(text)} as {shown(name)}, over a thousand million; correct it at the source.",
            COLUMN,
        )
    return count
