"""Create or update the tables as the owner, and grant the runtime role exactly what it needs. Run it after each update.

Repeats: changes nothing. This is the one command of an installation that uses `DATABASE_OWNER_URL`.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections, transaction
from django.db.migrations.exceptions import InconsistentMigrationHistory
from psycopg import sql

from ledger import privileges

#: What Django's own tables need: sessions end, the rest stays.
DJANGO_TABLES = {
    "django_session": ("SELECT", "INSERT", "UPDATE", "DELETE"),
    "django_content_type": privileges.APPEND,
    "django_admin_log": privileges.APPEND,
    "django_migrations": privileges.READ,
    "auth_permission": privileges.APPEND,
    "auth_group": privileges.READ,
    "auth_group_permissions": privileges.READ,
}
#: The doors: functions that write on behalf of the runtime role.
DOORS = (
    "ledger_declare_shares_v1",
    "ledger_post_entries_v1",
    "ledger_act_on_account_v1",
    "ledger_close_period_v1",
    "ledger_record_v1",
    "ledger_seal_v1",
)


class Command(BaseCommand):
    help = "Create or update the tables and grant the runtime role exactly what it needs."

    def handle(self, **options: Any) -> None:
        if "owner" not in settings.DATABASES:
            raise CommandError("Set DATABASE_OWNER_URL to a role that owns the database, for this command only.")
        quieter = max(0, options["verbosity"] - 1)
        try:
            call_command("migrate", database="owner", interactive=False, verbosity=quieter)
        except InconsistentMigrationHistory as error:
            raise CommandError(
                "This database is of an earlier, unreleased version, whose tables are not converted. Drop it and "
                "create it anew; of the embedded cluster, run `make stop` and delete the folder that "
                "`python -m config.database status` shows."
            ) from error
        grant_privileges(runtime_role=connections["default"].get_connection_params()["user"])
        if options["verbosity"]:
            self.stdout.write("The database is up to date.")


def grant_privileges(*, runtime_role: str) -> None:
    """Make the runtime role's privileges on every table and door exactly those that are declared."""
    tables = {model._meta.db_table: model.privileges for model in apps.get_models() if hasattr(model, "privileges")}
    tables |= DJANGO_TABLES
    role = sql.Identifier(runtime_role)
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute(sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}").format(role))
        cursor.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(role))
        for table, allowed in tables.items():
            cursor.execute(
                sql.SQL("GRANT {} ON {} TO {}").format(
                    sql.SQL(", ").join(map(sql.SQL, allowed)), sql.Identifier(table), role
                )
            )
        cursor.execute("SELECT viewname FROM pg_views WHERE schemaname = 'public'")
        for (view,) in cursor.fetchall():
            cursor.execute(sql.SQL("GRANT SELECT ON {} TO {}").format(sql.Identifier(view), role))
        for door in DOORS:
            cursor.execute(sql.SQL("REVOKE ALL ON FUNCTION {} FROM PUBLIC").format(sql.SQL(door)))
            cursor.execute(sql.SQL("GRANT EXECUTE ON FUNCTION {} TO {}").format(sql.SQL(door), role))
