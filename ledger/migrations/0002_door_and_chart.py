"""The chart, the door, the append-only triggers and the invariants: what the tables alone cannot promise."""

from django.db import migrations

from ledger.books.chart import rows_of
from ledger.operations import forbid_change, install, install_invariants

SAME_BOOK = """
ALTER TABLE ledger_transfer
ADD CONSTRAINT transfer_debit_account_must_be_in_its_book
FOREIGN KEY (debit_account_id, book_id) REFERENCES ledger_account (id, book_id),
ADD CONSTRAINT transfer_credit_account_must_be_in_its_book
FOREIGN KEY (credit_account_id, book_id) REFERENCES ledger_account (id, book_id)
"""

FIXED_ACCOUNT = """
CREATE TRIGGER account_must_keep_its_identity
BEFORE UPDATE OF id, book_id, type_id, code, keys, normal_side, floored, opened_at_ms ON ledger_account
FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change_v1();
CREATE TRIGGER history_must_not_change
BEFORE DELETE OR TRUNCATE ON ledger_account
FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change_v1();
"""


def put_chart(apps, schema_editor):
    alias = schema_editor.connection.alias
    models = {name: apps.get_model("ledger", name) for name in ("AccountType", "Template", "Flow")}
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
            debit_type_id=row["debit_type"],
            credit_type_id=row["credit_type"],
            same_keys=row["same_keys"].split(),
        )
        for row in rows_of("flows")
    )


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [
        install("ledger.books", "refuse_v1"),
        install("ledger.books", "refuse_change_v1"),
        migrations.RunPython(put_chart, migrations.RunPython.noop),
        migrations.RunSQL(SAME_BOOK, migrations.RunSQL.noop),
        migrations.RunSQL(FIXED_ACCOUNT, migrations.RunSQL.noop),
        *map(
            forbid_change,
            [
                "ledger_account_type",
                "ledger_book",
                "ledger_document",
                "ledger_document_chunk",
                "ledger_entry",
                "ledger_flow",
                "ledger_log_leaf",
                "ledger_log_record",
                "ledger_template",
                "ledger_transfer",
            ],
        ),
        install("ledger.books", "post_entries_v1"),
        install("ledger.log", "seal_v1"),
        install("ledger.books", "balance_view"),
        install("ledger.books", "fund_total_view"),
        *install_invariants("ledger.books"),
        *install_invariants("ledger.log"),
        *install_invariants("ledger.documents"),
    ]
