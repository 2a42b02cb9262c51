"""What is refused of the log's keys, checkpoints and proofs, one fact each."""

from __future__ import annotations

from ledger.errors import Refusal


class LogEmpty(Refusal):
    """Nothing was sealed yet, so there is nothing to sign or to prove."""

    code = "log_is_empty"
    message = "Nothing was sealed in the log yet."
    remedy = "Do the first act; whatever commits is sealed within a second while a worker runs."
    http_status = 404


class SigningKeyMissing(Refusal):
    """There is no key to sign checkpoints with."""

    code = "signing_key_is_missing"
    message = "There is no signing key at {file}."
    remedy = (
        "Set QUANBU_CHECKPOINT_KEY_FILE to a key that only this service may read, made once by"
        " `openssl genpkey -algorithm ed25519 -out FILE`; a key that was in force and is lost takes rotate_log_key."
    )
    http_status = 503


class SigningKeyUnusable(Refusal):
    """The file is no private Ed25519 key, or others may read it."""

    code = "signing_key_is_unusable"
    message = "{file} is no signing key: {reason}."
    remedy = (
        "Put a PEM file there (PKCS #8, Ed25519, no password) that only its owner may read, as rotate_log_key does."
    )
    http_status = 503


class SigningKeyNotInForce(Refusal):
    """The key at hand is not the one that the log's checkpoints are signed with."""

    code = "signing_key_is_not_in_force"
    message = "The key of {file} is {found}; the one in force is {in_force}."
    remedy = (
        "Copy the key in force here from the machine where it was rotated, or from your backup;"
        " only if nobody has it any more, say so with rotate_log_key --reason lost."
    )
    http_status = 503


class SigningKeyStillHere(Refusal):
    """A key is lost only when it is not at hand."""

    code = "signing_key_is_still_here"
    message = "The key in force, {in_force}, is at {file}: it is not lost."
    remedy = "Use --reason rotated, so that it signs its own succession; if it was stolen, take the file away first."


class CheckpointContradictsHead(Refusal):
    """The text of a checkpoint says another size or root than its head."""

    code = "checkpoint_must_say_its_head"
    message = "The checkpoint of size {size} does not say what the log's head of that size says."
    remedy = "Sign the head as it stands."


class PositionUnknown(Refusal):
    """Nothing is sealed at the position."""

    code = "position_is_unknown"
    message = "There is no position {position} in the log; the last is {last}."
    remedy = "Name a position from 1 to the last; what was just recorded is sealed within a second while a worker runs."
    http_status = 404


class SealedContentGone(Refusal):
    """What was sealed at the position is not there any more: somebody took it out of the database."""

    code = "sealed_content_is_gone"
    message = "What was sealed at position {position} is gone from the database."
    remedy = "This is no fault of the request. Run verify_books, keep the database as it is, and tell the auditors."
    http_status = 500


class SizesReversed(Refusal):
    """A later tree is proven to begin with an earlier one, from 1 leaf on."""

    code = "sizes_must_run_forward"
    message = "A tree of {second} leaves is not proven to begin with one of {first}."
    remedy = "Name the smaller size first; both from 1 to the size of the newest checkpoint."
    http_status = 422


class ReceiptNotReady(Refusal):
    """No checkpoint covers the position yet, or too few witnesses have cosigned one that does."""

    code = "receipt_is_not_ready"
    message = "Position {position} is not yet under a checkpoint; {required} cosignature(s) are required."
    remedy = (
        "Ask again later: a checkpoint is signed every {seconds} seconds while something is sealed"
        " and, where cosignatures are required, goes to the witnesses then."
    )


class CutOffNotWitnessed(Refusal):
    """A final run needs a history that witnesses saw."""

    code = "cut_off_must_be_witnessed"
    message = "No checkpoint with {required} cosignature(s) covers position {cut_off}."
    remedy = "Let the witnesses cosign the newest checkpoint, then run again with the same cut-off."


class WitnessUnknown(Refusal):
    """The cosignature is of a key that this installation does not know as a witness's."""

    code = "witness_is_unknown"
    message = "No known witness signs as {name} with key {key_id}."
    remedy = "Ask the operator to add the witness's verifier key to QUANBU_WITNESSES."
    http_status = 422


class CosignatureInvalid(Refusal):
    """The line is no cosignature of this checkpoint."""

    code = "cosignature_is_invalid"
    message = "The signature line is no cosignature of the checkpoint of size {size}: {reason}."
    remedy = "Cosign the text of the checkpoint as it is, and send the one line that begins with an em dash."
    http_status = 422


class OutsideCheckpointInvalid(Refusal):
    """What was brought to be compared is no checkpoint of this log."""

    code = "outside_checkpoint_is_invalid"
    message = "{file} is no checkpoint of this log: {reason}."
    remedy = "Bring the note as it was handed out, byte for byte."
    http_status = 422
