"""Records waiting to be sealed, the leaves and heads of the tree, and the checkpoints signed of it. All append-only."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.db.models.lookups import Exact

from ledger import privileges


class Submitter(models.Model):
    """Who hands in records, by an opaque code, and how many so far. The door counts; nobody else writes."""

    privileges = privileges.READ

    code = models.TextField(primary_key=True)
    last_number = models.BigIntegerField()

    class Meta:
        db_table = "ledger_log_submitter"

    def __str__(self) -> str:
        return self.code


class Record(models.Model):
    """The digest of something that happened; written once, in the transaction of the act.

    That the digest is of what is `told`, where anything is, the migration adds.

    Of what somebody handed in, `submitter` is their opaque code and `number` the record's among theirs, from 1 without
    a gap: who holds the receipts of numbers 6 and 8 can prove that there was a 7. What the house did has neither.
    """

    privileges = privileges.READ

    kind = models.TextField(help_text="What happened, past tense: usage_file.received, run.finished.")
    subject = models.TextField(help_text="The id of what it happened to.")
    digest = models.BinaryField(max_length=32)
    told = models.TextField(
        blank=True,
        default="",
        db_default="",
        help_text="What is told of it, as canonical JSON of which the digest is; empty where the digest is of a file.",
    )
    submitter = models.TextField(blank=True, default="", db_default="")
    number = models.BigIntegerField(default=0, db_default=0)
    recorded_at_ms = models.BigIntegerField()

    class Meta:
        db_table = "ledger_log_record"
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject"], name="record_must_be_written_once"),
            models.UniqueConstraint(
                fields=["submitter", "number"], condition=~Q(submitter=""), name="record_number_must_be_given_once"
            ),
            models.CheckConstraint(
                condition=Q(submitter="", number=0) | (~Q(submitter="") & Q(number__gt=0)),
                name="record_must_be_numbered_exactly_when_submitted",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class Leaf(models.Model):
    """What stands at a position of the log: a record or a journal entry, its salt, and its hash in the tree.

    `suite` says by which functions it is hashed: 1 is SHA-256, in a tree whose heads are signed with Ed25519.
    """

    privileges = privileges.READ

    position = models.BigIntegerField(primary_key=True)
    record = models.OneToOneField(Record, models.PROTECT, null=True, related_name="leaf", db_constraint=False)
    entry_id = models.BigIntegerField(null=True, help_text="The journal entry; the log knows nothing of the books.")
    suite = models.PositiveSmallIntegerField(default=1, db_default=1)
    salt = models.BinaryField(max_length=16)
    leaf_hash = models.BinaryField(max_length=32)

    class Meta:
        db_table = "ledger_log_leaf"
        constraints = [
            models.CheckConstraint(condition=Q(position__gt=0), name="leaf_position_must_be_positive"),
            models.UniqueConstraint(fields=["entry_id"], name="entry_must_be_sealed_once"),
            models.CheckConstraint(
                condition=Q(record__isnull=False, entry_id__isnull=True)
                | Q(record__isnull=True, entry_id__isnull=False),
                name="leaf_must_hold_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(Exact(Length("salt"), 16), Exact(Length("leaf_hash"), 32), suite=1),
                name="leaf_must_be_of_a_known_suite",
            ),
        ]

    def __str__(self) -> str:
        return str(self.position)


class Node(models.Model):
    """The root of a complete subtree of 256, 256², … leaves: `index` counts those of its level from 0.

    Kept so that a proof reads some hundred hashes whatever the size of the tree; all others are made when asked for.
    """

    privileges = privileges.READ

    level = models.PositiveSmallIntegerField(help_text="8, 16, …: the subtree has 2^level leaves.")
    index = models.BigIntegerField()
    node_hash = models.BinaryField(max_length=32)

    class Meta:
        db_table = "ledger_log_node"
        constraints = [
            models.UniqueConstraint(fields=["level", "index"], name="node_must_stand_once"),
            models.CheckConstraint(
                condition=Q(Exact(Length("node_hash"), 32), level__in=[8, 16, 24, 32, 40, 48, 56]),
                name="node_must_be_of_a_kept_level",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.level}/{self.index}"


class Head(models.Model):
    """The tree as one sealing left it: its size, its root, and the frontier from which it grows.

    `frontier` holds the roots of the largest complete subtrees from left to right, the largest first.
    """

    privileges = privileges.READ

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField(max_length=32)
    frontier = ArrayField(models.BinaryField(max_length=32))
    sealed_at_ms = models.BigIntegerField()

    class Meta:
        db_table = "ledger_log_head"
        constraints = [
            models.CheckConstraint(
                condition=Q(Exact(Length("root"), 32), size__gt=0), name="head_must_be_of_some_leaves"
            )
        ]

    def __str__(self) -> str:
        return str(self.size)


class Key(models.Model):
    """A key that signs this log's checkpoints, public half only. The newest is the one in force.

    `replaces` is the key before it, and `reason` why that one ended; the first key has neither. The checkpoint that
    says so to outsiders is the succession: see `ledger.log.checkpoints`.
    """

    privileges = privileges.APPEND

    class Reason(models.TextChoices):
        """Why the key before it ended."""

        FIRST = "first", "the first key"
        ROTATED = "rotated", "rotated"
        LOST = "lost", "lost or stolen"

    verifier_key = models.TextField(unique=True, help_text="name+id+key, as a signed note's verifier writes it.")
    replaces = models.OneToOneField("self", models.PROTECT, null=True, related_name="successor")
    reason = models.TextField(choices=Reason.choices)
    actor = models.TextField(help_text="Who put it in force; empty for the first.")
    began_at_ms = models.BigIntegerField()

    class Meta:
        db_table = "ledger_log_key"
        constraints = [
            models.CheckConstraint(
                condition=Q(reason="first", replaces__isnull=True)
                | (Q(reason__in=["rotated", "lost"], replaces__isnull=False) & ~Q(actor="")),
                name="key_must_replace_one_or_be_the_first",
            ),
            models.UniqueConstraint(fields=["reason"], condition=Q(reason="first"), name="key_must_have_one_beginning"),
        ]

    def __str__(self) -> str:
        return self.verifier_key


class Checkpoint(models.Model):
    """A head as it was signed: the text of the note, its first three lines origin, size and root.

    A trigger holds the text to the head. `successor` is the key that the checkpoint announces, if it does.
    """

    privileges = privileges.APPEND

    head = models.ForeignKey(Head, models.PROTECT, related_name="checkpoints")
    text = models.TextField(unique=True)
    successor = models.OneToOneField(Key, models.PROTECT, null=True, related_name="succession")
    signed_at_ms = models.BigIntegerField()

    class Meta:
        db_table = "ledger_log_checkpoint"

    def __str__(self) -> str:
        return f"{self.head_id}"


class Signature(models.Model):
    """A signature under a checkpoint: the log's own, or a witness's cosignature. Verified before it is written."""

    privileges = privileges.APPEND

    checkpoint = models.ForeignKey(Checkpoint, models.PROTECT, related_name="signatures")
    name = models.TextField()
    key_id = models.BinaryField(max_length=4)
    blob = models.BinaryField(max_length=72)
    witness = models.BooleanField()
    recorded_at_ms = models.BigIntegerField()

    class Meta:
        db_table = "ledger_log_signature"
        constraints = [
            models.UniqueConstraint(
                fields=["checkpoint", "name", "key_id"], name="checkpoint_must_be_signed_once_by_a_key"
            ),
            models.CheckConstraint(
                condition=Q(Exact(Length("key_id"), 4))
                & (Q(Exact(Length("blob"), 64), witness=False) | Q(Exact(Length("blob"), 72), witness=True)),
                name="signature_must_have_its_length",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.checkpoint_id}"
