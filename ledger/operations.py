"""Migration operations for what Django's models cannot say: functions, views and append-only triggers."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from django.db.migrations.operations import RunSQL

from ledger.sql import load


def install(room: str, name: str) -> RunSQL:
    """Install a function or view from `<room>/sql/<name>.sql`. A released file is never edited."""
    return RunSQL(load(room, name), RunSQL.noop)


def install_invariants(room: str) -> list[RunSQL]:
    """Install every view of `<room>/sql/invariants/`. Each must be empty; `verify_books` runs them all."""
    package = import_module(room)
    assert package.__file__ is not None
    folder = Path(package.__file__).parent / "sql" / "invariants"
    return [install(room, f"invariants/{path.stem}") for path in sorted(folder.glob("*.sql"))]


def forbid_change(table: str) -> RunSQL:
    """Make `table` append-only for everybody, its owner included."""
    return RunSQL(
        f"CREATE TRIGGER history_must_not_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change_v1()",
        f"DROP TRIGGER history_must_not_change ON {table}",
    )


def forbid_removal(table: str) -> RunSQL:
    """Keep every row of `table` for ever; what of it may change, other triggers say."""
    return RunSQL(
        f"CREATE TRIGGER history_must_not_change BEFORE DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change_v1()",
        f"DROP TRIGGER history_must_not_change ON {table}",
    )
