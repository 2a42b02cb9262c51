"""`usage-csv/1`: the plain table for centres whose scheduler has no reader here.

One row per attempt, UTF-8, commas, RFC 4180 quoting, a header, times with their offset. Columns that are not known
are refused unless they begin with `x_`, because a mistyped column would otherwise be passed over in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Final

from billing.metering.formats import texts
from billing.metering.formats.control_totals import MARK, ControlTotal
from billing.metering.formats.csv_records import Record, RecordReader
from billing.metering.formats.errors import (
    ControlTotalIsMalformed,
    UsageFileHasNoHeader,
    UsageFileHasUnknownColumns,
    UsageFileIsNotCommaSeparated,
)
from billing.metering.formats.headers import column_places, require
from billing.metering.formats.instants import ExportClock, seconds_ms
from billing.metering.formats.lines import (
    COUNT_MAX,
    Attempt,
    GpuCounts,
    LineFault,
    Unusable,
    new_attempt,
    shown,
    unusable,
)
from billing.metering.formats.physical import header_text, physical_lines
from billing.metering.formats.profiles import USAGE_CSV, Profile
from billing.metering.formats.states import final_state
from ledger.clock import now_ms

SCHEMA: Final = "usage-csv/1"
_REQUIRED: Final = (
    "schema",
    "cluster",
    "job_id",
    "attempt",
    "started_at",
    "ended_at",
    "elapsed_s",
    "accelerator",
    "accelerator_count",
    "state",
    "account",
)
_OPTIONAL: Final = (
    "submitted_at",
    "suspended_s",
    "gpu_seconds",
    "core_count",
    "user_ref",
    "nodes",
    "revision",
    "reason",
)
_KNOWN: Final = frozenset((*_REQUIRED, *_OPTIONAL))
_DECIMAL: Final = re.compile(r"([0-9]{1,18})(?:\.([0-9]{1,18}))?")
_FUTURE_SLACK_MS: Final = 5 * 60 * 1000
_SLACK_MS: Final = 1000


def read(stream: BinaryIO, profile: Profile, time_zone: str, cluster: str | None) -> Iterator[Attempt | Unusable]:
    """Read the header now, and give one result per record as it is asked for; the footer is checked at the end.

    Refuses: UsageFileEmpty, UsageFileIsNotInItsEncoding, UsageFileHasNoHeader, UsageFileLacksColumns,
    UsageFileRepeatsAColumn, UsageFileHasTooManyColumns, UsageFileHasUnknownColumns, UsageFileIsNotCommaSeparated,
    ControlTotalDiffers, ControlTotalIsMalformed.
    """
    lines = physical_lines(stream)
    delimiter = profile.delimiter or ","
    _, header = header_text(lines, profile.encoding)
    records = RecordReader(lines, profile.encoding, delimiter)
    try:
        names = [name.strip().lower() for name in records.cells(header)]
    except LineFault:
        raise UsageFileHasNoHeader(format=USAGE_CSV, first_line=shown(header)) from None
    places = column_places(names, {*_KNOWN, *names})
    if not _KNOWN & places.keys():
        for separator, said in ((";", "semicolons"), ("\t", "tabs")):
            if separator in header and separator != delimiter:
                raise UsageFileIsNotCommaSeparated(separator=said)
        raise UsageFileHasNoHeader(format=USAGE_CSV, first_line=shown(header))
    unknown = [shown(name) for name in names if name not in _KNOWN and not name.startswith("x_")]
    if unknown:
        raise UsageFileHasUnknownColumns(columns=", ".join(unknown[:8]))
    require(places, *((name,) for name in _REQUIRED))
    records.width = len(names)
    rows = _Rows(places, ExportClock(time_zone, offset_is_required=True), cluster)
    return _results(records, rows, header)


def _results(records: RecordReader, rows: _Rows, header: str) -> Iterator[Attempt | Unusable]:
    total = ControlTotal()
    footer_line = 0
    for record in records:
        if footer_line:
            raise ControlTotalIsMalformed(line=footer_line, why="more rows follow it")
        if record.fault is None and record.cells[0] == MARK:
            total.check(record.line, record.cells)
            footer_line = record.line
            continue
        try:
            _check_shape(record, records.width, header)
        except LineFault as fault:
            total.add(None)
            yield unusable(record.line, record.raw, fault)
            continue
        total.add(rows.claimed_milli_gpu_s(record.cells))
        try:
            yield rows.attempt(record)
        except LineFault as fault:
            yield unusable(record.line, record.raw, fault)


def _check_shape(record: Record, width: int, header: str) -> None:
    if record.fault is not None:
        raise record.fault
    if not record.raw:
        raise LineFault("line_is_empty", "The line is blank; remove it.")
    if record.raw == header:
        raise LineFault("row_repeats_the_header", "The line is the header again; remove it.")
    if len(record.cells) != width:
        raise LineFault(
            "row_has_wrong_field_count",
            f"The row has {len(record.cells)} cells and the header {width}; quote cells that hold the separator.",
        )


class _Rows:
    """Reads rows of one header."""

    def __init__(self, places: dict[str, int], clock: ExportClock, cluster: str | None) -> None:
        self._places = places
        self._clock = clock
        self._cluster = cluster.casefold() if cluster is not None else None
        # Read once, so that one file is judged by one instant however long it takes to read.
        self._latest_end_ms = now_ms() + _FUTURE_SLACK_MS

    def attempt(self, record: Record) -> Attempt:
        """Return the attempt of one record; raise `LineFault` for the first thing that is wrong with it."""
        cells = record.cells
        self._check_belongs(cells)
        state = final_state(self._cell(cells, "state"), "state")
        account = texts.account(self._cell(cells, "account"), "account")
        job_id = texts.job_id(self._cell(cells, "job_id"), "job_id")
        number = _whole(self._cell(cells, "attempt"), "attempt")
        if number < 1:
            raise LineFault("count_is_malformed", "attempt is 0; attempts count from 1.", "attempt")
        submitted = self._cell(cells, "submitted_at")
        submitted_ms = self._clock.read(submitted, "submitted_at") if submitted else None
        key = f"{job_id}#{number}" if submitted_ms is None else f"{job_id}@{submitted_ms}"
        started_ms, ended_ms, elapsed_ms, suspended_ms = self._times(cells)
        core_count, gpu_counts = self._held(cells, elapsed_ms)
        nodes = texts.node_list(self._cell(cells, "nodes"), "nodes")
        self._check_revision(cells)
        begun_ms: int | None = started_ms
        if state == "REVOKED":  # The job ran on a sibling cluster, which reports it.
            begun_ms, elapsed_ms, suspended_ms, core_count, gpu_counts, nodes = None, 0, 0, 0, (), ""
        return new_attempt(
            record.line, record.raw, key, job_id, account, state, submitted_ms, begun_ms, ended_ms, elapsed_ms,
            suspended_ms, core_count, gpu_counts, nodes,
        )  # fmt: skip

    def claimed_milli_gpu_s(self, cells: Sequence[str]) -> int | None:
        """Return count × elapsed in thousandths of a GPU-second, or None where the row does not say."""
        try:
            count = _milli(self._cell(cells, "accelerator_count"), "accelerator_count")
            return count * seconds_ms(self._cell(cells, "elapsed_s"), "elapsed_s") // 1000
        except LineFault:
            return None

    def _cell(self, cells: Sequence[str], name: str) -> str:
        place = self._places.get(name)
        return "" if place is None else cells[place]

    def _check_belongs(self, cells: Sequence[str]) -> None:
        schema = self._cell(cells, "schema")
        if schema != SCHEMA:
            raise LineFault("schema_is_unknown", f"schema is {shown(schema)}; it must be {SCHEMA}.", "schema")
        named = self._cell(cells, "cluster")
        if self._cluster is not None and named.casefold() != self._cluster:
            raise LineFault(
                "row_is_of_another_cluster",
                f"cluster is {shown(named)}, and the file was sent for {shown(self._cluster)}; send one file each.",
                "cluster",
            )

    def _times(self, cells: Sequence[str]) -> tuple[int, int, int, int]:
        started, ended = self._cell(cells, "started_at"), self._cell(cells, "ended_at")
        started_ms, ended_ms = self._clock.read(started, "started_at"), self._clock.read(ended, "ended_at")
        if ended_ms < started_ms:
            raise LineFault(
                "attempt_ends_before_it_starts",
                f"ended_at {shown(ended)} is before started_at {shown(started)}; correct the row.",
                "ended_at",
            )
        if ended_ms > self._latest_end_ms:
            raise LineFault(
                "time_is_in_the_future",
                f"ended_at is {shown(ended)}, in the future; send the attempt when it has ended.",
                "ended_at",
            )
        elapsed_ms = seconds_ms(self._cell(cells, "elapsed_s"), "elapsed_s")
        suspended = self._cell(cells, "suspended_s")
        suspended_ms = seconds_ms(suspended, "suspended_s") if suspended else 0
        if elapsed_ms + suspended_ms > ended_ms - started_ms + _SLACK_MS:
            raise LineFault(
                "elapsed_contradicts_interval",
                f"elapsed_s and suspended_s give {(elapsed_ms + suspended_ms) // 1000} s, and started_at to ended_at "
                f"is {(ended_ms - started_ms) // 1000} s; correct the row.",
                "elapsed_s",
            )
        return started_ms, ended_ms, elapsed_ms, suspended_ms

    def _held(self, cells: Sequence[str], elapsed_ms: int) -> tuple[int, GpuCounts]:
        model = self._cell(cells, "accelerator")
        milli = _milli(self._cell(cells, "accelerator_count"), "accelerator_count")
        if milli and not model.strip():
            raise LineFault(
                "accelerator_is_missing", "accelerator is empty and accelerator_count is not 0; name it.", "accelerator"
            )
        texts.kept(model, "accelerator", texts.MODEL_LENGTH_MAX)
        if "," in model or "=" in model:
            raise LineFault(
                "accelerator_is_malformed",
                f"accelerator is {shown(model)}; write the catalogue's code, without comma and equals sign.",
                "accelerator",
            )
        control = self._cell(cells, "gpu_seconds")
        if control and _milli(control, "gpu_seconds") * 1000 != milli * elapsed_ms:
            raise LineFault(
                "gpu_seconds_differ",
                f"gpu_seconds is {shown(control)} and accelerator_count × elapsed_s is not; correct one of them.",
                "gpu_seconds",
            )
        cores = self._cell(cells, "core_count")
        return _whole(cores, "core_count") if cores else 0, ((model, milli),) if milli else ()

    def _check_revision(self, cells: Sequence[str]) -> None:
        revision = self._cell(cells, "revision")
        if revision and _whole(revision, "revision") and not self._cell(cells, "reason").strip():
            raise LineFault(
                "revision_lacks_its_reason", f"revision is {shown(revision)} and reason is empty; give it.", "reason"
            )


def _whole(text: str, column: str) -> int:
    count, rest = divmod(_milli(text, column), 1000)
    if rest or "." in text:
        raise LineFault("count_is_malformed", f"{column} is {shown(text)}; write a whole number.", column)
    return count


def _milli(text: str, column: str) -> int:
    """Return a decimal in thousandths, exactly."""
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise LineFault(
            "count_is_malformed", f"{column} is {shown(text)}; write a number without sign or separators.", column
        )
    fraction = match[2] or ""
    if len(fraction) > 3:
        raise LineFault(
            "count_has_too_many_decimals",
            f"{column} is {shown(text)}; write at most three decimals.",
            column,
        )
    milli = int(match[1]) * 1000 + int(fraction.ljust(3, "0"))
    # A control value is a product of a count and seconds, so it alone may be larger.
    if milli > COUNT_MAX * 1000 * (COUNT_MAX if column == "gpu_seconds" else 1):
        raise LineFault(
            "count_is_absurd",
            f"{column} is {shown(text)}, over a thousand million; correct it at the source.",
            column,
        )
    return milli
