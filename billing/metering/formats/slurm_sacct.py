"""Slurm's `sacct --parsable2` (and `--parsable`), a row per attempt.

Quantities come from AllocTRES and Elapsed only: ReqTRES and NCPUS say what was asked for, and are not even read.
Rows of a resized job are given as they are written; `resizing.py` takes the overlap out.

Source: sacct(1), slurm.conf(5) of Slurm 22.05 to 26.05; behaviour observed on a running cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from typing import BinaryIO, Final

from billing.metering.formats import texts
from billing.metering.formats.errors import UsageFileHasNoHeader
from billing.metering.formats.headers import column_places, require
from billing.metering.formats.instants import MISSING, ExportClock, clock_ms, seconds_ms
from billing.metering.formats.lines import Attempt, GpuCounts, LineFault, Unusable, new_attempt, shown, unusable
from billing.metering.formats.physical import Lines, first_line, header_text, kept_text, physical_lines, text_of
from billing.metering.formats.profiles import SLURM_SACCT, Profile
from billing.metering.formats.states import FINAL, final_state
from billing.metering.formats.tres import AllocationReader

_PICKED: Final = (
    "cluster",
    "account",
    "state",
    "submit",
    "start",
    "end",
    "elapsedraw",
    "elapsed",
    "suspended",
    "alloctres",
    "nodelist",
)
_COLUMNS: Final = frozenset({"jobid", "jobidraw", *_PICKED})
_NO_NODES: Final = frozenset({"", "None assigned", "None", "(null)"})
_SLACK_MS: Final = 1000


def read(stream: BinaryIO, profile: Profile, time_zone: str, cluster: str | None) -> Iterator[Attempt | Unusable]:
    """Read the header now, and give one result per row as it is asked for.

    Refuses: UsageFileEmpty, UsageFileIsNotInItsEncoding, UsageFileHasNoHeader, UsageFileLacksColumns,
    UsageFileRepeatsAColumn, UsageFileHasTooManyColumns, TimeZoneUnknown.
    """
    lines = physical_lines(stream)
    delimiter = profile.delimiter or "|"
    if profile.columns is None:
        _, header = header_text(lines, profile.encoding)
        names = header.split(delimiter)
        ends_with_delimiter = len(names) > 1 and not names[-1]
        names = names[:-1] if ends_with_delimiter else names
    else:
        header, names, ends_with_delimiter = "", list(profile.columns), profile.trailing_delimiter
        # The first line is looked at and put back: it is a row.
        lines = chain([first_line(lines, profile.encoding)], lines)
    places = column_places(names, _COLUMNS)
    if not places:
        raise UsageFileHasNoHeader(format=SLURM_SACCT, first_line=shown(header))
    require(
        places,
        ("JobID", "JobIDRaw"),
        ("Account",),
        ("Submit",),
        ("Start",),
        ("End",),
        ("State",),
        ("AllocTRES",),
        ("Elapsed", "ElapsedRaw"),
    )
    layout = _Layout(header, tuple(names), places, delimiter, ends_with_delimiter)
    clock = ExportClock(profile.time_zone or time_zone)
    rows = _Rows(layout, clock, AllocationReader(dict(profile.accelerators)), cluster)
    return _results(lines, rows, profile.encoding)


@dataclass(frozen=True, slots=True)
class _Layout:
    header: str
    names: tuple[str, ...]
    places: dict[str, int]
    delimiter: str
    ends_with_delimiter: bool


def _results(lines: Lines, rows: _Rows, encoding: str) -> Iterator[Attempt | Unusable]:
    for line, data in lines:
        try:
            text = text_of(data, encoding)
        except LineFault as fault:
            yield unusable(line, kept_text(data, encoding), fault)
            continue
        try:
            yield rows.attempt(line, text)
        except LineFault as fault:
            yield unusable(line, text, fault)


class _Rows:
    """Reads rows of one header."""

    def __init__(self, layout: _Layout, clock: ExportClock, allocation: AllocationReader, cluster: str | None) -> None:
        names, places = layout.names, layout.places
        self._layout = layout
        # A job name is free text in which the delimiter is not escaped. In the last column it takes the rest of the
        # row; anywhere else it shifts what follows, and the row is rejected by its field count.
        name_is_last = names[-1].strip().lower() == "jobname"
        self._field_count = len(names) + (layout.ends_with_delimiter and not name_is_last)
        self._split_max = len(names) - 1 if name_is_last else -1
        # A column that is not there is read as the empty field that is put behind each row.
        behind = self._field_count
        self._pick: Callable[[list[str]], tuple[str, ...]] = itemgetter(
            places.get("jobidraw", places.get("jobid", behind)),
            places.get("jobid", places.get("jobidraw", behind)),
            *(places.get(name, behind) for name in _PICKED),
        )
        self._has_raw_elapsed = "elapsedraw" in places
        self._raw_id_column = "JobIDRaw" if "jobidraw" in places else "JobID"
        self._clock = clock
        self._hold = allocation.read
        # Compared as the file writes it; `_final_state` looks closer at what differs.
        self._cluster = cluster if cluster is not None and "cluster" in places else ""

    def attempt(self, line: int, text: str) -> Attempt:
        """Return the attempt of one row; raise `LineFault` for the first thing that is wrong with it.

        In order: the row's shape, whether it is an attempt of this cluster at all, its state, its identity, its
        times, what it held.
        """
        layout = self._layout
        fields = text.split(layout.delimiter, self._split_max)
        if len(fields) != self._field_count or (layout.ends_with_delimiter and not text.endswith(layout.delimiter)):
            raise self._torn(text, fields)
        fields.append("")
        raw_id, job_id, cluster, account, state, submit, start, end, raw, elapsed, suspended, tres, nodes = self._pick(
            fields
        )
        if state not in FINAL or "." in raw_id or "." in job_id or (self._cluster and cluster != self._cluster):
            state = self._final_state(text, raw_id, job_id, cluster, state)
        texts.account(account, "Account")
        texts.job_id(raw_id, self._raw_id_column)
        if job_id != raw_id:
            texts.job_id(job_id, "JobID")
        submitted_ms = self._clock.read(submit, "Submit")
        key = f"{raw_id}@{submitted_ms}"
        suspended_ms = 0 if suspended in MISSING else clock_ms(suspended, "Suspended")
        elapsed_ms = self._elapsed_ms(raw, elapsed, start)
        if start in MISSING or state == "REVOKED":
            _check_nothing_elapsed(start, 0 if state == "REVOKED" else elapsed_ms + suspended_ms)
            started_ms, elapsed_ms, suspended_ms, core_count, nodes = None, 0, 0, 0, ""
            gpu_counts: GpuCounts = ()
            ended_ms = None if end in MISSING else self._clock.read(end, "End")
        else:
            started_ms, ended_ms = self._interval(start, end, elapsed_ms + suspended_ms)
            core_count, gpu_counts = self._hold(tres) if tres else _held_nothing(elapsed_ms)
            nodes = "" if nodes in _NO_NODES else texts.node_list(nodes, "NodeList")
        return new_attempt(
            line, text, key, job_id, account, state, submitted_ms, started_ms, ended_ms, elapsed_ms, suspended_ms,
            core_count, gpu_counts, nodes,
        )  # fmt: skip

    def _torn(self, text: str, fields: Sequence[str]) -> LineFault:
        if not text:
            return LineFault("line_is_empty", "The line is blank; remove it.")
        if text == self._layout.header:
            return LineFault("row_repeats_the_header", "The line is the header again; remove it.")
        return LineFault(
            "row_has_wrong_field_count",
            f"The row has {len(fields)} fields and the header {self._field_count}; export again with JobName as "
            "the last column.",
        )

    def _final_state(self, text: str, raw_id: str, job_id: str, cluster: str, state: str) -> str:
        if text == self._layout.header:
            raise self._torn(text, ())
        if "." in raw_id or "." in job_id:
            raise LineFault(
                "row_is_a_job_step",
                f"JobID {shown(job_id)} is a step, whose time is inside its job's; export with --allocations.",
                "JobID",
            )
        if self._cluster and cluster.casefold() != self._cluster.casefold():
            raise LineFault(
                "row_is_of_another_cluster",
                f"Cluster is {shown(cluster)}, and the file was sent for {shown(self._cluster)}; send one file each.",
                "Cluster",
            )
        return state if state in FINAL else final_state(state, "State")

    def _elapsed_ms(self, raw: str, elapsed: str, start: str) -> int:
        if raw:
            return seconds_ms(raw, "ElapsedRaw")
        if elapsed in MISSING and start in MISSING:
            return 0
        return clock_ms(elapsed, "ElapsedRaw" if self._has_raw_elapsed and not elapsed else "Elapsed")

    def _interval(self, start: str, end: str, accounted_ms: int) -> tuple[int, int]:
        started_ms = self._clock.read(start, "Start")
        if end in MISSING:
            raise LineFault(
                "attempt_still_runs",
                f"End is {shown(end)}; send the attempt again when it has ended, or mend the runaway record.",
                "End",
            )
        ended_ms = self._clock.read(end, "End")
        wall_ms = ended_ms - started_ms
        if wall_ms < 0:
            raise LineFault(
                "attempt_ends_before_it_starts",
                f"End {shown(end)} is before Start {shown(start)}; correct the record at the scheduler.",
                "End",
            )
        if not -_SLACK_MS <= wall_ms - accounted_ms <= _SLACK_MS:
            raise self._contradiction(start, end, accounted_ms, wall_ms)
        return started_ms, ended_ms

    def _contradiction(self, start: str, end: str, accounted_ms: int, wall_ms: int) -> LineFault:
        mend = "export Suspended too"
        naive = ExportClock("UTC")
        naive_ms = naive.read(end, "End") - naive.read(start, "Start")
        if naive_ms != wall_ms and abs(naive_ms - accounted_ms) <= _SLACK_MS:
            # Then the clocks of the export did not change where the stated zone's did. Which of the two ends is an
            # hour off cannot be known, so this is no reason to take the row in.
            mend = f"they agree if no clocks changed, so state another time zone than {self._clock.time_zone}"
        return LineFault(
            "elapsed_contradicts_interval",
            f"Elapsed and Suspended give {accounted_ms // 1000} s, Start to End {wall_ms // 1000} s; {mend}.",
            "Elapsed",
        )


def _check_nothing_elapsed(start: str, accounted_ms: int) -> None:
    if accounted_ms:
        raise LineFault(
            "elapsed_contradicts_interval",
            f"Start is {shown(start)} and yet {accounted_ms // 1000} seconds elapsed; correct the record.",
            "Start",
        )


def _held_nothing(elapsed_ms: int) -> tuple[int, GpuCounts]:
    if elapsed_ms:
        raise LineFault(
            "allocation_is_missing",
            "AllocTRES is empty and the attempt ran; export it, and check AccountingStorageTRES.",
            "AllocTRES",
        )
    return 0, ()
