"""Keys sign for the log, end, and are replaced; an outsider who knows only the first one follows, or learns of it."""

import io
import logging
import stat
from functools import partial

import pytest
from bookkeeping import at_once, violated
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings as configured
from django.core.management import call_command
from history import signing

from ledger import clock
from ledger.errors import Refusal
from ledger.log import checkpoints, keys, verifier
from ledger.log import services as log
from ledger.log.errors import (
    CosignatureInvalid,
    CutOffNotWitnessed,
    LogEmpty,
    PositionUnknown,
    ReceiptNotReady,
    SigningKeyMissing,
    SigningKeyNotInForce,
    SigningKeyStillHere,
    SigningKeyUnusable,
    WitnessUnknown,
)
from ledger.log.models import Checkpoint, Key, Signature
from ledger.log.proofs import receipt, require_witnesses
from ledger.log.selectors import checkpoint_over, note_of, successions, tree_size, verifier_keys
from ledger.models import RefusedAct
from tests.scenario import declare
from vouchers.people.actors import actor_named
from vouchers.people.services import rotate_log_key

pytestmark = pytest.mark.database


@pytest.fixture
def folder(tmp_path):
    """A folder for the signing key, which is ours to make; nothing signs by itself."""
    with signing(tmp_path, CHECKPOINT_SECONDS=10**6):
        yield tmp_path


def grow(leaves=1):
    """Let something happen and seal it, beside what the replacing of keys has recorded."""
    log.seal_once()
    before = tree_size()
    log.record_all(kind="test.happened", told={str(before + n): {} for n in range(leaves)})
    log.seal_once()
    assert tree_size() == before + leaves


def pem_of(private, *, password=None):
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def put(path, content, mode=0o600):
    path.write_bytes(content)
    path.chmod(mode)


def key_at(path):
    return keys.verifier_key_of(keys.read(path))


def trust(*, witnesses=(), required=0, first=None, shown=None):
    """What an outsider believes who knows the first key and was shown the successions."""
    first = first or verifier_keys()[0]
    notes = successions() if shown is None else shown
    return verifier.Trust((verifier.VerifierKey.parse(first),), tuple(witnesses), required, tuple(notes))


def rotate(reason="rotated"):
    succession = checkpoints.succeed(reason=reason, actor="op")
    checkpoints.settle()
    return succession


class TestTheFirstKey:
    def test_it_is_made_where_the_place_is_ours_and_only_its_owner_reads_it(self, db, folder):
        grow()
        signed = checkpoints.sign()

        assert stat.S_IMODE((folder / "key.pem").stat().st_mode) == 0o600
        assert [path.name for path in folder.iterdir()] == ["key.pem"]
        assert verifier_keys() == [key_at(folder / "key.pem")]
        attested = trust().check(note_of(signed))
        assert attested.checkpoint.size == 1
        assert checkpoints.sign() == signed, "a head is signed once"
        assert violated() == set()

    def test_it_is_not_made_where_somebody_else_says_where_it_lies(self, db, folder, settings):
        settings.CHECKPOINT_KEY_IS_OURS = False
        grow()

        with pytest.raises(SigningKeyMissing):
            checkpoints.sign()
        assert list(folder.iterdir()) == []
        assert Key.objects.count() == 0

    def test_one_that_is_about_to_come_does_not_sign_first(self, db, folder, settings):
        """What a first rotation had made before it was rolled back: the key at its place is the first one still."""
        settings.CHECKPOINT_KEY_IS_OURS = False
        put(folder / "key.pem", pem_of(Ed25519PrivateKey.generate()))
        put(folder / "key.pem.new", pem_of(Ed25519PrivateKey.generate()))
        grow()

        checkpoints.sign()

        assert verifier_keys() == [key_at(folder / "key.pem")]
        rotate()
        assert len(verifier_keys()) == 2

    def test_several_who_make_it_at_once_have_the_same(self, folder):
        made = at_once(*[partial(keys.make, folder / "key.pem")] * 6)

        assert len({keys.verifier_key_of(each) for each in made}) == 1

    def test_an_empty_log_is_not_signed(self, db, folder):
        with pytest.raises(LogEmpty):
            checkpoints.sign()
        with pytest.raises(LogEmpty):
            checkpoints.succeed(reason="rotated", actor="op")


GOOD = pem_of(Ed25519PrivateKey.generate())
UNUSABLE = {
    "read by the group": (GOOD, 0o640, SigningKeyUnusable),
    "read by all": (GOOD, 0o604, SigningKeyUnusable),
    "written by the group": (GOOD, 0o620, SigningKeyUnusable),
    "empty": (b"", 0o600, SigningKeyUnusable),
    "no PEM": (b"secret", 0o600, SigningKeyUnusable),
    "cut off": (GOOD[:60], 0o600, SigningKeyUnusable),
    "with a password": (pem_of(Ed25519PrivateKey.generate(), password=b"pass"), 0o600, SigningKeyUnusable),
    "RSA": (pem_of(rsa.generate_private_key(65537, 2048)), 0o600, SigningKeyUnusable),
    "P-256": (pem_of(ec.generate_private_key(ec.SECP256R1())), 0o600, SigningKeyUnusable),
    "public": (
        Ed25519PrivateKey.generate()
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
        0o600,
        SigningKeyUnusable,
    ),
    "another": (GOOD, 0o600, SigningKeyNotInForce),
    "gone": (None, 0o600, SigningKeyMissing),
}


@pytest.mark.parametrize("what", UNUSABLE)
def test_a_key_that_is_none_is_refused_and_no_act_fails_of_it(db, folder, settings, caplog, what):
    content, mode, refusal = UNUSABLE[what]
    grow()
    checkpoints.sign()
    (folder / "key.pem").unlink()
    if content is not None:
        put(folder / "key.pem", content, mode)
    grow()

    with pytest.raises(refusal) as refused:
        checkpoints.sign()
    assert str(folder / "key.pem") in refused.value.sentence

    settings.CHECKPOINT_SECONDS = 0
    log.record(kind="test.happened", subject="an act", told={})
    caplog.set_level(logging.ERROR, "ledger.log.checkpoints")
    assert log.seal() == 3, "it is sealed"
    (said,) = caplog.messages
    assert refused.value.sentence in said
    assert Checkpoint.objects.count() == 1
    assert violated() == set()


@pytest.mark.parametrize("what", ["a file in the way", "a folder in its place"])
def test_a_place_where_no_key_can_be_made_is_refused_and_no_act_fails_of_it(db, tmp_path, caplog, what):
    caplog.set_level(logging.ERROR, "ledger.log.checkpoints")
    if what == "a file in the way":
        (tmp_path / "way").write_text("")
    else:
        (tmp_path / "way" / "key.pem").mkdir(parents=True)
    with signing(tmp_path / "way"):
        log.record(kind="test.happened", subject="an act", told={})
        assert log.seal() == 1

        with pytest.raises(SigningKeyUnusable):
            checkpoints.sign()
    assert "No checkpoint was signed" in caplog.text


def test_without_a_key_nothing_is_signed_and_nothing_is_said_of_it(db, caplog):
    caplog.set_level(logging.ERROR, "ledger.log.checkpoints")
    log.record(kind="test.happened", subject="an act", told={})
    log.seal()

    assert caplog.messages == []
    with pytest.raises(SigningKeyMissing):
        checkpoints.sign()


def test_a_checkpoint_is_signed_when_it_is_due_and_something_came(db, tmp_path):
    with signing(tmp_path, CHECKPOINT_SECONDS=60):
        sizes = []
        for now_ms, grows in ((10**12, True), (10**12 + 59_999, True), (10**12 + 60_000, False), (2 * 10**12, False),
                              (2 * 10**12, True), (10**12, True)):  # fmt: skip
            with clock.held_at(now_ms):
                if grows:
                    log.record(kind="test.happened", subject=str(tree_size()), told={})
                log.seal()
            sizes.append(list(Checkpoint.objects.order_by("id").values_list("head_id", flat=True)))

    assert sizes == [[1], [1], [1, 2], [1, 2], [1, 2, 3], [1, 2, 3, 4]], "also by a clock that was set back"


class TestRotation:
    def test_who_knows_only_the_first_key_follows_two_rotations(self, db, folder):
        grow(3)
        old = checkpoints.sign()
        first = key_at(folder / "key.pem")
        rotate()
        grow()
        rotate()
        grow()
        newest = checkpoints.sign()

        assert (Key.objects.count(), len(successions())) == (3, 2)
        assert verifier_keys()[0] == first
        assert key_at(folder / "key.pem") == verifier_keys()[2]
        assert key_at(folder / "key.pem.ended") == verifier_keys()[1]
        assert not (folder / "key.pem.new").exists()
        attested = trust().check(note_of(newest))
        assert [str(key) for key in attested.signers] == [verifier_keys()[2]]
        assert trust().check(note_of(old)).checkpoint.size == 3
        proven = verifier.check_receipt(receipt(2), [verifier.VerifierKey.parse(first)])
        assert (proven.position, proven.size) == (2, tree_size())
        with pytest.raises(verifier.NoteInvalid, match="No trusted key"):
            trust(shown=[]).check(note_of(newest))
        with pytest.raises(verifier.NoteInvalid, match="No trusted key"):
            trust(shown=successions()[1:]).check(note_of(newest))
        assert violated() == set()

    def test_what_the_old_key_signs_later_is_forged(self, db, folder):
        grow()
        checkpoints.sign()
        stolen = keys.read(folder / "key.pem")
        rotate()
        grow()
        forged = verifier.Checkpoint(configured.CHECKPOINT_ORIGIN, 9, bytes(32)).text
        note = verifier.Note(forged, (verifier.sign(forged, configured.CHECKPOINT_ORIGIN, stolen),))

        with pytest.raises(verifier.NoteInvalid, match="this is forged"):
            trust().check(str(note))
        checkpoint = Checkpoint.objects.create(
            head_id=tree_size(), text=checkpoints.sign().text + "more\n", signed_at_ms=1
        )
        signature = verifier.sign(checkpoint.text, configured.CHECKPOINT_ORIGIN, stolen)
        Signature.objects.create(
            checkpoint=checkpoint, name=signature.name, key_id=signature.key_id, blob=signature.blob, witness=False,
            recorded_at_ms=1,
        )  # fmt: skip
        assert violated() == {"checkpoints_agree_with_the_log"}, "and verify_books names it too"

    def test_one_that_was_cut_short_before_its_files_were_moved_signs_on_and_the_next_call_ends_it(self, db, folder):
        grow()
        first = key_at(keys.make(folder / "key.pem") and folder / "key.pem")
        cut = checkpoints.succeed(reason="rotated", actor="op")
        coming = key_at(folder / "key.pem.new")
        assert (key_at(folder / "key.pem"), verifier_keys()) == (first, [first, coming])

        grow()
        signed = checkpoints.sign()
        assert [str(key) for key in trust().check(note_of(signed)).signers] == [coming]

        assert rotate() == cut
        assert verifier_keys() == [first, coming], "no third key"
        assert (key_at(folder / "key.pem"), key_at(folder / "key.pem.ended")) == (coming, first)
        checkpoints.settle()
        grow()
        assert trust().check(note_of(checkpoints.sign())).checkpoint.size == tree_size()
        assert violated() == set()

    def test_one_whose_new_key_was_lost_before_its_files_were_moved_is_not_signed_by_the_one_before(self, db, folder):
        grow()
        checkpoints.succeed(reason="rotated", actor="op")
        (folder / "key.pem.new").unlink()

        with pytest.raises(SigningKeyNotInForce):
            checkpoints.succeed(reason="rotated", actor="op")
        with pytest.raises(SigningKeyNotInForce):
            checkpoints.sign()

        assert Key.objects.count() == 2
        rotate("lost")
        assert (len(verifier_keys()), key_at(folder / "key.pem")) == (3, verifier_keys()[2])
        assert violated() == set()

    def test_an_old_key_does_not_come_back(self, db, folder):
        grow()
        checkpoints.sign()
        old = (folder / "key.pem").read_bytes()
        put(folder / "key.pem.new", old)
        with pytest.raises(SigningKeyUnusable, match="in force before"):
            rotate()

        (folder / "key.pem.new").unlink()
        rotate()
        put(folder / "key.pem.new", old)
        with pytest.raises(SigningKeyUnusable):
            rotate()
        assert Key.objects.count() == 2
        assert violated() == set()

    def test_without_the_key_in_force_there_is_no_rotation(self, db, folder):
        grow()
        checkpoints.sign()
        (folder / "key.pem").unlink()
        with pytest.raises(SigningKeyMissing):
            rotate()
        put(folder / "key.pem", GOOD)
        with pytest.raises(SigningKeyNotInForce):
            rotate()

    def test_of_two_at_once_each_is_whole(self, committed, folder):
        """With signers beside them; the keys' files end where they belong."""
        grow(3)
        checkpoints.sign()

        outcomes = at_once(rotate, checkpoints.sign, rotate, checkpoints.sign, rotate)

        assert [error for error in outcomes if isinstance(error, Exception)] == []
        assert key_at(folder / "key.pem") == verifier_keys()[-1]
        assert not (folder / "key.pem.new").exists()
        assert len(successions()) == len(verifier_keys()) - 1 >= 1
        grow()
        assert trust().check(note_of(checkpoints.sign())).checkpoint.size == tree_size()
        assert violated() == set()


class TestTheCommand:
    def run(self, *arguments):
        out = io.StringIO()
        try:
            call_command("rotate_log_key", *arguments, stdout=out, stderr=out)
        except SystemExit as ended:
            return ended.code, out.getvalue()
        return 0, out.getvalue()

    def test_an_operator_replaces_the_key_and_hands_the_succession_out(self, db, folder):
        declare()
        checkpoints_before = Checkpoint.objects.count()

        code, said = self.run("--reason=rotated", "--actor=op")

        assert code == 0
        assert f"The key in force is now {verifier_keys()[1]}" in said
        assert note_of(Checkpoint.objects.get(successor__isnull=False)).rstrip("\n") in said
        assert Key.objects.get(reason="rotated").actor == "op"
        assert Checkpoint.objects.count() == checkpoints_before + 2
        assert violated() == set()

    def test_nobody_else_may_and_the_refusal_is_kept(self, db, folder):
        declare()
        for login in ("boss", "clerk", "cash", "c1-op", "e1-op", "check", "nobody"):
            code, said = self.run("--reason=rotated", f"--actor={login}")
            assert code == 2, login
            assert "Refused (" in said
        assert Key.objects.count() == 1
        assert RefusedAct.objects.filter(code="act_not_permitted").count() == 6
        with pytest.raises(Refusal):
            rotate_log_key(reason="lost", actor=actor_named("boss"))


def witness(seed, name=""):
    private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    name = name or f"witness{seed}.example"
    return private, verifier.public_key(name, private, verifier.COSIGNATURE)


def line_of(seed, checkpoint, name="", at_s=1_790_000_000):
    private, key = witness(seed, name)
    return str(verifier.cosign(checkpoint.text, key.name, private, at_s))


@pytest.fixture
def witnessed(db, folder, settings):
    """A log with three leaves, and two witnesses who are known."""
    settings.WITNESSES = [str(witness(seed)[1]) for seed in (1, 2)]
    grow(3)
    return checkpoints.sign()


def known():
    return [witness(seed)[1] for seed in (1, 2)]


class TestLoss:
    def test_a_key_at_hand_is_not_lost(self, witnessed):
        with pytest.raises(SigningKeyStillHere):
            checkpoints.succeed(reason="lost", actor="op")
        assert Key.objects.count() == 1

    def test_an_outsider_believes_the_next_key_when_witnesses_saw_the_succession(self, witnessed, folder):
        (folder / "key.pem").unlink()
        succession = rotate("lost")
        grow()
        newest = checkpoints.sign()

        signers = {bytes(each.key_id) for each in succession.signatures.all()}
        assert signers == {verifier.VerifierKey.parse(verifier_keys()[1]).key_id}
        with pytest.raises(verifier.NoteInvalid, match="1 trusted witnesses must say so, and 0 did"):
            trust().check(note_of(newest))
        checkpoints.cosign(size=3, line=line_of(1, succession))
        with pytest.raises(verifier.NoteInvalid, match="and 0 did"):
            trust(witnesses=[witness(3)[1]]).check(note_of(newest))
        with pytest.raises(verifier.NoteInvalid, match="2 trusted witnesses must say so, and 1 did"):
            trust(witnesses=known(), required=2).check(note_of(newest))
        assert trust(witnesses=known()).check(note_of(newest)).checkpoint.size == newest.head_id
        forged = self.signed_by_the_lost_one(verifier.Checkpoint(configured.CHECKPOINT_ORIGIN, 2, bytes(32)).text)
        with pytest.raises(verifier.NoteInvalid, match="A lost key signed this, and no witness"):
            trust(witnesses=known()).check(forged)
        assert violated() == set()

    @pytest.fixture(autouse=True)
    def _the_thief_has_a_copy(self, witnessed, folder):
        self.copy = keys.read(folder / "key.pem")

    def signed_by_the_lost_one(self, text):
        return str(verifier.Note(text, (verifier.sign(text, configured.CHECKPOINT_ORIGIN, self.copy),)))


class TestCosignatures:
    def test_the_first_line_of_a_known_witness_is_kept_and_stands(self, witnessed):
        for at_s in (1_790_000_000, 1_790_000_001):
            checkpoints.cosign(size=3, line=f"  {line_of(1, witnessed, at_s=at_s)}\n")
        checkpoints.cosign(size=3, line=line_of(2, witnessed))

        assert Signature.objects.filter(witness=True).count() == 2
        attested = trust(witnesses=known(), required=2).check(note_of(witnessed))
        assert {(key.name, at_s) for key, at_s in attested.cosigners} == {
            ("witness1.example", 1_790_000_000),
            ("witness2.example", 1_790_000_000),
        }
        assert violated() == set()

    def test_a_stranger_a_forger_and_the_log_itself_are_refused(self, witnessed, folder):
        private, key = witness(1)
        elsewhere = verifier.Checkpoint(configured.CHECKPOINT_ORIGIN, 3, bytes(32)).text
        forged = verifier.Signature(key.name, key.key_id, bytes(7) + b"\x01" + bytes(64))
        ours = verifier.sign(witnessed.text, configured.CHECKPOINT_ORIGIN, keys.read(folder / "key.pem"))
        plain = verifier.Signature(key.name, key.key_id, private.sign(witnessed.text.encode()))
        for line, refusal in (
            (line_of(3, witnessed), WitnessUnknown),
            (line_of(3, witnessed, name="witness1.example"), WitnessUnknown),
            (str(ours), WitnessUnknown),
            (str(forged), CosignatureInvalid),
            (str(plain), CosignatureInvalid),
            (str(verifier.cosign(elsewhere, key.name, private, 1)), CosignatureInvalid),
            ("", CosignatureInvalid),
            ("— witness1.example", CosignatureInvalid),
            (f"{line_of(1, witnessed)}\n{line_of(2, witnessed)}", CosignatureInvalid),
            (f"x\n\n{line_of(1, witnessed)}", CosignatureInvalid),
            ("\0", CosignatureInvalid),
        ):
            with pytest.raises(refusal):
                checkpoints.cosign(size=3, line=line)
        assert not Signature.objects.filter(witness=True).exists()

    def test_a_line_belongs_to_its_checkpoint(self, witnessed):
        grow()
        later = checkpoints.sign()

        with pytest.raises(CosignatureInvalid):
            checkpoints.cosign(size=4, line=line_of(1, witnessed))
        with pytest.raises(PositionUnknown):
            checkpoints.cosign(size=2, line=line_of(1, witnessed))
        checkpoints.cosign(size=3, line=line_of(1, witnessed))
        checkpoints.cosign(size=4, line=line_of(1, later))
        assert later.signatures.filter(witness=True).count() == 1

    def test_of_a_checkpoint_and_a_succession_of_the_same_size_it_takes_the_one_that_was_cosigned(self, witnessed):
        succession = rotate()
        assert succession.head_id == witnessed.head_id == 3

        assert checkpoints.cosign(size=3, line=line_of(1, succession)).checkpoint == succession
        assert checkpoints.cosign(size=3, line=line_of(2, witnessed)).checkpoint == witnessed


class TestRequiredWitnesses:
    def test_receipts_and_final_runs_wait_for_as_many_as_are_required(self, witnessed, settings):
        settings.WITNESSES_REQUIRED = 2
        for cosigner in (1, 2):
            with pytest.raises(ReceiptNotReady) as refused:
                receipt(2)
            assert refused.value.code == "receipt_is_not_ready"
            with pytest.raises(CutOffNotWitnessed):
                require_witnesses(2)
            checkpoints.cosign(size=3, line=line_of(cosigner, witnessed))
        grow()
        checkpoints.sign()

        require_witnesses(3)
        proven = verifier.check_receipt(
            receipt(2), [verifier.VerifierKey.parse(verifier_keys()[0])], witnesses=known(), witnesses_required=2
        )
        assert (proven.size, len(proven.cosigners)) == (3, 2), "the newest that was cosigned enough"
        with pytest.raises(ReceiptNotReady):
            receipt(4)
        with pytest.raises(CutOffNotWitnessed):
            require_witnesses(4)
        settings.WITNESSES_REQUIRED = 0
        require_witnesses(10**6)
        assert verifier.Note.parse(receipt(4)["checkpoint"]).text.splitlines()[1] == str(tree_size())

    def test_a_witness_with_two_names_is_one(self, witnessed, settings):
        settings.WITNESSES = [str(witness(1, name)[1]) for name in ("one.example", "two.example")]
        for name in ("one.example", "two.example"):
            checkpoints.cosign(size=3, line=line_of(1, witnessed, name))

        both = [witness(1, name)[1] for name in ("one.example", "two.example")]
        assert len(trust(witnesses=both).check(note_of(witnessed)).cosigners) == 1
        assert checkpoint_over(1, cosignatures=1) == witnessed
        assert checkpoint_over(1, cosignatures=2) is None

    def test_the_log_is_no_witness_of_itself(self, witnessed, settings, folder):
        private = keys.read(folder / "key.pem")
        settings.WITNESSES = [str(verifier.public_key("self.example", private, verifier.COSIGNATURE))]
        line = str(verifier.cosign(witnessed.text, "self.example", private, 1))
        checkpoints.cosign(size=3, line=line)

        assert checkpoint_over(1, cosignatures=1) is None

    def test_a_witness_that_is_known_no_more_does_not_count(self, witnessed, settings):
        checkpoints.cosign(size=3, line=line_of(1, witnessed))
        assert checkpoint_over(1, cosignatures=1) == witnessed

        settings.WITNESSES = settings.WITNESSES[1:]
        assert checkpoint_over(1, cosignatures=1) is None
        settings.WITNESSES = []
        assert checkpoint_over(1, cosignatures=1) is None
