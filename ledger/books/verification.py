"""Running every invariant. Each is a view that must be empty; "not verified" never looks like "fine".

The views stand in the `sql/invariants/` folders of the rooms. What is verified is the list of files, not the list
of views in the database: a view that somebody dropped is an error and not silence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from psycopg import sql

from ledger.errors import Refusal

SHOWN = 20


class InvariantUnreadable(Refusal):
    """An invariant could not be evaluated, so nothing may be said of it."""

    code = "invariant_could_not_be_verified"
    message = "Invariant {name} could not be evaluated: {reason}"
    remedy = "Run `manage.py setup_database` as the owner; if it stays, somebody changed the database's views."
    http_status = 500


@dataclass(frozen=True, slots=True)
class Invariant:
    """One thing that must always hold: its name, its sentence, and the view that lists what violates it."""

    name: str
    sentence: str

    @property
    def view(self) -> str:
        """The view's name."""
        return f"invariant_{self.name}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one invariant's view held: how many violations, and the first of them as (subject, fact)."""

    invariant: Invariant
    violations: int
    first: tuple[tuple[str, str], ...]

    @property
    def holds(self) -> bool:
        """Whether the view was empty."""
        return self.violations == 0


def invariants() -> list[Invariant]:
    """Return every invariant of the three floors, by name."""
    found = []
    for floor in ("ledger", "vouchers", "billing"):
        for path in (Path(settings.BASE_DIR) / floor).glob("*/sql/invariants/*.sql"):
            comment = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("-- ")]
            found.append(Invariant(path.stem, " ".join(line.removeprefix("-- ") for line in comment)))
    assert found, "there are invariants to verify"
    return sorted(found, key=lambda invariant: invariant.name)


@transaction.atomic
def verify(*, progress: Callable[[str], None] | None = None) -> list[Verdict]:
    """Evaluate every invariant on one snapshot and return a verdict on each, in order. Reads only.

    Refuses: InvariantUnreadable, when one cannot be evaluated at all.
    """
    verdicts = []
    with connection.cursor() as cursor:
        if not connection.savepoint_ids:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        # A view reads its tables whole. After a stale count of rows the planner would make it a loop in a loop.
        cursor.execute("SET LOCAL enable_nestloop = off")
        for invariant in invariants():
            if progress is not None:
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
