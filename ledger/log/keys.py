"""The key that signs this log's checkpoints: a file that only this service may read.

Of a key in use the database knows the public half (`Key`), so that a restored backup, or a second machine, cannot go on
with another one unnoticed. While a rotation is under way the new key lies beside the old one, as `FILE.new`.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

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
    """Make a key, unless there is one, and return it. Of several that make it at once, all return the same.

    Refuses: as `read`; SigningKeyUnusable, also where none can be written.
    """
    if not path.exists():
        pem = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        try:
            _write(path, pem)
        except OSError as error:
            raise SigningKeyUnusable(file=path, reason=f"none could be made there ({error.strerror})") from None
    return read(path)


def _write(path: Path, pem: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=f"{path.name}.") as stream:  # its owner's only
        stream.write(pem)
        stream.flush()
        os.fsync(stream.fileno())
        with suppress(FileExistsError):
            os.link(stream.name, path)


def in_force() -> Key | None:
    """Return the key that signs now, or None before the first checkpoint."""
    return Key.objects.order_by("-id").first()


def signer() -> Ed25519PrivateKey:
    """Return the private half of the key in force, or the first one, which is made where the default place has none.

    Refuses: SigningKeyMissing, SigningKeyUnusable, SigningKeyNotInForce.
    """
    standing = in_force()
    if standing is None:
        return make(key_file()) if settings.CHECKPOINT_KEY_IS_OURS else read(key_file())
    for path in (key_file(), new_key_file()):
        if path.exists():
            private = read(path)
            if verifier_key_of(private) == standing.verifier_key:
                return private
    raise SigningKeyNotInForce(file=key_file(), found=verifier_key_of(read(key_file())), in_force=standing.verifier_key)
