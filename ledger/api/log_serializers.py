"""The log in JSON: checkpoints, what was handed in, receipts and proofs."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from ledger.api.fields import InstantField
from ledger.log.models import Checkpoint, Record
from ledger.log.selectors import note_of

NOTE = "A C2SP signed note, byte for byte as outsiders keep it: origin, size, root, and the signatures."


class LogSerializer(serializers.Serializer[Any]):
    """The log as a whole, and whom it knows."""

    origin = serializers.CharField()
    size = serializers.IntegerField(help_text="How many positions are sealed.")
    keys = serializers.ListField(child=serializers.CharField(), help_text="Verifier keys, oldest first.")
    successions = serializers.ListField(child=serializers.CharField(), help_text=NOTE)
    witnesses = serializers.ListField(child=serializers.CharField())
    witnesses_required = serializers.IntegerField()


class CheckpointSerializer(serializers.ModelSerializer[Checkpoint]):
    """A checkpoint and who signed it."""

    size = serializers.IntegerField(source="head_id")
    root_hash = serializers.SerializerMethodField(help_text="The root of the tree of this size, in hexadecimal.")
    signed_at = InstantField(source="signed_at_ms")
    cosigned_by = serializers.SerializerMethodField(help_text="The witnesses who cosigned it, by name.")
    successor = serializers.CharField(
        source="successor.verifier_key",
        default=None,
        help_text="The key that it puts in force, if it does.",
    )
    note = serializers.SerializerMethodField(help_text=NOTE)

    class Meta:
        model = Checkpoint
        fields = ["size", "root_hash", "signed_at", "cosigned_by", "successor", "note"]

    def get_root_hash(self, row: Checkpoint) -> str:
        """Return the root."""
        return bytes(row.head.root).hex()

    def get_cosigned_by(self, row: Checkpoint) -> list[str]:
        """Return the names of the witnesses, in order."""
        return sorted({each.name for each in row.signatures.all() if each.witness})

    def get_note(self, row: Checkpoint) -> str:
        """Return the note."""
        return note_of(row)


class RecordSerializer(serializers.ModelSerializer[Record]):
    """What was handed in or done, and where it stands in the log."""

    position = serializers.IntegerField()
    digest = serializers.SerializerMethodField(help_text="SHA-256, in hexadecimal.")
    recorded_at = InstantField(source="recorded_at_ms")

    class Meta:
        model = Record
        fields = ["position", "kind", "subject", "submitter", "number", "digest", "recorded_at"]

    def get_digest(self, row: Record) -> str:
        """Return the digest."""
        return bytes(row.digest).hex()


class LogReceiptSerializer(serializers.Serializer[Any]):
    """A receipt: what stands at a position, and the proof of it (`docs/verifying.md`)."""

    format = serializers.CharField()
    suite = serializers.CharField()
    kind = serializers.CharField()
    content = serializers.DictField(help_text="What the leaf commits to.")
    salt = serializers.CharField(help_text="16 bytes, in hexadecimal.")
    position = serializers.IntegerField()
    proof = serializers.ListField(child=serializers.CharField(), help_text="Hashes, from the leaf up.")
    checkpoint = serializers.CharField(help_text=NOTE)
    succession = serializers.ListField(child=serializers.CharField(), help_text="Successions of keys, oldest first.")


class ConsistencySerializer(serializers.Serializer[Any]):
    """A proof that a checkpoint continues the log of an older size (`docs/verifying.md`)."""

    format = serializers.CharField()
    first_size = serializers.IntegerField()
    second_size = serializers.IntegerField()
    proof = serializers.ListField(child=serializers.CharField())
    checkpoint = serializers.CharField(help_text=NOTE)


class ConsistencyQuestion(serializers.Serializer[Any]):
    """From which size on."""

    since = serializers.IntegerField(min_value=1, max_value=2**53, help_text="The size of an older checkpoint.")


class ReceiptQuestion(serializers.Serializer[Any]):
    """On which checkpoint."""

    size = serializers.IntegerField(
        min_value=1, max_value=2**53, required=False, default=None,
        help_text="The size of the checkpoint that it is to rest on; when left out, the newest that is witnessed.",
    )  # fmt: skip


class CosignatureSerializer(serializers.Serializer[Any]):
    """A witness's cosignature."""

    signature = serializers.CharField(
        max_length=1_000, help_text="The line that `verifier.py cosign` prints: an em dash, the name, the signature."
    )


class CosignedSerializer(serializers.Serializer[Any]):
    """That a cosignature is kept."""

    size = serializers.IntegerField()
    witness = serializers.CharField()
