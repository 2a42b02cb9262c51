"""An export and a receipt that the application made are proven by a program that shares but one file with it."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from bookkeeping import begun, entry, post, voucher
from django.core.management import call_command

from ledger.exports.services import export
from ledger.log import keys, verifier
from ledger.log import services as log
from ledger.log.checkpoints import sign
from ledger.log.proofs import consistency, receipt
from ledger.log.selectors import note_of, verifier_keys

pytestmark = [pytest.mark.database, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def key(settings, tmp_path):
    settings.CHECKPOINT_KEY_FILE = str(tmp_path / "key.pem")
    keys.make(tmp_path / "key.pem")


def verify(folder: Path, *arguments: object) -> tuple[int, str]:
    """Run the verifier as an outsider does: a copy in a folder of its own, isolated from our packages."""
    copy = folder / "elsewhere" / "verifier.py"
    copy.parent.mkdir(exist_ok=True)
    copy.write_bytes(Path(verifier.__file__).read_bytes())
    told = subprocess.run(
        [sys.executable, "-I", copy, *map(str, arguments), "--key", verifier_keys()[0]],
        cwd=copy.parent, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.stderr == ""
    return told.returncode, told.stdout


def history() -> None:
    """Post entries of every shape, among them one with texts that a spreadsheet would calculate and one taken back."""
    post(begun("i").entries)
    post([*voucher("V9", 500), entry("HOLD", ("B.Available[T26,V9]", "B.Held[T26,V9,O9]", 7), key="=1+1|'x")])
    post([entry("REVERSE", key="@back", reverses="=1+1|'x")])
    for number in range(3):
        log.record(kind="test.handed_in", subject=str(number), told={"n": number}, submitter="north")
    log.seal(sign_at_once=True)


def test_a_whole_export_is_proven(tmp_path):
    history()
    told = export("csv", tmp_path / "export")

    code, said = verify(tmp_path, "export", tmp_path / "export")

    assert code == 0, said
    assert said.startswith(f"Proven: {told.position} leaves of localhost/quanbu, whole and in order, 0 withheld.")
    assert "but" not in said


@pytest.mark.parametrize("table", ["accounts.csv", "entries.csv", "transfers.csv", "leaves.jsonl"])
def test_an_export_of_which_a_table_was_changed_with_its_digest_is_not(table, tmp_path):
    history()
    export("csv", tmp_path / "export")
    path = tmp_path / "export" / table
    path.write_bytes(path.read_bytes().replace(b"24000001", b"24000002", 1).replace(b"ISSUE,1", b"AWARD,1", 1))
    manifest = tmp_path / "export" / "manifest.json"
    document = json.loads(manifest.read_text())
    document["files"][table] |= {"sha256": sha256_of(path), "bytes": path.stat().st_size}
    manifest.write_text(json.dumps(document))

    code, said = verify(tmp_path, "export", tmp_path / "export")

    assert code == 1
    assert said.startswith("Not proven: ")


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_later_export_continues_an_earlier_one_and_its_checkpoint(tmp_path):
    history()
    export("csv", tmp_path / "before")
    post([entry("HOLD", ("B.Available[T26,V9]", "B.Held[T26,V9,O9]", 1))])
    log.seal(sign_at_once=True)
    export("csv", tmp_path / "after")

    assert verify(tmp_path, "consistency", tmp_path / "before", tmp_path / "after")[0] == 0
    assert verify(tmp_path, "consistency", tmp_path / "before" / "checkpoint.txt", tmp_path / "after")[0] == 0
    code, said = verify(tmp_path, "consistency", tmp_path / "after", tmp_path / "before")
    assert (code, "are missing from the newer export" in said) == (1, True)


def test_every_receipt_and_proof_is_proven(tmp_path):
    history()
    size = log.seal()
    for position in range(1, size + 1):
        (tmp_path / f"{position}.json").write_text(json.dumps(receipt(position)))
    keys_ = [verifier.VerifierKey.parse(text) for text in verifier_keys()]
    for position in range(1, size + 1):
        proven = verifier.check_receipt(json.loads((tmp_path / f"{position}.json").read_text()), keys_)
        assert (proven.position, proven.size) == (position, size)

    (tmp_path / "old.checkpoint").write_text(note_of(sign()))
    post([entry("HOLD", ("B.Available[T26,V9]", "B.Held[T26,V9,O9]", 1))])
    log.seal(sign_at_once=True)
    (tmp_path / "proof.json").write_text(json.dumps(consistency(size)))

    code, said = verify(tmp_path, "receipt", tmp_path / f"{size}.json")
    assert (code, f"position {size} of {size}" in said) == (0, True)
    assert verify(tmp_path, "consistency", tmp_path / "old.checkpoint", tmp_path / "proof.json")[0] == 0


def test_what_the_commands_print_is_what_the_verifier_reads(tmp_path, capsys):
    history()
    for name, arguments in {
        "receipt.json": ["receipt", "north/2"],
        "checkpoint": ["checkpoint"],
        "proof.json": ["checkpoint", "--since", "3"],
    }.items():
        call_command(*arguments)
        (tmp_path / name).write_text(capsys.readouterr().out)

    code, said = verify(tmp_path, "receipt", tmp_path / "receipt.json")
    assert (code, '"told":{"n":1}' in said) == (0, True)
    assert verify(tmp_path, "consistency", tmp_path / "checkpoint", tmp_path / "checkpoint")[0] == 1
    code, said = verify(tmp_path, "consistency", tmp_path / "checkpoint", tmp_path / "proof.json")
    assert (code, "The proof is not from" in said) == (1, True)
