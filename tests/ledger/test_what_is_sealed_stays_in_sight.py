"""Sealing keeps the order of what was handed in; what is gone is said, and no witness is counted who did not sign."""

import io
import json
import stat

import pytest
from bookkeeping import violated
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connections
from history import signing, unguarded

from config.checkpoints import check_log_settings
from ledger.exports import services as exports
from ledger.exports.errors import ExportPlaceTaken
from ledger.log import checkpoints, keys, verifier
from ledger.log import services as log
from ledger.log.errors import ReceiptNotReady, SealedContentGone
from ledger.log.models import Leaf, Record, Signature
from ledger.log.proofs import receipt
from ledger.log.selectors import checkpoint_over, note_of

pytestmark = pytest.mark.database

WITNESS = Ed25519PrivateKey.from_private_bytes(b"w" * 32)
WITNESS_KEY = verifier.public_key("audit.example", WITNESS, verifier.COSIGNATURE)


@pytest.fixture
def signed(tmp_path):
    """A log that is signed at once, and a witness who is known."""
    (tmp_path / "keys").mkdir()
    with signing(tmp_path / "keys", WITNESSES=[str(WITNESS_KEY)]):
        yield


def hand_in(how_many: int) -> None:
    for n in range(how_many):
        log.record(kind="test.handed_in", subject=f"{n}", told={"n": n}, submitter="north")


def test_numbers_are_sealed_in_their_order_however_the_queue_lies(committed):
    """Room that was freed in the queue is used again, so that what came last may lie first."""
    hand_in(9)
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "WITH gone AS (DELETE FROM ledger_record_waiting RETURNING record_id)"
            " INSERT INTO ledger_record_waiting SELECT record_id FROM gone ORDER BY record_id DESC"
        )

    while log.seal_once(2)[1]:
        pass

    numbers = Leaf.objects.order_by("position").values_list("record__number", flat=True)
    assert list(numbers) == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert violated() == set()


def test_what_is_gone_has_no_receipt_and_its_export_says_so(committed, signed, tmp_path):
    hand_in(3)
    log.seal(sign_at_once=True)
    with unguarded() as cursor:
        cursor.execute("DELETE FROM ledger_log_record WHERE number = 2")

    with pytest.raises(SealedContentGone):
        receipt(2)
    said = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("export_books", "--format", "csv", "--out", str(tmp_path / "out"), stdout=said)
    assert ended.value.code == 1
    assert "Of 1 position(s) what was sealed is gone" in said.getvalue()
    lines = (tmp_path / "out" / "leaves.jsonl").read_text().splitlines()
    assert [sorted(json.loads(line)) == ["leaf_hash", "position"] for line in lines] == [False, True, False]


def test_an_export_is_for_its_owner_and_moves_over_nothing_that_came_meanwhile(committed, tmp_path, monkeypatch):
    hand_in(1)
    log.seal()
    exports.export("csv", tmp_path / "folder")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "folder").iterdir()}
    assert (modes, stat.S_IMODE((tmp_path / "folder").stat().st_mode)) == ({0o600}, 0o700)

    place = tmp_path / "books.journal"

    def meanwhile(_books):
        place.write_text("another's")
        yield "; ours\n"

    monkeypatch.setitem(exports.JOURNALS, "hledger", meanwhile)
    with pytest.raises(ExportPlaceTaken):
        exports.export("hledger", place)
    assert place.read_text() == "another's"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["books.journal", "folder"]


@pytest.mark.django_db
def test_an_act_does_not_fail_whatever_keeps_its_history_from_being_signed(settings, caplog):
    caplog.set_level("ERROR")
    for changed in ({"CHECKPOINT_KEY_FILE": "/" + "x" * 5_000}, {"CHECKPOINT_ORIGIN": "two words"}):
        settings.CHECKPOINT_KEY_IS_OURS = True
        for name, value in changed.items():
            setattr(settings, name, value)
        log.record(kind="test.happened", subject=next(iter(changed)), told={})

        assert log.seal() > 0
        assert "No checkpoint was signed" in caplog.text
        caplog.clear()


@pytest.mark.django_db
def test_a_cosignature_that_nobody_made_counts_for_nothing(signed):
    hand_in(1)
    log.seal(sign_at_once=True)
    standing = checkpoint_over(1, cosignatures=0)
    forged = Signature(checkpoint=standing, name="audit.example", key_id=WITNESS_KEY.key_id, blob=bytes(72))
    forged.witness, forged.recorded_at_ms = True, 1
    forged.save(force_insert=True)

    assert checkpoint_over(1, cosignatures=1) is None


@pytest.mark.django_db
def test_a_receipt_on_a_checkpoint_of_one_s_choice_needs_the_witnesses_too(signed, settings):
    hand_in(1)
    log.seal(sign_at_once=True)
    settings.WITNESSES_REQUIRED = 1

    with pytest.raises(ReceiptNotReady):
        receipt(1, size=1)
    text = checkpoint_over(1, cosignatures=0).text
    line = str(verifier.Note(text, (verifier.cosign(text, "audit.example", WITNESS, 1_790_000_000),))).splitlines()[-1]
    checkpoints.cosign(size=1, line=line, actor="auditor")
    assert receipt(1, size=1)["checkpoint"] == note_of(checkpoint_over(1, cosignatures=1))


@pytest.mark.django_db
def test_who_replaced_the_key_and_who_handed_a_cosignature_in_stands_in_the_log(signed):
    hand_in(1)
    log.seal(sign_at_once=True)
    text = checkpoint_over(1, cosignatures=0).text
    line = str(verifier.Note(text, (verifier.cosign(text, "audit.example", WITNESS, 1_790_000_000),))).splitlines()[-1]
    for _ in range(2):
        checkpoints.cosign(size=1, line=line, actor="auditor")
    checkpoints.succeed(reason="rotated", actor="op")

    told = {row.kind: json.loads(row.told) for row in Record.objects.exclude(kind="test.handed_in")}
    assert told["checkpoint.cosigned"] == {"actor": "auditor", "size": 1, "witness": "audit.example"}
    assert (told["key.rotated"]["actor"], told["key.rotated"]["reason"]) == ("op", "rotated")
    assert keys.in_force().verifier_key == Record.objects.get(kind="key.rotated").subject
    assert Record.objects.filter(kind="checkpoint.cosigned").count() == 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"origin": "two words"}, "QUANBU_CHECKPOINT_ORIGIN"),
        ({"origin": ""}, "QUANBU_CHECKPOINT_ORIGIN"),
        ({"every_seconds": 0}, "QUANBU_CHECKPOINT_SECONDS"),
        ({"witnesses": ["nobody"]}, "QUANBU_WITNESSES: 'nobody' is no verifier key"),
        ({"witnesses": [str(verifier.public_key("a.example", WITNESS))]}, "is a log's key"),
        ({"witnesses": [str(WITNESS_KEY), str(WITNESS_KEY)]}, "stands there twice"),
        ({"required": 2}, "2 of 1 known witnesses"),
        ({"required": -1}, "-1 of 1 known witnesses"),
    ],
)
def test_settings_that_nothing_could_be_signed_by_are_refused_at_the_start(changed, said):
    sound = {"origin": "city.example/log", "every_seconds": 60, "witnesses": [str(WITNESS_KEY)], "required": 1}
    check_log_settings(**sound)

    with pytest.raises(ImproperlyConfigured, match=said):
        check_log_settings(**sound | changed)
