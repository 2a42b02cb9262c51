"""Running every invariant; "not verified" never looks like "fine".

Most are views that must be empty. They stand in the `sql/invariants/` folders of the rooms; what is verified is the
list of files, not the list of views in the database: a view that somebody dropped is an error and not silence. What no
view can say, the tree of the log and the signatures under it, `ledger.log.verification` recomputes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from psycopg import sql

from ledger.errors import Refusal
from ledger.log.verification import CHECKS, verify_log
from ledger.verdicts import SHOWN, Invariant, Verdict


class InvariantUnreadable(Refusal):
    """An invariant could not be evaluated, so nothing may be said of it."""

    code = "invariant_could_not_be_verified"
    message = "Invariant {name} could not be evaluated: {reason}"
    remedy = "Run `manage.py setup_database` as the owner; if it stays, somebody changed the database's views."
    http_status = 500


def invariants() -> list[Invariant]:
    """Return every invariant of the three floors, by name."""
    found = list(CHECKS)
    for floor in ("ledger", "vouchers", "billing"):
        for path in (Path(settings.BASE_DIR) / floor).glob("*/sql/invariants/*.sql"):
            comment = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("-- ")]
            found.append(Invariant(path.stem, " ".join(line.removeprefix("-- ") for line in comment)))
    return sorted(found, key=lambda invariant: invariant.name)


@transaction.atomic
def verify(
    *, progress: Callable[[str], None] = lambda _: None, outside: Mapping[str, str] | None = None
) -> list[Verdict]:
    """Evaluate every invariant on one snapshot and return a verdict on each, in order of their names. Reads only.

    `outside` are checkpoints that somebody kept elsewhere, by a name for each: the log is held against them too.
    Refuses: InvariantUnreadable, when one cannot be evaluated at all; OutsideCheckpointInvalid.
    """
    if not connection.savepoint_ids:
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    verdicts = [*_views(progress), *verify_log(outside or {}, progress=progress)]
    return sorted(verdicts, key=lambda verdict: verdict.invariant.name)


def _views(progress: Callable[[str], None]) -> list[Verdict]:
    verdicts = []
    with connection.cursor() as cursor:
        # A view reads its tables whole. After a stale count of rows the planner would make it a loop in a loop.
        cursor.execute("SET LOCAL enable_nestloop = off")
        for invariant in invariants():
            if invariant in CHECKS:
                continue
            progress(invariant.name)
            view = sql.Identifier(invariant.view)
            try:
                cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(view))
                (violations,) = cursor.fetchone()
                cursor.execute(sql.SQL("SELECT subject, fact FROM {} ORDER BY 1, 2 LIMIT {}").format(view, SHOWN))
                first = tuple((str(subject), str(fact)) for subject, fact in cursor.fetchall())
            except DatabaseError as error:
                raise InvariantUnreadable(name=invariant.name, reason=str(error).splitlines()[0]) from error
            verdicts.append(Verdict(invariant, violations, first))
        cursor.execute("SET LOCAL enable_nestloop = on")
    return verdicts
