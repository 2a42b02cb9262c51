"""Reading usage files, scoped by who asks."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, QuerySet

from billing.metering.models import UsageFile
from ledger import clock
from ledger.errors import NotFound
from vouchers.centres.models import Cluster, EvidenceSource
from vouchers.orders.models import Order
from vouchers.people.actors import Actor
from vouchers.programmes.selectors import programmes_run_by

RETURNED_MOST = 1_000
RAW_SHOWN_CHARACTERS = 500


def usage_files_visible_to(actor: Actor) -> QuerySet[UsageFile]:
    """Return the usage files an actor may see.

    Those its organisation sent (as the centre, or as the witness), and all of the clusters that serve an order of a
    programme which it runs, pays or audits. A file tells of everybody's jobs on a cluster: an enterprise sees none.
    """
    files = UsageFile.objects.select_related("cluster__centre", "source", "document")
    if actor.sees_everything:
        return files
    own = actor.organisation_ids
    serving = Order.objects.filter(voucher__programme__in=programmes_run_by(actor))
    return files.filter(
        Q(source=None, cluster__centre__organisation__in=own)
        | Q(source__organisation__in=own)
        | Q(cluster__in=serving.values("cluster_account__cluster"))
    )


def usage_file_visible_to(actor: Actor, file_id: str) -> UsageFile:
    """Return one usage file. Refuses: NotFound, the same whether it is foreign or unknown."""
    file = usage_files_visible_to(actor).filter(id=file_id).first()
    if file is None:
        raise NotFound(kind="usage file", name=file_id)
    return file


def require_known_origin(actor: Actor, *, centre: str, cluster: str, source: str | None) -> None:
    """Refuse unless the actor may submit at all, and the cluster (or the source) is of its own organisation.

    Refuses: ActNotPermitted by role alone, before anything is looked up; then NotFound, the same whether the cluster
    or the source is foreign or unknown.
    """
    if source is None:
        actor.require("usage.submit")
        own = Cluster.objects.filter(centre__organisation__in=actor.organisations_for("usage.submit"))
        if not own.filter(centre__code=centre, code=cluster).exists():
            raise NotFound(kind="cluster", name=f"{centre}/{cluster}")
        return
    actor.require("evidence.submit")
    speaking = EvidenceSource.objects.filter(organisation__in=actor.organisations_for("evidence.submit"))
    if not speaking.filter(centre__code=centre, code=source, centre__clusters__code=cluster).exists():
        raise NotFound(kind="evidence source", name=f"{centre}/{cluster}/{source}")


def is_received(*, cluster: Cluster, source: EvidenceSource | None, sha256: str) -> bool:
    """Say whether the bytes of this digest were received from this origin before."""
    return UsageFile.objects.filter(cluster=cluster, source=source, document=sha256).exists()


def slip_of(file: UsageFile) -> dict[str, Any]:
    """Return the return slip as it was given when the file was received."""
    codes: dict[str, dict[str, int]] = {}
    by_code = file.returned_lines.values_list("outcome", "code").annotate(lines=Count("id")).order_by("outcome", "code")
    for outcome, code, lines in by_code:
        codes.setdefault(outcome, {})[code] = lines
    returned = file.returned_lines.order_by("line").values_list("line", "outcome", "code", "reason", "raw")
    return {
        "file": file.document.name,
        "rows": file.rows,
        "accepted": file.accepted,
        "duplicate": file.duplicate,
        "revised": file.revised,
        "conflict": file.conflict,
        "parked": file.parked,
        "rejected": codes.get("rejected", {}),
        "parked_by_code": codes.get("parked", {}),
        "digest": file.document_id,
        "receipt": {"id": file.id, "recorded_at": clock.iso_utc(file.recorded_at_ms)},
        "metered": file.metered,
        "returned": [
            {"line": line, "outcome": outcome, "code": code, "reason": reason, "raw": raw[:RAW_SHOWN_CHARACTERS]}
            for line, outcome, code, reason, raw in returned[:RETURNED_MOST]
        ],
    }
