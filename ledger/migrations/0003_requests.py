"""Requests that were answered under an Idempotency-Key; no key is ever used for a second act."""

from django.db import migrations, models

from ledger.operations import forbid_change


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_door_and_chart")]

    operations = [
        migrations.CreateModel(
            name="Request",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("actor", models.TextField(help_text="The sender's login.")),
                ("key", models.TextField()),
                ("inputs_digest", models.BinaryField(max_length=32)),
                ("status", models.PositiveSmallIntegerField()),
                ("answer", models.TextField()),
                ("recorded_at_ms", models.BigIntegerField()),
            ],
            options={
                "db_table": "ledger_request",
                "constraints": [
                    models.UniqueConstraint(fields=("actor", "key"), name="request_key_must_be_used_once"),
                    models.CheckConstraint(
                        condition=models.Q(("key__regex", "^[!-~]{1,200}$")), name="request_key_must_be_visible"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__gte", 200), ("status__lt", 300)),
                        name="request_must_have_been_answered",
                    ),
                ],
            },
        ),
        forbid_change("ledger_request"),
    ]
