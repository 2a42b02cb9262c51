"""The share rules of funds, written once each, and the identities that need them, calendars or other books."""

import django.db.models.deletion
from django.db import migrations, models

from ledger.operations import forbid_change, install, install_invariants


class Migration(migrations.Migration):
    dependencies = [("ledger", "0004_refusals")]

    operations = [
        migrations.CreateModel(
            name="Fund",
            fields=[
                ("code", models.TextField(primary_key=True, serialize=False)),
                (
                    "payments_follow",
                    models.TextField(
                        choices=[
                            ("at_once", "with every payment"),
                            ("after_clearing", "after every clearing between the levels"),
                        ]
                    ),
                ),
                ("declared_at_ms", models.BigIntegerField()),
            ],
            options={
                "db_table": "ledger_fund",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("code__regex", "^[A-Za-z0-9._:/-]{1,40}$")), name="fund_must_have_a_code"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("payments_follow__in", ["at_once", "after_clearing"])),
                        name="fund_payments_must_follow_a_known_rule",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FundShare",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("level", models.TextField()),
                (
                    "place",
                    models.PositiveIntegerField(help_text="The place at which the level was named, from 1."),
                ),
                ("weight", models.BigIntegerField()),
                (
                    "fund",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="shares", to="ledger.fund"
                    ),
                ),
            ],
            options={
                "db_table": "ledger_fund_share",
                "constraints": [
                    models.UniqueConstraint(fields=("fund", "level"), name="share_level_must_be_named_once"),
                    models.UniqueConstraint(fields=("fund", "place"), name="share_must_have_one_place"),
                    models.CheckConstraint(
                        condition=models.Q(("level__regex", "^[A-Za-z0-9._:/-]{1,40}$")),
                        name="share_level_must_have_a_code",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("weight__gte", 1), ("weight__lte", 999_999)),
                        name="share_weight_must_be_positive",
                    ),
                ],
            },
        ),
        forbid_change("ledger_fund"),
        forbid_change("ledger_fund_share"),
        install("ledger.funds", "declare_shares_v1"),
        install("ledger.funds", "split_by_shares_v1"),
        *install_invariants("ledger.funds"),
    ]
