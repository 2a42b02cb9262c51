"""Requests to write that were refused, kept for ever; and the invariant that holds them against their records."""

from django.db import migrations, models

from ledger.operations import forbid_change, install_invariants

BOUNDS = """
ALTER TABLE ledger_refusal
ADD CONSTRAINT refusal_must_be_small CHECK (
    octet_length(actor) <= 100
    AND octet_length(act) <= 400
    AND octet_length(about::text) <= 12000
    AND octet_length(fields::text) <= 12000
),
ADD CONSTRAINT refusal_members_must_be_named CHECK (
    jsonb_typeof(about) = 'object' AND jsonb_typeof(fields) = 'object'
),
ADD CONSTRAINT refusal_digest_must_be_sha256 CHECK (octet_length(inputs_digest) = 32)
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_door_and_chart")]

    operations = [
        migrations.CreateModel(
            name="RefusedAct",
            fields=[
                ("id", models.TextField(primary_key=True, serialize=False)),
                ("actor", models.TextField(help_text="Who asked: a login or an opaque code; empty for a stranger.")),
                (
                    "act",
                    models.TextField(help_text="What was asked for: method and address, command, or templates posted."),
                ),
                ("about", models.JSONField(help_text="What it was about, by codes.")),
                ("code", models.TextField(help_text="Why it was refused.")),
                ("fields", models.JSONField(help_text="The refusal's own fields, cut to a bounded length.")),
                ("inputs_digest", models.BinaryField(max_length=32, null=True)),
                ("asked_at_ms", models.BigIntegerField()),
            ],
            options={
                "db_table": "ledger_refusal",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id__regex", "^req_[0-9A-Z]{26}$")), name="refusal_must_have_its_id"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("act__regex", "^."), ("code__regex", "^[a-z0-9_]{1,100}$")),
                        name="refusal_must_say_what_and_why",
                    ),
                ],
                "indexes": [
                    models.Index(fields=["asked_at_ms"], name="refusal_by_time"),
                    models.Index(fields=["actor", "asked_at_ms"], name="refusal_by_actor"),
                ],
            },
        ),
        migrations.RunSQL(BOUNDS, migrations.RunSQL.noop),
        forbid_change("ledger_refusal"),
        *install_invariants("ledger.refusals"),
    ]
