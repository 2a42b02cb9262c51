"""Readers of usage files: a centre's bytes in, lines of facts out.

A reader is pure and streaming: no database, no file of its own, memory bounded by one line whatever the file's
size. Every row of a file gives exactly one result, an `Attempt` or an `Unusable` with a code, so that rows in are
rows out and nothing is dropped in silence. The header and blank lines at the end are not rows. What is wrong with
a file as a whole is a refusal.

Terms: `lines.py`. Codes: `codes.py`. For people: `docs/reference/usage-files.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

from billing.metering.formats import slurm_sacct, usage_csv
from billing.metering.formats.codes import CODES, OUTCOMES
from billing.metering.formats.errors import FormatUnknown, ProfileIsForAnotherFormat
from billing.metering.formats.lines import Attempt, Unusable, shown
from billing.metering.formats.profiles import SLURM_SACCT, USAGE_CSV, Profile, load_profile
from billing.metering.formats.resizing import EffectiveTime, effective_times

__all__ = [
    "CODES",
    "FORMATS",
    "OUTCOMES",
    "Attempt",
    "EffectiveTime",
    "Profile",
    "Unusable",
    "effective_times",
    "load_profile",
    "read",
]

Reader = Callable[[BinaryIO, Profile, str, str | None], Iterator[Attempt | Unusable]]

FORMATS: Final[dict[str, Reader]] = {SLURM_SACCT: slurm_sacct.read, USAGE_CSV: usage_csv.read}
"""The formats by name, as the command line and the API name them."""


def read(
    stream: BinaryIO,
    *,
    format: str,  # noqa: A002 - the word that the command line and the API use
    profile: Profile | None,
    export_time_zone: str,
    cluster: str | None = None,
) -> Iterator[Attempt | Unusable]:
    """Read the beginning of a usage file at once, and give one result per row as it is asked for.

    `export_time_zone` is that of times without an offset, unless the profile names one. With `cluster`, rows that
    name another cluster come back.

    Refuses: FormatUnknown, ProfileIsForAnotherFormat, TimeZoneUnknown and what each format's reader lists; a wrong
    control total only shows at the end, so what was read must not be kept before the last result was taken.
    Repeats: the same bytes give the same results, digests included.
    """
    reader = FORMATS.get(format)
    if reader is None:
        raise FormatUnknown(format=shown(format), known=", ".join(FORMATS))
    if profile is not None and profile.format != format:
        raise ProfileIsForAnotherFormat(profile_format=profile.format, format=format)
    return reader(stream, profile or Profile(format=format), export_time_zone, cluster)
