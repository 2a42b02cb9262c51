"""The chart, the door, the append-only triggers and the invariants: what the tables alone cannot promise."""

from django.db import migrations

from ledger.books.chart import rows_of
from ledger.operations import forbid_change, forbid_removal, install, install_invariants

WHAT_IS_THERE = """
CREATE TRIGGER transfer_must_name_what_is_there
AFTER INSERT ON ledger_transfer REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION ledger_check_transfers_v1()
"""

# Room on each page for the next version of a row, because only the totals of an account, or of its day, change.
HOT_ACCOUNT = "ALTER TABLE ledger_account SET (fillfactor = 50); ALTER TABLE ledger_movement SET (fillfactor = 70)"

# The queue of the sealer. No index, no key: it is written by every posting and emptied whole.
WAITING = "CREATE TABLE ledger_entry_waiting (entry_id bigint NOT NULL)"

FIXED_IDENTITIES = """
CREATE TRIGGER account_must_keep_its_identity
BEFORE UPDATE OF id, book_id, type_id, code, keys, normal_side, floor_sign, opened_at_ms ON ledger_account
FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change_v1();
CREATE TRIGGER account_must_be_empty_to_be_closed
BEFORE UPDATE OF closed_at_ms ON ledger_account
FOR EACH ROW WHEN (new.closed_at_ms IS NOT NULL AND new.debits_total <> new.credits_total)
EXECUTE FUNCTION ledger_refuse_change_v1('account_must_be_empty_to_be_closed');
CREATE TRIGGER book_must_keep_its_identity
BEFORE UPDATE OF id, kind, owner, asset ON ledger_book
FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change_v1();
"""


def put_chart(apps, schema_editor):
    alias = schema_editor.connection.alias
    models = {name: apps.get_model("ledger", name) for name in ("AccountType", "Template", "Flow")}
    keys = {row["code"]: row["keys"].split() for row in rows_of("account_types")}
    models["AccountType"].objects.using(alias).bulk_create(
        models["AccountType"](
            code=row["code"],
            normal_side=row["normal_side"],
            floored=row["floored"] == "yes",
            keys=row["keys"].split(),
            cleared_when=row["cleared_when"],
            meaning=row["meaning"],
        )
        for row in rows_of("account_types")
    )
    models["Template"].objects.using(alias).bulk_create(
        models["Template"](code=row["code"], version=1, posted_when=row["when"]) for row in rows_of("templates")
    )
    models["Flow"].objects.using(alias).bulk_create(
        models["Flow"](
            template_id=row["template"],
            template_version=1,
            debit_type_id=row["debit_type"],
            credit_type_id=row["credit_type"],
            same_keys=(same := row["same_keys"].split()),
            debit_positions=[keys[row["debit_type"]].index(key) + 1 for key in same],
            credit_positions=[keys[row["credit_type"]].index(key) + 1 for key in same],
        )
        for row in rows_of("flows")
    )


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_tables")]

    operations = [
        install("ledger.books", "refuse_v1"),
        install("ledger.books", "refuse_change_v1"),
        migrations.RunPython(put_chart, migrations.RunPython.noop),
        install("ledger.books", "check_transfers_v1"),
        migrations.RunSQL(WHAT_IS_THERE, migrations.RunSQL.noop),
        migrations.RunSQL(FIXED_IDENTITIES, migrations.RunSQL.noop),
        migrations.RunSQL(HOT_ACCOUNT, migrations.RunSQL.noop),
        migrations.RunSQL(WAITING, migrations.RunSQL.noop),
        *map(forbid_removal, ["ledger_account", "ledger_book", "ledger_movement"]),
        *map(
            forbid_change,
            [
                "ledger_account_act",
                "ledger_account_type",
                "ledger_document",
                "ledger_document_chunk",
                "ledger_entry",
                "ledger_entry_number",
                "ledger_flow",
                "ledger_period_close",
                "ledger_request",
                "ledger_template",
                "ledger_transfer",
            ],
        ),
        install("ledger.books", "accounting_day_v1"),
        install("ledger.books", "entry_digest_v1"),
        install("ledger.books", "read_account_code_v1"),
        install("ledger.books", "refuse_batch_v1"),
        install("ledger.books", "refuse_accounts_v1"),
        install("ledger.books", "refuse_late_v1"),
        install("ledger.books", "refuse_reversals_v1"),
        install("ledger.books", "mirror_entries_v1"),
        install("ledger.books", "new_entries_v1"),
        install("ledger.books", "open_accounts_v1"),
        install("ledger.books", "keys_agree_v1"),
        install("ledger.books", "post_transfer_v1"),
        install("ledger.books", "post_entries_v1"),
        install("ledger.books", "act_on_account_v1"),
        install("ledger.books", "close_period_v1"),
        install("ledger.books", "leg_view"),
        install("ledger.books", "seal_entries_v1"),
        install("ledger.books", "balance_view"),
        install("ledger.books", "fund_total_view"),
        *install_invariants("ledger.books"),
        *install_invariants("ledger.documents"),
    ]
