"""The key that signs this log's checkpoints: a file that only this service may read.

Of a key in use the database knows the public half (`Key`), so that a restored backup, or a second machine, cannot go on
with another one unnoticed. While a rotation is under way the new key lies beside the old one, as `FILE.new`.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from ledger.log.errors import SigningKeyMissing, SigningKeyNotInForce, SigningKeyUnusable
from ledger.log.models import Key
from ledger.log.verifier import ED25519, VerifierKey

BYTES_MOST = 10_000


def key_file() -> Path:
    """Return where the signing key lies. Refuses: SigningKeyMissing, where the installation names no place."""
    if settings.CHECKPOINT_KEY_FILE is None:
        raise SigningKeyMissing(file="the place named by QUANBU_CHECKPOINT_KEY_FILE, which is not set")
    return Path(settings.CHECKPOINT_KEY_FILE)


def new_key_file() -> Path:
    """Return where the key lies that a rotation is about to put in force."""
    return key_file().with_name(key_file().name + ".new")


def verifier_key_of(private: Ed25519PrivateKey) -> str:
    """Return the public half as a verifier writes it; the key's name is the log's origin."""
    return str(VerifierKey(settings.CHECKPOINT_ORIGIN, ED25519, private.public_key().public_bytes_raw()))


def read(path: Path) -> Ed25519PrivateKey:
    """Read a key. Refuses: SigningKeyMissing; SigningKeyUnusable, also for a file that others may read."""
    try:
        with path.open("rb") as stream:
            others = os.fstat(stream.fileno()).st_mode & (stat.S_IRWXG | stat.S_IRWXO)
            content = stream.read(BYTES_MOST)
    except FileNotFoundError:
        raise SigningKeyMissing(file=path) from None
    except OSError as error:
        raise SigningKeyUnusable(file=path, reason=error.strerror) from None
    if others:
        raise SigningKeyUnusable(file=path, reason="others than its owner may read or write it (chmod 600)")
    try:
        private = serialization.load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise SigningKeyUnusable(file=path, reason="it holds no unencrypted private key") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise SigningKeyUnusable(file=path, reason="its key is not for Ed25519")
    return private


def make(path: Path) -> Ed25519PrivateKey:
    """Make a key, unless there is one, and return it. Of several that make it at once, all return the same."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_name(f"{path.name}.{os.getpid()}")
        pem = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:  # noqa: PTH123
            stream.write(pem)
            stream.flush()
            os.fsync(stream.fileno())
        with suppress(FileExistsError):
            os.link(fresh, path)
        fresh.unlink()
    return read(path)


def in_force() -> Key | None:
    """Return the key that signs now, or None before the first checkpoint."""
    return Key.objects.order_by("-id").first()


def signer() -> Ed25519PrivateKey:
    """Return the private half of the key in force, or the first one, which is made where the default place has none.

    Refuses: SigningKeyMissing, SigningKeyUnusable, SigningKeyNotInForce.
    """
    standing = in_force()
    if standing is None and settings.CHECKPOINT_KEY_IS_OURS:
        return make(key_file())
    for path in (new_key_file(), key_file()):
        if path.exists():
            private = read(path)
            if standing is None or verifier_key_of(private) == standing.verifier_key:
                return private
    found = verifier_key_of(read(key_file()))
    assert standing is not None
    raise SigningKeyNotInForce(file=key_file(), found=found, in_force=standing.verifier_key)
