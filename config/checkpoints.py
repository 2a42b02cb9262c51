"""What the settings of the log must be before anything is signed by them: a mistake is told at the start, in full."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.exceptions import ImproperlyConfigured

from ledger.log.verifier import COSIGNATURE, NotProven, VerifierKey, public_key


def check_log_settings(origin: str, every_seconds: int, witnesses: Sequence[str], required: int) -> None:
    """Refuse an origin that no key can be named after, what is no witness's key, and more witnesses than there are.

    Raises ImproperlyConfigured, which names the variable.
    """
    try:
        public_key(origin, Ed25519PrivateKey.from_private_bytes(bytes(32)))  # whichever: the name is what is tried
    except NotProven as error:
        raise ImproperlyConfigured(f"QUANBU_CHECKPOINT_ORIGIN: {error} Use a name such as city.example/log.") from None
    if every_seconds < 1:
        raise ImproperlyConfigured("QUANBU_CHECKPOINT_SECONDS: give a whole number of seconds, 1 or more.")
    keys = []
    for text in witnesses:
        try:
            keys.append(VerifierKey.parse(text))
        except NotProven as error:
            raise ImproperlyConfigured(f"QUANBU_WITNESSES: {text[:200]!r} is no verifier key: {error}") from None
        if keys[-1].algorithm != COSIGNATURE:
            raise ImproperlyConfigured(
                f"QUANBU_WITNESSES: {text} is a log's key; give the key that says `as a witness`."
            )
    distinct = len({key.public_key for key in keys})
    if distinct != len(keys):
        raise ImproperlyConfigured("QUANBU_WITNESSES: a key stands there twice; each witness has a key of its own.")
    if not 0 <= required <= distinct:
        raise ImproperlyConfigured(f"QUANBU_WITNESSES_REQUIRED: {required} of {distinct} known witnesses cannot be.")
