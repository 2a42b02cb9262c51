"""The commands of the log answer as their schemas say, act under permissions, and say what to do when they cannot."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import call_command

from ledger.log import keys, verifier
from ledger.log import services as log
from ledger.log.models import Checkpoint, Signature
from tests.commands.test_commands_answer import exits, fits
from tests.scenario import command, declare

pytestmark = [pytest.mark.django_db, pytest.mark.database]

WITNESS = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
WITNESS_KEY = verifier.public_key("audit.example", WITNESS, verifier.COSIGNATURE)


@pytest.fixture(autouse=True)
def world(settings, tmp_path):
    """A small world whose log is signed by a key of its own, and a witness who is known."""
    settings.CHECKPOINT_KEY_FILE = str(tmp_path / "key.pem")
    settings.WITNESSES = [str(WITNESS_KEY)]
    keys.make(tmp_path / "key.pem")
    declare()


def cosigned(size: int, path: Path) -> str:
    """Write the line with which the witness cosigns the newest checkpoint of a size."""
    text = Checkpoint.objects.filter(head_id=size).latest("id").text
    path.write_text(str(verifier.Note(text, (verifier.cosign(text, "audit.example", WITNESS, 1_790_000_000),))))
    path.write_text(path.read_text().splitlines()[-1] + "\n")
    return str(path)


def test_a_checkpoint_is_printed_as_it_is_kept_and_fits_its_schema():
    said = io.StringIO()
    call_command("checkpoint", stdout=said)
    document = fits(command("checkpoint"), "checkpoint")

    assert said.getvalue() == document["checkpoint"]
    assert document["size"] == log.seal()
    assert fits(command("checkpoint", "--keys"), "checkpoint") == {"keys": document["keys"]}
    proof = fits(command("checkpoint", "--since", "1"), "checkpoint")
    assert (proof["first_size"], proof["second_size"]) == (1, document["size"])


def test_a_receipt_is_asked_for_by_position_by_number_and_by_id():
    log.record(kind="test.handed_in", subject="mine/1", told={"a": 1}, submitter="north")
    by_number = fits(command("receipt", "north/1"), "receipt")

    assert by_number["content"]["told"] == {"a": 1}
    assert command("receipt", str(by_number["position"])) == by_number == command("receipt", "mine/1")


@pytest.mark.parametrize("what", ["999999999", "north/7", "nobody", "a\0b", "", "/", "1" * 30])
def test_what_is_not_there_has_no_receipt(what):
    code, _, said = exits("receipt", what)

    assert code == 2
    assert "Refused (not_found)" in said or "Refused (position_is_unknown)" in said


def test_an_empty_range_of_history_is_not_proven():
    for since in ("0", "-3", "99999"):
        code, _, said = exits("checkpoint", "--since", since)
        assert (code, "Refused" in said) == (2, True)


def test_a_witness_s_line_is_taken_in_once_and_counts(settings, tmp_path):
    settings.WITNESSES_REQUIRED = 1
    size = command("checkpoint")["size"]
    code, _, said = exits("receipt", "1")
    assert (code, "receipt_is_not_ready" in said) == (2, True)

    line = cosigned(size, tmp_path / "line")
    first = fits(command("cosign", "--size", str(size), line, "--actor", "c1-op"), "cosign")
    again = command("cosign", "--size", str(size), line, "--actor", "c1-op")

    assert first == again == {"size": size, "witness": "audit.example", "cosignatures": 1}
    assert Signature.objects.filter(witness=True).count() == 1
    assert "— audit.example " in command("receipt", "1")["checkpoint"]


def test_who_may_not_hand_in_a_cosignature_is_refused(tmp_path):
    size = command("checkpoint")["size"]
    code, _, said = exits("cosign", "--size", str(size), cosigned(size, tmp_path / "line"), "--actor", "op")

    assert (code, "act_not_permitted" in said) == (2, True)
    assert not Signature.objects.filter(witness=True).exists()


@pytest.mark.parametrize(
    ("content", "refused"),
    [
        (b"\xff\xfe", "cosignature_is_invalid"),
        (b"", "cosignature_is_invalid"),
        ("— audit.example AAAA\n".encode(), "cosignature_is_invalid"),
        (b"not a line", "cosignature_is_invalid"),
    ],
)
def test_what_is_no_cosignature_is_refused(content, refused, tmp_path):
    size = command("checkpoint")["size"]
    (tmp_path / "line").write_bytes(content)

    code, _, said = exits("cosign", "--size", str(size), str(tmp_path / "line"), "--actor", "c1-op")

    assert (code, refused in said) == (2, True), said


def test_the_key_is_rotated_by_the_operator_alone_and_the_succession_is_printed():
    before = command("checkpoint", "--keys")["keys"]
    code, _, said = exits("rotate_log_key", "--reason", "rotated", "--actor", "boss")
    assert (code, "act_not_permitted" in said) == (2, True)

    rotated = fits(command("rotate_log_key", "--reason", "rotated", "--actor", "op"), "rotate_log_key")

    assert command("checkpoint", "--keys")["keys"] == [*before, rotated["key"]]
    trust = verifier.Trust((verifier.VerifierKey.parse(before[0]),), successions=(rotated["succession"],))
    attested = trust.check(command("checkpoint")["checkpoint"])
    assert {str(key) for key in attested.signers} == {rotated["key"]}


def test_without_a_key_the_log_is_sealed_and_nothing_is_signed(settings):
    settings.CHECKPOINT_KEY_FILE = None

    assert fits(command("worker", "--once"), "worker")["position"] == log.seal()
    for name in (["checkpoint"], ["receipt", "1"]):
        code, _, said = exits(*name)
        assert (code, "QUANBU_CHECKPOINT_KEY_FILE" in said) == (2, True)


def test_verify_books_holds_the_log_against_a_checkpoint_from_outside(tmp_path):
    kept = tmp_path / "kept.checkpoint"
    kept.write_text(command("checkpoint")["checkpoint"])
    assert command("verify_books", "--checkpoint", str(kept))["holds"]

    kept.write_text(kept.read_text().replace("\n\n", "\nanother line\n\n"))
    code, _, said = exits("verify_books", "--checkpoint", str(kept))
    assert (code, "outside_checkpoint_is_invalid" in said) == (2, True)
    kept.write_bytes(b"\xff" * 100)
    code, _, said = exits("verify_books", "--checkpoint", str(kept))
    assert (code, json.loads(json.dumps("outside_checkpoint_is_invalid")) in said) == (2, True)
