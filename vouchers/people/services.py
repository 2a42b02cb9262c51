"""What people do to the log: replace the key that signs it, and hand in what a witness cosigned."""

from __future__ import annotations

from ledger.log import checkpoints
from ledger.log.models import Checkpoint, Signature
from vouchers.people.actors import Actor


def rotate_log_key(*, reason: str, actor: Actor) -> Checkpoint:
    """Put a new signing key in force and return the succession: see `ledger.log.checkpoints.succeed`.

    Refuses: ActNotPermitted; what `succeed` refuses. Repeats: a rotation that was cut short is ended.
    """
    actor.require("log.rotate_key")
    succession = checkpoints.succeed(reason=reason, actor=actor.login)
    checkpoints.settle()
    return succession


def hand_in_cosignature(*, size: int, line: str, actor: Actor) -> Signature:
    """Keep a witness's cosignature of a checkpoint: see `ledger.log.checkpoints.cosign`.

    Who hands it in need not be the witness: the signature speaks for itself. Refuses: ActNotPermitted; what `cosign`
    refuses. Repeats: the first of a witness stands.
    """
    actor.require("checkpoint.cosign")
    return checkpoints.cosign(size=size, line=line, actor=actor.login)
