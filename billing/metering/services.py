"""Receiving a usage file: receive, stage, validate, store; one transaction, safe to repeat.

`submit` serves claims and evidence alike: evidence is a file with a source. The lines pass through temporary tables
and set-based statements, one a file in `sql/`; nothing here looks at lines one by one but the reader.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, BinaryIO

from django.db import connection, transaction
from django.db.models import Count

from billing.metering.formats import Attempt, Profile, Unusable, read
from billing.metering.models import UsageFile
from ledger import clock, ids
from ledger.documents import services as documents
from ledger.documents.models import Document
from ledger.errors import NotFound, Refusal
from ledger.log import services as log
from ledger.sql import load
from vouchers.centres.models import Cluster, EvidenceSource
from vouchers.people.actors import Actor
from vouchers.people.models import Organisation

ROOM = "billing.metering"
OUTCOMES = ("accepted", "duplicate", "revised", "conflict", "parked", "rejected")
MEDIA_TYPE = "text/plain"
PROGRESS_ROWS = 20_000
RETURNED_MOST = 1_000
RAW_SHOWN_CHARACTERS = 500

CODES = {
    "device_class_is_unknown": "The cluster's scheduler names a device that its world file does not map to a class. "
    "Add it to the cluster's devices and send the line again.",
    "attempt_is_told_twice": "Two lines of one file tell the same attempt differently. Keep one of them.",
    "attempt_starts_before_it_was_submitted": "Start is before Submit, as in the second row of a resized job, but its "
    "first row (RESIZING) is missing. Send that row too, or correct the times.",
}
"""Line codes that only a look at the whole file and the cluster can give; the others are the readers'."""


class UsageFileKnown(Refusal):
    """The same bytes were received before, read in another way."""

    code = "usage_file_is_known_otherwise"
    message = "{name} was received before as {format}, with another profile or format."
    remedy = "Send it with the format and profile of the first time, or export it anew."


@dataclass(frozen=True, slots=True)
class Slip:
    """What became of every row of one file.

    `digest` is the SHA-256 of its bytes; `receipt` names the stored file, or is None for a dry run. `metered` is
    what the file's distinct attempts add up to, in all and by class, state, account and day. `returned` lists the
    first thousand lines that went back; the stored file has them all.
    """

    file: str
    digest: str
    rows: int
    counts: dict[str, int]
    codes: dict[str, dict[str, int]]
    metered: dict[str, Any]
    returned: list[dict[str, Any]]
    receipt: dict[str, str] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the slip as the command line and the API print it."""
        return {
            "file": self.file,
            "rows": self.rows,
            **{outcome: self.counts[outcome] for outcome in ("accepted", "duplicate", "revised", "conflict", "parked")},
            "rejected": self.codes.get("rejected", {}),
            "parked_by_code": self.codes.get("parked", {}),
            "digest": self.digest,
            "receipt": self.receipt,
            "metered": self.metered,
            "returned": self.returned,
        }


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way in: its seekable bytes, its sender's name for it, and how it is to be read."""

    stream: BinaryIO
    name: str
    format: str
    profile: Profile | None = None
    profile_digest: str = ""


Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose file it is: a known cluster and, for evidence, its source; or nothing, for a dry run without a world."""

    cluster: Cluster | None = None
    source: EvidenceSource | None = None

    @property
    def organisation(self) -> Organisation:
        """Who hands its files in: the centre's organisation, or that of the evidence source."""
        assert self.cluster is not None
        return self.source.organisation if self.source else self.cluster.centre.organisation

    @property
    def parameters(self) -> dict[str, int | None]:
        """The parameters that the statements share."""
        return {
            "cluster_id": self.cluster.id if self.cluster else None,
            "source_id": self.source.id if self.source else None,
        }


def find_origin(*, centre: str, cluster: str, source: str | None = None) -> Origin:
    """Return the cluster (and evidence source) of these codes. Refuses: NotFound."""
    found = Cluster.objects.filter(centre__code=centre, code=cluster).select_related("centre__organisation").first()
    if found is None:
        raise NotFound(kind="cluster", name=f"{centre}/{cluster}")
    if source is None:
        return Origin(found)
    witness = EvidenceSource.objects.filter(centre=found.centre, code=source).first()
    if witness is None:
        raise NotFound(kind="evidence source", name=f"{centre}/{source}")
    return Origin(found, witness)


def may_submit(actor: Actor, origin: Origin) -> None:
    """Refuse with ActNotPermitted unless the actor may submit for this cluster, or speak for this source."""
    assert origin.cluster is not None
    if origin.source is None:
        actor.require("usage.submit", organisation_id=origin.cluster.centre.organisation_id)
    else:
        actor.require("evidence.submit", organisation_id=origin.source.organisation_id)


@transaction.atomic
def submit(*, upload: Upload, origin: Origin, actor: Actor, progress: Progress | None = None) -> Slip:
    """Receive, stage, validate and store one usage or evidence file; return its slip.

    Good lines go in, the others are kept with their code and reason; every row is accounted for. Refuses: what the
    reader of the format refuses of a whole file, UsageFileKnown, ActNotPermitted, DocumentTooLarge, DocumentEmpty.
    Locks: other files of the same cluster and source, to the end of the transaction.
    Repeats: the same bytes give the first receipt again and store nothing; the same facts in other bytes are
    duplicates.
    """
    may_submit(actor, origin)
    assert origin.cluster is not None
    with connection.cursor() as cursor:
        lock = f"usage:{origin.cluster.id}:{origin.source.id if origin.source else ''}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [lock])
    document = documents.keep(stream=upload.stream, name=upload.name, media_type=MEDIA_TYPE)
    known = UsageFile.objects.filter(cluster=origin.cluster, source=origin.source, document=document).first()
    if known is not None:
        if (known.format, known.profile_digest) != (upload.format, upload.profile_digest):
            raise UsageFileKnown(name=upload.name, format=known.format)
        return _slip_again(known, upload.name)
    upload.stream.seek(0)
    slip = _stage(upload, origin, document.sha256, progress)
    file = _store(slip, upload, origin, actor, document)
    return replace(slip, receipt=_receipt(file))


def dry_run(*, upload: Upload, origin: Origin, progress: Progress | None = None) -> Slip:
    """Say what `submit` would say, and write nothing.

    Without a world (an origin without a cluster) the scheduler's own type names are the classes, times without an
    offset are UTC unless the profile names a zone, and days are of that zone. Refuses: as the format's reader.
    """
    digest = hashlib.sha256()
    while chunk := upload.stream.read(documents.CHUNK_BYTES):
        digest.update(chunk)
    upload.stream.seek(0)
    with transaction.atomic():
        slip = _stage(upload, origin, digest.hexdigest(), progress)
        transaction.set_rollback(True)
    return slip


def _stage(upload: Upload, origin: Origin, digest: str, progress: Progress | None) -> Slip:
    """Read the file into the staging tables, classify every line and add up what it says."""
    zone = origin.cluster.export_time_zone if origin.cluster else "UTC"
    lines = read(
        upload.stream,
        format=upload.format,
        profile=upload.profile,
        export_time_zone=zone,
        cluster=origin.cluster.code if origin.cluster else None,
    )
    day_zone = origin.cluster.time_zone if origin.cluster else (upload.profile and upload.profile.time_zone) or zone
    with connection.cursor() as cursor:
        cursor.execute(load(ROOM, "create_staging"))
        rows = 0
        with cursor.copy(load(ROOM, "copy_lines")) as copy:
            for rows, line in enumerate(lines, start=1):
                copy.write_row(_staged(line))
                if progress is not None and rows % PROGRESS_ROWS == 0:
                    progress(rows)
        for statement in (
            "stage_classes",
            "add_core_class",
            "park_unknown_devices",
            "resolve_resizes",
            "classify_lines",
            "stage_quantities",
        ):
            cursor.execute(load(ROOM, statement), origin.parameters)
        cursor.execute(load(ROOM, "count_outcomes"))
        counts, codes = dict.fromkeys(OUTCOMES, 0), dict[str, dict[str, int]]()
        for outcome, code, count in cursor.fetchall():
            counts[outcome] += count
            if code:
                codes.setdefault(outcome, {})[code] = count
        metered = _metered(cursor, day_zone)
        cursor.execute(load(ROOM, "returned_lines"), {"most": RETURNED_MOST})
        returned = [_returned(*line) for line in cursor.fetchall()]
    return Slip(upload.name, digest, rows, counts, codes, metered, returned)


def _staged(line: Attempt | Unusable) -> tuple[Any, ...]:
    """Return a line as a row of `staged_line`, in the column order of `copy_lines.sql`."""
    if isinstance(line, Unusable):
        return (line.line, *[None] * 12, line.raw.replace("\0", "\\x00"), line.outcome, line.code, line.reason)
    return (
        line.line,
        line.attempt_key,
        line.job_id,
        line.account,
        line.state,
        line.submitted_ms,
        line.started_ms,
        line.ended_ms,
        line.elapsed_ms,
        line.core_count,
        [name for name, _ in line.gpu_counts],
        [milli for _, milli in line.gpu_counts],
        line.content_digest,
        line.raw,
        None,
        None,
        None,
    )


def _metered(cursor: Any, zone: str) -> dict[str, Any]:
    """Add up the staged attempts. Days are of `zone`."""
    cursor.execute(load(ROOM, "file_interval"))
    first_ms, last_ms = cursor.fetchone()
    if first_ms is not None:
        with cursor.copy("COPY staged_day (day, starts_at_ms, ends_at_ms) FROM STDIN") as copy:
            for day in _days(first_ms, last_ms, zone):
                copy.write_row(day)
    cursor.execute(load(ROOM, "metered_totals"))
    metered: dict[str, Any] = {"by_class": {}, "by_state": {}, "by_account": {}, "by_day": {}}
    for view, name, gpu_ms, core_ms, wall_ms in cursor.fetchall():
        figures = {"gpu_ms": int(gpu_ms or 0), "core_ms": int(core_ms or 0), "wall_ms": int(wall_ms or 0)}
        if view:
            metered[view][name] = figures
        else:
            metered = figures | metered
    return metered


def _days(first_ms: int, last_ms: int, zone: str) -> Iterator[tuple[str, int, int]]:
    """Yield the calendar days of `zone` that [first, last] touches, each with its half-open interval."""
    day = clock.day_of(first_ms, zone)
    last = clock.day_of(last_ms, zone)
    while day <= last:
        following = day + timedelta(days=1)
        yield day.isoformat(), clock.start_of_day_ms(day, zone), clock.start_of_day_ms(following, zone)
        day = following


def _store(slip: Slip, upload: Upload, origin: Origin, actor: Actor, document: Document) -> UsageFile:
    """Store the file, its facts and its returned lines, and write the record that the log will seal."""
    assert origin.cluster is not None
    file = UsageFile.objects.create(
        id=ids.new("use"),
        cluster=origin.cluster,
        source=origin.source,
        document=document,
        format=upload.format,
        profile_digest=upload.profile_digest,
        rows=slip.rows,
        metered=slip.metered,
        submitted_by=actor.login,
        recorded_at_ms=clock.now_ms(),
        **slip.counts,
    )
    parameters = origin.parameters | {"file_id": file.id}
    with connection.cursor() as cursor:
        for statement in ("store_facts", "store_quantities", "store_returned_lines"):
            cursor.execute(load(ROOM, statement), parameters)
    received = {
        "cluster": str(origin.cluster),
        "document": document.sha256,
        "format": upload.format,
        "profile": upload.profile_digest,
        "source": str(origin.source or ""),
    }
    log.record(kind="usage_file.received", subject=file.id, told=received, submitter=origin.organisation.code)
    return file


def _slip_again(file: UsageFile, name: str) -> Slip:
    """Return the slip of a file that was received before: all its good rows are known, and nothing was stored."""
    codes: dict[str, dict[str, int]] = {}
    by_code = file.returned_lines.values_list("outcome", "code").annotate(lines=Count("id")).order_by("outcome", "code")
    for outcome, code, lines in by_code:
        codes.setdefault(outcome, {})[code] = lines
    counts = {outcome: getattr(file, outcome) for outcome in OUTCOMES}
    counts |= {"accepted": 0, "revised": 0, "duplicate": file.accepted + file.revised + file.duplicate}
    returned = file.returned_lines.order_by("line").values_list("line", "outcome", "code", "reason", "raw")
    return Slip(
        file=name,
        digest=file.document_id,
        rows=file.rows,
        counts=counts,
        codes=codes,
        metered=file.metered,
        returned=[_returned(*line) for line in returned[:RETURNED_MOST]],
        receipt=_receipt(file),
    )


def _receipt(file: UsageFile) -> dict[str, str]:
    return {"id": file.id, "recorded_at": clock.iso_utc(file.recorded_at_ms)}


def _returned(line: int, outcome: str, code: str, reason: str, raw: str) -> dict[str, Any]:
    return {"line": line, "outcome": outcome, "code": code, "reason": reason, "raw": raw[:RAW_SHOWN_CHARACTERS]}
