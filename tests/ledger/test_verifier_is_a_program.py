"""The verifier as a program: one copied file in an empty folder, run as an auditor or a witness runs it."""

import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from sealed import entry, log_key, private, signed, small_log, witness_key

from ledger.log import verifier

KEY, AUDIT = str(log_key(1)), str(witness_key(8, "audit.example"))
LOG = small_log(20)


@pytest.fixture
def desk(tmp_path):
    """An empty folder with the one file in it."""
    shutil.copy(verifier.__file__, tmp_path / "verifier.py")
    return tmp_path


def run(desk: Path, *arguments: str, text: bool = True) -> subprocess.CompletedProcess:
    command = [sys.executable, "-I", "verifier.py", *arguments]
    done = subprocess.run(
        command,
        cwd=desk,
        capture_output=True,
        text=text,
        check=False,
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
    )
    assert "Traceback" not in str(done.stderr)
    return done


def save(desk: Path, name: str, value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    (desk / name).write_text(text, encoding="utf-8")
    return name


def test_it_imports_nothing_but_python_and_cryptography(desk):
    # What Python itself had loaded before, such as a distribution's sitecustomize, is not of the verifier.
    script = "import sys; had = {*sys.modules}; sys.path.insert(0, '.'); import verifier; print(*{*sys.modules} - had)"
    done = subprocess.run([sys.executable, "-I", "-c", script], cwd=desk, capture_output=True, text=True, check=True)

    names = {name.partition(".")[0] for name in done.stdout.split()} - set(sys.stdlib_module_names)
    foreign = {name for name in names if not name.startswith("_")}
    assert foreign <= {"verifier", "cryptography"}


def test_a_receipt_is_read_as_a_person_reads_it(desk):
    (desk / "usage.csv").write_bytes(b"file 8")
    receipt = save(desk, "receipt.json", LOG.receipt(8, note=LOG.note(witnesses=((8, "audit.example"),))))
    done = run(desk, "receipt", receipt, "--key", KEY, "--witness", AUDIT, "--file", "usage.csv")

    assert done.returncode == 0
    digest = hashlib.sha256(b"file 8").hexdigest()
    assert done.stdout.splitlines() == [
        "Proven: document.kept stands at position 8 of 20.",
        f"  signed by    {KEY}",
        "  cosigned by  audit.example at 2026-09-21T14:13:20+00:00",
        f'  content      {{"digest":"{digest}","name":"用量-8.csv","number":2,"submitter":"north"}}',
        "  file         usage.csv is the one: its SHA-256 is the digest.",
    ]


def test_another_file_is_not_what_the_receipt_is_about(desk):
    (desk / "usage.csv").write_bytes(b"file 9")
    done = run(desk, "receipt", save(desk, "r.json", LOG.receipt(8)), "--key", KEY, "--file", "usage.csv")

    assert done.returncode == 1
    assert done.stdout.startswith("Not proven: usage.csv is not what this receipt is about")


def test_a_witness_that_is_named_must_have_signed(desk):
    receipt = save(desk, "r.json", LOG.receipt(8))

    done = run(desk, "receipt", receipt, "--key", KEY, "--witness", AUDIT)
    assert (done.returncode, done.stdout) == (1, "Not proven: 1 trusted witnesses are required, and 0 signed.\n")
    assert run(desk, "receipt", receipt, "--key", KEY, "--witness", AUDIT, "--required", "0").returncode == 0


def test_a_file_of_keys_and_a_known_succession_are_taken(desk):
    save(desk, "trust.txt", f"--key\n{KEY}\n--witness\n{AUDIT}\n--required\n0\n")
    save(desk, "succession.txt", LOG.succession(10, 1, 2, "rotated", 1, 2))
    receipt = save(desk, "r.json", LOG.receipt(8))

    assert run(desk, "receipt", receipt, "@trust.txt").returncode == 0
    done = run(desk, "receipt", receipt, "@trust.txt", "--succession", "succession.txt")
    assert "Not proven: The key was rotated at size 10 and signed size 20: this is forged." in done.stdout


def test_what_a_terminal_could_take_for_a_command_is_shown_as_its_code(desk):
    log = small_log(3)
    log.records[2] = ("note\u202e.made", {"text": "\x9b31m\x1b[2J"})
    done = run(desk, "receipt", save(desk, "r.json", log.receipt(3)), "--key", KEY)

    assert done.returncode == 0
    assert "note\\u202e.made" in done.stdout
    assert not set("\x9b\x1b\u202e") & set(done.stdout)


@pytest.mark.parametrize(
    "content",
    ["", "{", "[" * 100_000, '{"a":1,"a":1}', "NaN", "null", '{"format":' + "1" * 9999 + "}", "\ud800"],
    ids=map(str, range(8)),
)
def test_hostile_files_are_not_proven_and_leave_no_traceback(desk, content):
    (desk / "hostile").write_bytes(content.encode("utf-8", "surrogatepass"))
    save(desk, "old", LOG.note())
    (desk / "key.pem").write_bytes(pem(8))
    for arguments in (("receipt", "hostile"), ("consistency", "hostile", "hostile"), ("consistency", "old", "hostile")):
        done = run(desk, *arguments, "--key", KEY)
        assert (done.returncode, done.stdout[:12]) == (1, "Not proven: ")
    assert run(desk, "cosign", "hostile", *witnessing()).returncode == 1
    (desk / "folder").mkdir()
    (desk / "hostile").rename(desk / "folder" / "manifest.json")
    assert run(desk, "export", "folder", "--key", KEY).returncode == 1


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("receipt",),
        ("receipt", "r.json"),
        ("receipt", "nowhere.json", "--key", KEY),
        ("receipt", ".", "--key", KEY),
        ("receipt", "r.json", "--key", KEY[:-1]),
        ("receipt", "r.json", "--key", AUDIT),
        ("export", "nowhere", "--key", KEY),
        ("receipt", "r.json", "--key", KEY, "--witness", KEY),
        ("receipt", "r.json", "--key", KEY, "--required", "1"),
        ("receipt", "r.json", "--key", KEY, "--required", "-1"),
        ("receipt", "r.json", "--key", KEY, "--file", "nowhere"),
        ("consistency", ".", "r.json", "--key", KEY),
        ("receipt", "r.json", "@nowhere"),
        ("forge",),
        ("receipt", "r.json", "--key", KEY, "--witness", AUDIT, "--witness", AUDIT, "--required", "2"),
    ],
    ids=map(str, range(16)),
)
def test_calling_it_wrongly_is_said_apart(desk, arguments):
    save(desk, "r.json", LOG.receipt(8))
    done = run(desk, *arguments)

    assert done.returncode == 2
    assert done.stderr


def test_help_says_what_there_is(desk):
    done = run(desk, "--help")
    assert done.returncode == 0
    assert "0 proven, 1 not proven, 2 called wrongly" in " ".join(done.stdout.split())


def test_consistency_of_checkpoints_proofs_and_exports(desk):
    old, proof = save(desk, "old.checkpoint", LOG.note(7)), save(desk, "proof.json", LOG.proof(7))
    LOG.export(desk / "new")
    small_log(9).export(desk / "old")
    forged = small_log(20)
    forged.records[2] = ("entry.posted", entry(3, "1", number=3))
    forged.export(desk / "forged")

    for arguments in ((old, proof), (old, "new"), ("old", "new")):
        done = run(desk, "consistency", *arguments, "--key", KEY)
        assert done.returncode == 0
        assert done.stdout.startswith("Proven: the 20 leaves of quanbu.example/log continue the older ones.\n")
    done = run(desk, "consistency", old, "forged", "--key", KEY)
    assert done.returncode == 1
    assert "Not proven: Of the 7 leaves of the older checkpoint at least one was changed, from 1 on." in done.stdout
    done = run(desk, "consistency", "old", "forged", "--key", KEY)
    assert "Not proven: Position 3 differs: entry.posted in the older export" in done.stdout


def test_an_export_is_read_as_a_person_reads_it(desk):
    LOG.export(desk / "export")
    done = run(desk, "export", "export", "--key", KEY)

    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "Proven: 20 leaves of quanbu.example/log, whole and in order, 0 withheld.",
        f"  signed by    {KEY}",
        "  entries move 2 accounts",
    ]
    assert done.stderr == "", "progress is for terminals"


# Witnesses


def pem(seed: int) -> bytes:
    return private(seed).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def witnessing(*more: str, log: str = KEY) -> tuple[str, ...]:
    return ("--key", "key.pem", "--name", "audit.example", "--log", log, "--state", "state", *more)


@pytest.fixture
def office(desk):
    """The desk of an audit office with its key, after the first checkpoint of 7 leaves."""
    (desk / "key.pem").write_bytes(pem(8))
    done = run(desk, "cosign", save(desk, "first", LOG.note(7)), *witnessing())
    assert done.returncode == 0
    assert done.stderr == "First checkpoint of quanbu.example/log: its 7 leaves are trusted as they are.\n"
    return desk


def test_a_witness_cosigns_what_continues_the_last_checkpoint(office):
    before = time.time_ns() // 10**9
    save(office, "new", LOG.note())
    done = run(office, "cosign", "new", *witnessing("--proof", save(office, "proof.json", LOG.proof(7))))

    assert (done.returncode, done.stderr) == (0, "")
    note = verifier.Note.parse(LOG.note() + done.stdout)
    [(key, at_s)] = verifier.verified(note, [witness_key(8, "audit.example")])
    assert str(key) == AUDIT
    assert before <= at_s <= time.time_ns() // 10**9
    assert (office / "state").read_text() == LOG.note()
    assert stat.S_IMODE((office / "state").stat().st_mode) == 0o600
    assert sorted(path.name for path in office.iterdir()) == [
        "first",
        "key.pem",
        "new",
        "proof.json",
        "state",
        "verifier.py",
    ]


def test_a_witness_signs_the_same_checkpoint_again(office):
    done = run(office, "cosign", "first", *witnessing())
    assert (done.returncode, done.stderr) == (0, "")


FORGED = small_log(20)
FORGED.records[2] = ("document.kept", {"digest": "00" * 32})


@pytest.mark.parametrize(
    ("note", "proof", "words"),
    [
        (LOG.note(6), None, "A log never goes back: it had 7 leaves, and here are 6"),
        (LOG.note(), None, "--proof must show"),
        (FORGED.note(7), None, "Two roots of 7 leaves differ"),
        (LOG.note(), LOG.proof(6), "The proof is not from 7 leaves to 20"),
        (FORGED.note(), FORGED.proof(7), "do not begin with the 7 of before: history was changed"),
        (FORGED.note(), LOG.proof(7), "history was changed"),
        (LOG.note(), {}, "lacks or garbles"),
        (signed(LOG.checkpoint().text, 2), LOG.proof(7), "No trusted key signed"),
        (LOG.note().replace("20\n", "21\n"), LOG.proof(7), "was changed"),
        (signed(LOG.checkpoint(None, "and more").text, 1), LOG.proof(7), "A succession has three more lines"),
    ],
    ids=map(str, range(10)),
)
def test_a_witness_signs_nothing_else_and_remembers_nothing_of_it(office, note, proof, words):
    more = () if proof is None else ("--proof", save(office, "proof.json", proof))
    done = run(office, "cosign", save(office, "new", note), *witnessing(*more))

    assert done.returncode == 1
    assert words in done.stdout
    assert "— audit" not in done.stdout
    assert (office / "state").read_text() == LOG.note(7)
    assert not (office / "state.new").exists()


def test_a_witness_hands_a_log_on_only_when_told_that_it_is_so(office):
    proof = ("--proof", save(office, "proof.json", LOG.proof(7)))
    save(office, "new", LOG.succession(20, 1, 2, "lost", 2))

    assert "No trusted key signed" in run(office, "cosign", "new", *witnessing(*proof)).stdout
    save(office, "stolen", LOG.succession(20, 1, 2, "lost", 1, 2))
    done = run(office, "cosign", "stolen", *witnessing(*proof))
    assert f"This hands the log to the key {log_key(2)} (lost). Ask the log by another way" in done.stdout
    other = ("--succession", str(log_key(3)))
    assert run(office, "cosign", "stolen", *witnessing(*proof, *other)).returncode == 1
    done = run(office, "cosign", "new", *witnessing(*proof, "--succession", str(log_key(2))))
    assert done.returncode == 0
    note = (office / "new").read_text() + done.stdout
    assert verifier.trusted_after([log_key(1)], [note], [witness_key(8, "audit.example")], 1) == [log_key(2)]


def test_a_witness_goes_on_under_the_new_key(office):
    save(office, "new", signed(LOG.checkpoint().text, 2))
    proof = ("--proof", save(office, "proof.json", LOG.proof(7)))
    assert run(office, "cosign", "new", *witnessing(*proof, log=str(log_key(2)))).returncode == 0


def test_a_log_is_no_witness_of_itself(office):
    (office / "key.pem").write_bytes(pem(1))
    assert "A log is no witness of itself" in run(office, "cosign", "first", *witnessing()).stdout


def test_two_cosign_at_once_never(office):
    (office / "state.new").write_text("")
    done = run(office, "cosign", "first", *witnessing())

    assert done.returncode == 1
    assert "another cosign runs, or one was cut off" in done.stdout


def test_a_state_that_was_damaged_is_not_overwritten(office):
    (office / "state").write_text("damaged")
    assert run(office, "cosign", "first", *witnessing()).returncode == 1
    assert (office / "state").read_text() == "damaged"


def test_the_first_checkpoint_may_be_empty_and_is_continued_by_anything(desk):
    (desk / "key.pem").write_bytes(pem(8))
    assert run(desk, "cosign", save(desk, "empty", small_log(0).note()), *witnessing()).returncode == 0
    assert run(desk, "cosign", save(desk, "new", LOG.note()), *witnessing()).returncode == 0
    assert run(desk, "cosign", "empty", *witnessing()).returncode == 1


def test_a_new_key_is_read_by_its_owner_alone_and_never_overwritten(desk):
    done = run(desk, "keygen", "--name", "audit.example", "--out", "key.pem")
    log, cosigner = (verifier.VerifierKey.parse(line.split()[-1]) for line in done.stdout.splitlines())

    assert stat.S_IMODE((desk / "key.pem").stat().st_mode) == 0o600
    assert (log.algorithm, cosigner.algorithm, log.public_key) == (1, 4, cosigner.public_key)
    assert verifier.public_key("audit.example", verifier.read_private_key(desk / "key.pem")) == log
    assert run(desk, "keygen", "--name", "audit.example", "--out", "key.pem").returncode == 2
    assert run(desk, "keygen", "--name", "audit office", "--out", "other.pem").returncode == 1
    assert not (desk / "other.pem").exists()


@pytest.mark.parametrize("content", [b"", b"key", pem(8)[:50]])
def test_a_file_that_is_no_key_is_refused(desk, content):
    (desk / "key.pem").write_bytes(content)
    done = run(desk, "cosign", save(desk, "first", LOG.note(7)), *witnessing())

    assert done.returncode == 1
    assert "key.pem is no private key in PEM without a password" in done.stdout


def test_the_application_can_run_it_too(desk, capsys, monkeypatch):
    monkeypatch.chdir(desk)
    save(desk, "r.json", LOG.receipt(8))
    save(desk, "old", LOG.note(7))
    save(desk, "proof.json", LOG.proof(7))
    LOG.export(desk / "export")
    (desk / "key.pem").write_bytes(pem(8))

    for arguments in (
        ("receipt", "r.json", "--key", KEY),
        ("consistency", "old", "proof.json", "--key", KEY),
        ("consistency", "old", "export", "--key", KEY),
        ("consistency", "export", "export", "--key", KEY),
        ("export", "export", "--key", KEY),
        ("cosign", "old", *witnessing()),
        ("keygen", "--name", "log", "--out", "new.pem"),
    ):
        assert verifier.main(arguments) == 0
    assert verifier.main(("receipt", "old", "--key", KEY)) == 1
    assert verifier.main(("receipt", "nowhere", "--key", KEY)) == 2
    assert "Not proven: old is not the JSON" in capsys.readouterr().out
