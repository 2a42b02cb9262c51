"""The runtime role writes the books through the door and in no other way; history is closed to everybody."""

import pytest
from bookkeeping import HAPPENED_MS, entry, post, voucher, written
from django.apps import apps
from django.db import DatabaseError, connection, connections, transaction
from psycopg import sql
from psycopg.errors import CheckViolation, InsufficientPrivilege

from config.shell.management.commands.setup_database import DOORS
from ledger import privileges
from ledger.books import errors

pytestmark = [pytest.mark.database, pytest.mark.django_db(databases=["default", "owner"])]


def tables(allowed: tuple[str, ...]) -> list[str]:
    return sorted(model._meta.db_table for model in apps.get_models() if getattr(model, "privileges", None) == allowed)


READ, APPEND, KEEP = tables(privileges.READ), tables(privileges.APPEND), tables(privileges.KEEP)
STATEMENTS = {
    "INSERT": "INSERT INTO {} DEFAULT VALUES",
    "UPDATE": "UPDATE {} SET {} = {}",
    "DELETE": "DELETE FROM {}",
    "TRUNCATE": "TRUNCATE {} CASCADE",
}


def attempt(act: str, table: str, using: str = "default") -> BaseException | None:
    """Try to write a table and return what the database said."""
    model = next(model for model in apps.get_models() if model._meta.db_table == table)
    column = sql.Identifier(model._meta.pk.column)
    parts = [sql.Identifier(table), column, column][: STATEMENTS[act].count("{}")]
    return said(sql.SQL(STATEMENTS[act]).format(*parts), using)


def said(statement, using: str = "default") -> BaseException | None:
    try:
        with transaction.atomic(using=using), connections[using].cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError as error:
        return error.__cause__
    return None


def test_the_books_are_among_the_tables_that_only_doors_write():
    assert {"ledger_account", "ledger_book", "ledger_entry", "ledger_flow", "ledger_transfer"} <= set(READ)
    assert {"ledger_fund", "ledger_fund_share"} <= set(READ)
    assert {f"ledger_log_{name}" for name in ("head", "leaf", "node", "record", "submitter")} <= set(READ)
    assert {"ledger_document", "ledger_document_chunk"} <= set(APPEND)
    assert {f"ledger_log_{name}" for name in ("checkpoint", "key", "signature")} <= set(APPEND)


@pytest.mark.parametrize("table", READ)
@pytest.mark.parametrize("act", STATEMENTS)
def test_the_runtime_role_cannot_write_a_table_of_the_books(act, table):
    assert isinstance(attempt(act, table), InsufficientPrivilege)


@pytest.mark.parametrize("table", APPEND)
@pytest.mark.parametrize("act", ["UPDATE", "DELETE", "TRUNCATE"])
def test_the_runtime_role_cannot_change_what_it_may_append_to(act, table):
    assert isinstance(attempt(act, table), InsufficientPrivilege)


@pytest.mark.parametrize("table", KEEP)
@pytest.mark.parametrize("act", ["DELETE", "TRUNCATE"])
def test_the_runtime_role_cannot_remove_what_it_keeps(act, table):
    assert isinstance(attempt(act, table), InsufficientPrivilege)


@pytest.mark.parametrize("table", ["ledger_entry_waiting", "ledger_record_waiting"])
@pytest.mark.parametrize(
    "statement", ["INSERT INTO {} VALUES (1)", "UPDATE {} SET {} = 1", "DELETE FROM {}", "TRUNCATE {}"]
)
def test_the_runtime_role_cannot_touch_what_waits_for_the_sealer(statement, table):
    column = table.removeprefix("ledger_").replace("waiting", "id")
    parts = map(sql.Identifier, [table, column][: statement.count("{}")])

    assert isinstance(said(sql.SQL(statement).format(*parts)), InsufficientPrivilege)


#: An account's totals grow, a book's period is closed, a movement is added to, a submitter's records are counted; the
#: rest of each is fixed, see below.
CHANGEABLE = {"ledger_account", "ledger_book", "ledger_movement", "ledger_log_submitter"}


@pytest.mark.parametrize("table", sorted({*READ, *APPEND} - CHANGEABLE))
@pytest.mark.parametrize("act", ["UPDATE", "DELETE", "TRUNCATE"])
def test_history_refuses_to_be_changed_even_by_its_owner(act, table):
    refused = attempt(act, table, using="owner")

    assert isinstance(refused, CheckViolation)
    assert refused.diag.constraint_name == errors.HistoryChanged.code


@pytest.mark.parametrize("table", sorted(CHANGEABLE))
@pytest.mark.parametrize("act", ["DELETE", "TRUNCATE"])
def test_accounts_and_books_are_never_removed(act, table):
    refused = attempt(act, table, using="owner")

    assert isinstance(refused, CheckViolation)
    assert refused.diag.constraint_name == errors.HistoryChanged.code


@pytest.mark.parametrize(
    "column", ["id", "book_id", "type_id", "code", "keys", "normal_side", "floor_sign", "opened_at_ms"]
)
def test_an_account_keeps_its_identity(column):
    name = sql.Identifier(column)

    refused = said(sql.SQL("UPDATE ledger_account SET {} = {}").format(name, name), using="owner")

    assert refused.diag.constraint_name == errors.HistoryChanged.code


@pytest.mark.parametrize("column", ["id", "kind", "owner", "asset"])
def test_a_book_keeps_its_identity(column):
    name = sql.Identifier(column)

    refused = said(sql.SQL("UPDATE ledger_book SET {} = {}").format(name, name), using="owner")

    assert refused.diag.constraint_name == errors.HistoryChanged.code


def test_every_append_only_table_has_the_trigger_enabled_for_update_delete_and_truncate():
    with connection.cursor() as cursor:
        # 32 truncate, 16 update, 8 delete, 2 before; a statement trigger has no 1.
        cursor.execute(
            "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'history_must_not_change'"
            " AND tgfoid = 'ledger_refuse_change_v1'::regproc AND tgenabled = 'O' AND tgtype = 32 + 16 + 8 + 2"
            " AND tgqual IS NULL"
        )
        guarded = {table for (table,) in cursor.fetchall()}

    assert {*READ, *APPEND} - CHANGEABLE <= guarded


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE public.mine (n int)",
        "CREATE VIEW public.mine AS SELECT 1",
        "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE SCHEMA mine",
        "ALTER TABLE ledger_entry DISABLE TRIGGER history_must_not_change",
        "DROP TRIGGER history_must_not_change ON ledger_entry",
        "ALTER FUNCTION ledger_post_entries_v1 RESET search_path",
        "ALTER FUNCTION ledger_post_entries_v1 SECURITY INVOKER",
        "DROP FUNCTION ledger_post_entries_v1",
        "DROP VIEW invariant_entries_are_whole",
        "CREATE OR REPLACE VIEW invariant_entries_are_whole AS SELECT ''::text AS subject, ''::text AS fact",
        "SELECT setval('ledger_entry_id_seq', 1)",
        "SELECT nextval('ledger_transfer_id_seq')",
        "SELECT nextval('ledger_log_record_id_seq')",
        "SELECT ledger_grow_tree_v1(0, '{}', ARRAY[sha256('')], 1)",
        "SELECT ledger_seal_entries_v1(1)",
        "DROP TRIGGER record_must_await_sealing ON ledger_log_record",
        "ALTER TABLE ledger_log_record DISABLE TRIGGER record_must_await_sealing",
        "SET session_replication_role = 'replica'",
        "COPY ledger_transfer FROM PROGRAM 'true'",
        "LOCK TABLE ledger_account IN ACCESS EXCLUSIVE MODE",
    ],
)
def test_the_runtime_role_cannot_rebuild_the_house(statement):
    assert isinstance(said(statement), InsufficientPrivilege)


def test_the_runtime_role_cannot_become_the_owner():
    owner = connections["owner"].get_connection_params()["user"]

    assert isinstance(said(sql.SQL("SET ROLE {}").format(sql.Identifier(owner))), InsufficientPrivilege)


def test_only_the_doors_run_as_their_owner_and_each_fixes_its_search_path():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname, has_function_privilege(oid, 'EXECUTE'), proconfig, array_to_string(proacl, ' ')"
            " FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef ORDER BY proname"
        )
        doors = cursor.fetchall()

    assert [name for name, *_ in doors] == sorted(DOORS)
    for _, may_execute, settings, granted in doors:
        assert may_execute
        assert "search_path=pg_catalog, public, pg_temp" in settings
        assert not any(grant.startswith("=") for grant in granted.split()), "nobody else may knock"


def test_the_helper_that_refuses_can_only_refuse():
    refused = said("SELECT ledger_refuse_v1('entry_must_have_rows', '{}')")

    assert isinstance(refused, CheckViolation)


def test_tables_and_functions_of_a_session_do_not_stand_before_those_of_the_books():
    post(voucher("V1", 100))
    before = written()
    with connection.cursor() as cursor:
        for table in ("ledger_template", "ledger_flow", "ledger_account_type", "ledger_book", "ledger_account"):
            cursor.execute(f"CREATE TEMPORARY TABLE {table} (LIKE public.{table}) ON COMMIT DROP")
        cursor.execute("INSERT INTO pg_temp.ledger_template VALUES ('STEAL', 1, 'always')")
        cursor.execute(
            "INSERT INTO pg_temp.ledger_flow (id, template_id, template_version, debit_type_id, credit_type_id,"
            " same_keys, debit_positions, credit_positions)"
            " VALUES (1, 'STEAL', 1, 'B.Authority', 'B.Available', '{}', '{}', '{}')"
        )
        cursor.execute(
            "CREATE FUNCTION pg_temp.ledger_refuse_v1(code text, fields jsonb) RETURNS void"
            " LANGUAGE plpgsql AS 'BEGIN END'"
        )
        cursor.execute("CREATE FUNCTION pg_temp.left(text, int) RETURNS text LANGUAGE sql AS $$ SELECT 'M'::text $$")
        cursor.execute("SET LOCAL search_path = pg_temp, public, pg_catalog")

    with pytest.raises(errors.TemplateUnknown):
        post([entry("STEAL", ("B.Authority[T26,city,2026]", "B.Available[T26,V1]", 1))])
    with pytest.raises(errors.AccountPassesItsFloor):
        post([entry("HOLD", ("B.Available[T26,V1]", "B.Held[T26,V1,O1]", 101))])

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL search_path = public")
        cursor.execute("DROP TABLE " + ", ".join(
            f"pg_temp.{table}"
            for table in ("ledger_template", "ledger_flow", "ledger_account_type", "ledger_book", "ledger_account")
        ))  # fmt: skip
    assert written() == before


def test_the_role_of_the_door_is_not_left_with_the_caller():
    post(voucher("V1", 100))

    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user = session_user, %s::bigint", [HAPPENED_MS])
        assert cursor.fetchone()[0]
    assert isinstance(attempt("DELETE", "ledger_entry"), InsufficientPrivilege)
