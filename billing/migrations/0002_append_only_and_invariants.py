"""What was reported, found, allowed and approved is never edited, and must add up."""

from django.db import migrations

from ledger.operations import forbid_change, install_invariants


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial"), ("ledger", "0003_door_and_chart")]

    operations = [
        *(
            forbid_change(f"billing_{table}")
            for table in (
                "adjudication",
                "adjustment",
                "answer",
                "approval",
                "finding",
                "link",
                "part",
                "returnedline",
                "run",
                "statement",
                "statementline",
                "usagefact",
                "usagefile",
                "usagequantity",
            )
        ),
        *install_invariants("billing.metering"),
        *install_invariants("billing.reconciliation"),
        *install_invariants("billing.settlement"),
    ]
