"""The log: the door for records, their queue, sealing, the tree, and the checkpoints signed of it."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
import django.db.models.lookups
from django.db import migrations, models

from ledger.operations import forbid_change, forbid_removal, install, install_invariants

# The queue of the sealer, like that of the entries: no index, no key, written by every record and emptied whole.
WAITING = """
CREATE TABLE ledger_record_waiting (record_id bigint NOT NULL);
CREATE TRIGGER record_must_await_sealing
AFTER INSERT ON ledger_log_record REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION ledger_await_sealing_v1()
"""

DIGESTED = """
ALTER TABLE ledger_log_record
ADD CONSTRAINT record_must_be_digested_as_told CHECK (told = '' OR digest = sha256(convert_to(told, 'UTF8'))),
ADD CONSTRAINT record_must_not_pass_for_an_entry CHECK (kind <> 'entry.posted')
"""

HEADED = """
CREATE TRIGGER checkpoint_must_say_its_head
BEFORE INSERT ON ledger_log_checkpoint
FOR EACH ROW EXECUTE FUNCTION ledger_check_checkpoint_v1()
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0006_reading")]

    operations = [
        migrations.CreateModel(
            name="Submitter",
            fields=[
                ("code", models.TextField(primary_key=True, serialize=False)),
                ("last_number", models.BigIntegerField()),
            ],
            options={
                "db_table": "ledger_log_submitter",
            },
        ),
        migrations.CreateModel(
            name="Head",
            fields=[
                ("size", models.BigIntegerField(primary_key=True, serialize=False)),
                ("root", models.BinaryField(max_length=32)),
                (
                    "frontier",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BinaryField(max_length=32), size=None),
                ),
                ("sealed_at_ms", models.BigIntegerField()),
            ],
            options={
                "db_table": "ledger_log_head",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.Exact(django.db.models.functions.text.Length("root"), 32),
                            ("size__gt", 0),
                        ),
                        name="head_must_be_of_some_leaves",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Key",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "verifier_key",
                    models.TextField(help_text="name+id+key, as a signed note's verifier writes it.", unique=True),
                ),
                (
                    "reason",
                    models.TextField(
                        choices=[("first", "the first key"), ("rotated", "rotated"), ("lost", "lost or stolen")]
                    ),
                ),
                ("actor", models.TextField(help_text="Who put it in force; empty for the first.")),
                ("began_at_ms", models.BigIntegerField()),
                (
                    "replaces",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="successor",
                        to="ledger.key",
                    ),
                ),
            ],
            options={
                "db_table": "ledger_log_key",
            },
        ),
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.TextField(unique=True)),
                ("signed_at_ms", models.BigIntegerField()),
                (
                    "head",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="checkpoints", to="ledger.head"
                    ),
                ),
                (
                    "successor",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="succession",
                        to="ledger.key",
                    ),
                ),
            ],
            options={
                "db_table": "ledger_log_checkpoint",
            },
        ),
        migrations.CreateModel(
            name="Node",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("level", models.PositiveSmallIntegerField(help_text="8, 16, …: the subtree has 2^level leaves.")),
                ("index", models.BigIntegerField()),
                ("node_hash", models.BinaryField(max_length=32)),
            ],
            options={
                "db_table": "ledger_log_node",
                "constraints": [
                    models.UniqueConstraint(fields=("level", "index"), name="node_must_stand_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.Exact(django.db.models.functions.text.Length("node_hash"), 32),
                            ("level__in", [8, 16, 24, 32, 40, 48, 56]),
                        ),
                        name="node_must_be_of_a_kept_level",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Signature",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.TextField()),
                ("key_id", models.BinaryField(max_length=4)),
                ("blob", models.BinaryField(max_length=72)),
                ("witness", models.BooleanField()),
                ("recorded_at_ms", models.BigIntegerField()),
                (
                    "checkpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="signatures", to="ledger.checkpoint"
                    ),
                ),
            ],
            options={
                "db_table": "ledger_log_signature",
            },
        ),
        migrations.AddConstraint(
            model_name="key",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("reason", "first"), ("replaces__isnull", True)),
                    models.Q(
                        ("reason__in", ["rotated", "lost"]),
                        ("replaces__isnull", False),
                        models.Q(("actor", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="key_must_replace_one_or_be_the_first",
            ),
        ),
        migrations.AddConstraint(
            model_name="key",
            constraint=models.UniqueConstraint(
                condition=models.Q(("reason", "first")), fields=("reason",), name="key_must_have_one_beginning"
            ),
        ),
        migrations.AddConstraint(
            model_name="signature",
            constraint=models.UniqueConstraint(
                fields=("checkpoint", "name", "key_id"), name="checkpoint_must_be_signed_once_by_a_key"
            ),
        ),
        migrations.AddConstraint(
            model_name="signature",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    django.db.models.lookups.Exact(django.db.models.functions.text.Length("key_id"), 4),
                    models.Q(
                        models.Q(
                            django.db.models.lookups.Exact(django.db.models.functions.text.Length("blob"), 64),
                            ("witness", False),
                        ),
                        models.Q(
                            django.db.models.lookups.Exact(django.db.models.functions.text.Length("blob"), 72),
                            ("witness", True),
                        ),
                        _connector="OR",
                    ),
                ),
                name="signature_must_have_its_length",
            ),
        ),
        install("ledger.log", "record_v1"),
        install("ledger.log", "await_sealing_v1"),
        migrations.RunSQL(WAITING, migrations.RunSQL.noop),
        migrations.RunSQL(DIGESTED, migrations.RunSQL.noop),
        install("ledger.log", "record_content_view"),
        install("ledger.books", "account_act_content_view"),
        install("ledger.books", "period_close_content_view"),
        install("ledger.funds", "fund_content_view"),
        install("ledger.books", "entry_contents_v1"),
        install("ledger.log", "leaf_hash_v1"),
        install("ledger.log", "open_leaf_view"),
        install("ledger.log", "grow_tree_v1"),
        install("ledger.log", "seal_v1"),
        install("ledger.log", "check_checkpoint_v1"),
        migrations.RunSQL(HEADED, migrations.RunSQL.noop),
        forbid_removal("ledger_log_submitter"),
        *map(
            forbid_change,
            [
                "ledger_log_checkpoint",
                "ledger_log_head",
                "ledger_log_key",
                "ledger_log_leaf",
                "ledger_log_node",
                "ledger_log_record",
                "ledger_log_signature",
            ],
        ),
        *install_invariants("ledger.log"),
    ]
