"""Signing checkpoints, replacing the key that signs them, and taking in what witnesses cosigned.

*Succession*: the checkpoint that replaces a key. It is an ordinary checkpoint, so that witnesses cosign it like any
other, with three lines more: the new key, the one that it replaces, and the reason, `rotated` or `lost`. The new key
signs it always, the old one unless it is lost; then only witnesses can tell an outsider that the log itself goes on.
"""

from __future__ import annotations

import logging

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import connection, transaction

from ledger import clock
from ledger.errors import Refusal
from ledger.log import keys, verifier
from ledger.log.errors import (
    CosignatureInvalid,
    LogEmpty,
    PositionUnknown,
    SigningKeyMissing,
    SigningKeyNotInForce,
    SigningKeyStillHere,
    SigningKeyUnusable,
    WitnessUnknown,
)
from ledger.log.models import Checkpoint, Head, Key, Signature
from ledger.log.records import record
from ledger.log.selectors import tree_size, witnesses

logger = logging.getLogger(__name__)


def sign_if_due(*, at_once: bool = False) -> None:
    """Sign the newest head if the log has grown and the last checkpoint is old enough (`QUANBU_CHECKPOINT_SECONDS`).

    `at_once` is for somebody who waits: however old the last one is.

    An act does not fail because its history cannot be signed: what keeps us from it is logged, and told by
    `verify_books` and by whoever asks for a receipt. Locks, repeats: see `sign`.
    """
    if settings.CHECKPOINT_KEY_FILE is None:
        return
    last = Checkpoint.objects.order_by("-id").first()
    if last is not None:
        is_young = abs(clock.now_ms() - last.signed_at_ms) < settings.CHECKPOINT_SECONDS * 1000
        if last.head_id == tree_size() or (is_young and not at_once):
            return
    try:
        sign()
    except LogEmpty:
        return
    except (Refusal, verifier.NotProven, OSError) as reason:
        logger.error("No checkpoint was signed: %s", reason)  # noqa: TRY400 (a refusal says it all)


@transaction.atomic
def sign() -> Checkpoint:
    """Sign the newest head and return its checkpoint.

    Refuses: LogEmpty, SigningKeyMissing, SigningKeyUnusable, SigningKeyNotInForce. Locks: one signer at a time.
    Repeats: a head that was signed by the key in force is not signed again.
    """
    _lock()
    private = keys.signer()
    head = _newest_head()
    if keys.in_force() is None:
        Key.objects.create(
            verifier_key=keys.verifier_key_of(private), reason=Key.Reason.FIRST, actor="", began_at_ms=clock.now_ms()
        )
    # A succession at this head was signed after every other of its checkpoints, and by the key in force.
    signed = Checkpoint.objects.filter(head=head).order_by("-id").first()
    if signed is not None:
        return signed
    text = verifier.Checkpoint(settings.CHECKPOINT_ORIGIN, head.size, bytes(head.root)).text
    return _write(head, text, private)


@transaction.atomic
def succeed(*, reason: str, actor: str) -> Checkpoint:
    """Put the key of `new_key_file` in force, making it if need be, record it, and return the succession.

    `reason` is rotated or lost. Refuses: LogEmpty, SigningKeyMissing; SigningKeyUnusable, also for a new key that was
    in force before; SigningKeyNotInForce, for a rotation without the old key; SigningKeyStillHere, for a loss of a key
    that is at hand. Locks: one signer at a time. Repeats: a rotation that was cut short before `settle` stands.
    """
    _lock()
    head = _newest_head()
    standing = keys.in_force()
    if standing is None:
        sign()
        standing = keys.in_force()
    assert standing is not None
    if standing.reason != Key.Reason.FIRST and _waits_for_settling(standing):
        return standing.succession
    old = _old_signer(reason, standing)
    new = keys.make(keys.new_key_file())
    if Key.objects.filter(verifier_key=keys.verifier_key_of(new)).exists():
        raise SigningKeyUnusable(file=keys.new_key_file(), reason="it was in force before, and none comes back")
    key = Key.objects.create(
        verifier_key=keys.verifier_key_of(new),
        replaces=standing,
        reason=reason,
        actor=actor,
        began_at_ms=clock.now_ms(),
    )
    told = {"actor": actor, "reason": reason, "replaces": standing.verifier_key, "size": head.size}
    record(kind="key.rotated", subject=key.verifier_key, told=told)
    old_key, new_key = map(verifier.VerifierKey.parse, (standing.verifier_key, key.verifier_key))
    lines = verifier.Succession.lines(old_key, new_key, reason)
    text = verifier.Checkpoint(settings.CHECKPOINT_ORIGIN, head.size, bytes(head.root), lines).text
    checkpoint = _write(head, text, new, successor=key)
    return checkpoint if old is None else _countersign(checkpoint, old)


@transaction.atomic
def settle() -> None:
    """Move the key in force to its place, and the one before it to `FILE.ended`, once a succession has committed.

    Locks: one signer at a time, so that nobody reads the files half moved. Repeats: does nothing when it is there.
    Until it is done, the new key is found as `FILE.new`.
    """
    _lock()
    path, fresh, standing = keys.key_file(), keys.new_key_file(), keys.in_force()
    if standing is not None and _waits_for_settling(standing):
        if path.exists():
            path.replace(path.with_name(path.name + ".ended"))
        fresh.replace(path)


@transaction.atomic
def cosign(*, size: int, line: str, actor: str = "") -> Signature:
    """Keep a witness's cosignature of a checkpoint of this size, and record that `actor` handed it in.

    `line` is a signature line of a C2SP signed note: an em dash, the witness's name, the signature in base64.
    Refuses: PositionUnknown, WitnessUnknown, CosignatureInvalid. Repeats: the first of a witness stands.
    """
    signed = list(Checkpoint.objects.filter(head_id=size).order_by("id"))
    if not signed:
        raise PositionUnknown(position=size, last=tree_size())
    reason = ""
    for checkpoint in signed:
        try:
            note = verifier.Note.parse(f"{checkpoint.text}\n{line.strip()}\n")
            found = verifier.verified(note, witnesses())
        except verifier.NoteInvalid as error:
            reason = str(error).rstrip(".")
            continue
        signature, *more = note.signatures
        if more or note.text != checkpoint.text:
            raise CosignatureInvalid(size=size, reason="it is more than one line")
        if not found:
            raise WitnessUnknown(name=signature.name, key_id=signature.key_id.hex())
        kept, is_new = _keep(checkpoint, signature, witness=True)
        if is_new:
            told = {"actor": actor, "size": size, "witness": kept.name}
            record(kind="checkpoint.cosigned", subject=str(kept.id), told=told)
        return kept
    raise CosignatureInvalid(size=size, reason=reason)


def _lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('ledger_log_checkpoint', 0))")


def _newest_head() -> Head:
    head = Head.objects.order_by("-size").first()
    if head is None:
        raise LogEmpty
    return head


def _waits_for_settling(standing: Key) -> bool:
    """Say whether the key in force still lies where a rotation made it."""
    fresh = keys.new_key_file()
    return fresh.exists() and keys.verifier_key_of(keys.read(fresh)) == standing.verifier_key


def _old_signer(reason: str, standing: Key) -> Ed25519PrivateKey | None:
    """Return the key that ends, which signs its own rotation; None where it is lost."""
    try:
        old = keys.read(keys.key_file())
    except SigningKeyMissing:
        if reason == Key.Reason.LOST:
            return None
        raise
    at_hand = keys.verifier_key_of(old)
    if reason == Key.Reason.LOST:
        if at_hand == standing.verifier_key:
            raise SigningKeyStillHere(in_force=at_hand, file=keys.key_file())
        return None
    if at_hand != standing.verifier_key:
        raise SigningKeyNotInForce(file=keys.key_file(), found=at_hand, in_force=standing.verifier_key)
    return old


def _write(head: Head, text: str, private: Ed25519PrivateKey, successor: Key | None = None) -> Checkpoint:
    checkpoint = Checkpoint.objects.create(head=head, text=text, successor=successor, signed_at_ms=clock.now_ms())
    return _countersign(checkpoint, private)


def _countersign(checkpoint: Checkpoint, private: Ed25519PrivateKey) -> Checkpoint:
    _keep(checkpoint, verifier.sign(checkpoint.text, settings.CHECKPOINT_ORIGIN, private), witness=False)
    return checkpoint


def _keep(checkpoint: Checkpoint, signature: verifier.Signature, *, witness: bool) -> tuple[Signature, bool]:
    """Keep a signature, unless that key's is kept already; return it and whether it is new."""
    return Signature.objects.get_or_create(
        checkpoint=checkpoint,
        name=signature.name,
        key_id=signature.key_id,
        defaults={"blob": signature.blob, "witness": witness, "recorded_at_ms": clock.now_ms()},
    )
