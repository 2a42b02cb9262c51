"""Notes, keys, checkpoints and leaves: what others published verifies, and what is malformed is refused by name."""

import base64
import hashlib
import json

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from sealed import ORIGIN, log_key, private, signed, small_log, witness_key

from ledger.log import verifier
from ledger.log.verifier import (
    EMPTY_ROOT,
    Checkpoint,
    Note,
    NoteInvalid,
    NotProven,
    Signature,
    VerifierKey,
    canonical,
    leaf_data,
    sign,
    verified,
)

# Source: the example of golang.org/x/mod/sumdb/note, which C2SP signed-note describes.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETERS_KEY = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PETERS_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETERS_NOTE = f"""{PETERS_TEXT}
— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
"""
# Source: a checkpoint that the log arche2025h1 and four witnesses published in May 2026.
ARCHE = "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"
REMORA = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
COSIGNED = """arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

— arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=
— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
— transparency.dev/DEV:witness-little-garden 2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==
— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==
"""  # noqa: E501
# Source: the example of C2SP tlog-cosignature, whose keys were not published.
SOFA = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
"""  # noqa: E501


def test_the_published_note_verifies_and_signs_to_the_same_bytes():
    key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(PETERS_KEY)[1:])

    assert verified(Note.parse(PETERS_NOTE), [VerifierKey.parse(PETER)]) == [(VerifierKey.parse(PETER), None)]
    assert str(Note(PETERS_TEXT, (sign(PETERS_TEXT, "PeterNeumann", key),))) == PETERS_NOTE
    assert VerifierKey.parse(PETER).key_id.hex() == "c74f20a3"


def test_a_published_checkpoint_verifies_with_its_cosignature_and_its_time():
    log, cosigner = VerifierKey.parse(ARCHE), VerifierKey.parse(REMORA)
    note = Note.parse(COSIGNED)

    assert verified(note, [log, cosigner]) == [(log, None), (cosigner, 1779573024)]
    assert Checkpoint.parse(note.text).size == 1432088532


@pytest.mark.parametrize("text", [PETERS_NOTE, COSIGNED, SOFA])
def test_published_notes_read_and_write_to_the_same_text(text):
    assert str(Note.parse(text)) == text


def test_the_example_of_the_specification_says_when_it_was_cosigned():
    cosignature = Note.parse(SOFA).signatures[1]

    assert int.from_bytes(cosignature.blob[:8]) == 1679315147
    assert len(cosignature.blob) == 72


def test_changing_any_letter_of_a_signed_text_is_found():
    for at, letter in enumerate(PETERS_TEXT[:-1]):
        changed = PETERS_NOTE[:at] + chr(ord(letter) ^ 1) + PETERS_NOTE[at + 1 :]
        with pytest.raises(NoteInvalid):
            verified(Note.parse(changed), [VerifierKey.parse(PETER)])


def test_unknown_signatures_are_ignored_even_if_they_share_a_name_or_an_id():
    key = log_key(1)
    good = sign("text\n", ORIGIN, private(1))
    strange = (Signature(ORIGIN, b"1234", b"x" * 64), Signature("other", key.key_id, b"x" * 64))

    assert verified(Note("text\n", (*strange, good)), [key]) == [(key, None)]
    assert verified(Note("text\n", strange), [key]) == []


@pytest.mark.parametrize("blob", [b"", b"x" * 63, b"x" * 64, b"x" * 65, b"\0" * 64, b"x" * 72])
def test_a_false_signature_under_a_known_name_and_id_refuses_the_note(blob):
    key = log_key(1)
    good = sign("text\n", ORIGIN, private(1))

    with pytest.raises(NoteInvalid, match="was changed"):
        verified(Note("text\n", (good, Signature(ORIGIN, key.key_id, blob))), [key])


def test_a_cosignature_has_another_id_and_cannot_pass_for_a_signature():
    checkpoint = small_log().checkpoint()
    cosignature = verifier.cosign(checkpoint.text, ORIGIN, private(1), 5)
    plain = f"cosignature/v1\ntime 5\n{checkpoint.text}"
    forged = Note(plain, (Signature(ORIGIN, log_key(1).key_id, cosignature.blob[8:]),))

    assert cosignature.key_id != log_key(1).key_id
    with pytest.raises(NoteInvalid):
        verified(forged, [log_key(1)])
    with pytest.raises(NoteInvalid, match="forge"):
        sign(plain, ORIGIN, private(1))


def test_the_time_of_a_cosignature_is_signed():
    checkpoint = small_log().checkpoint()
    true = verifier.cosign(checkpoint.text, "audit", private(9), 1_790_000_000)
    later = Signature(true.name, true.key_id, (1_890_000_000).to_bytes(8) + true.blob[8:])

    assert verified(Note(checkpoint.text, (true,)), [witness_key(9, "audit")])[0][1] == 1_790_000_000
    with pytest.raises(NoteInvalid):
        verified(Note(checkpoint.text, (later,)), [witness_key(9, "audit")])


def test_a_key_that_is_mistyped_anywhere_is_refused():
    for at, letter in enumerate(PETER):
        with pytest.raises(NoteInvalid):
            VerifierKey.parse(PETER[:at] + chr(ord(letter) + 1) + PETER[at + 1 :])
    for start in range(len(PETER)):
        with pytest.raises(NoteInvalid):
            VerifierKey.parse(PETER[start + 1 :])
        with pytest.raises(NoteInvalid):
            VerifierKey.parse(PETER[:start])


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u3000b", "a\u2028b", "a\nb", "a\tb", "\ud800"])
def test_a_name_that_cannot_stand_in_a_signature_is_refused(name):
    with pytest.raises(NoteInvalid):
        VerifierKey(name, 1, b"k" * 32)


def test_keys_with_which_anybody_could_sign_are_refused():
    field = 2**255 - 19
    prime_factor = -121665 * pow(121666, -1, field) % field

    def doubled(x: int, y: int) -> tuple[int, int]:
        both = prime_factor * x * x * y * y % field
        return 2 * x * y * pow(1 + both, -1, field) % field, (y * y + x * x) * pow(1 - both, -1, field) % field

    for y in verifier.SMALL_ORDER:
        square = (y * y - 1) * pow(prime_factor * y * y + 1, -1, field) % field
        x = pow(square, (field + 3) // 8, field)
        x = x if x * x % field == square else x * pow(2, (field - 1) // 4, field) % field
        assert x * x % field == square
        point = (x, y % field)
        for _ in range(3):
            point = doubled(*point)
        assert point == (0, 1), "eight times the point is nothing"
        for sign_bit in (0, 2**255):
            with pytest.raises(NoteInvalid, match="Anybody could sign"):
                VerifierKey("log", 1, (y + sign_bit).to_bytes(32, "little"))


GOOD = "— log AAAAAAAAAAA="


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "text\n",
        "text\n\n",
        f"text\n{GOOD}\n",
        f"text\n\n{GOOD}",
        f"\n\n{GOOD}\n",
        f"text\r\n\n{GOOD}\n",
        "text\n\n- log AAAAAAAAAAA=\n",
        "text\n\n—log AAAAAAAAAAA=\n",
        "text\n\n— log  AAAAAAAAAAA=\n",
        f"text\0\n\n{GOOD}\n",
        "text\n\n— log AAAAAAAAAAA\n",
        "text\n\n— log AAAAAAAAAAB=\n",
        "text\n\n— log AAAA\n",
        "text\n\n— lo+g AAAAAAAAAAA=\n",
        "text\n\n— lo\u2028g AAAAAAAAAAA=\n",
        f"text\n\n{GOOD}\nmore\n",
        "text\n\n" + f"{GOOD}\n" * 101,
        f"\ud800\n\n{GOOD}\n",
        "x" * 1_000_000 + f"\n\n{GOOD}\n",
    ],
    ids=map(str, range(99)),
)
def test_a_malformed_note_is_refused(text):
    with pytest.raises(NoteInvalid):
        Note.parse(text)


def test_a_note_takes_a_hundred_signatures_and_a_text_with_empty_lines():
    note = Note.parse("one\n\ntwo\u2028three\n\n" + f"{GOOD}\n" * 100)

    assert note.text == "one\n\ntwo\u2028three\n"
    assert len(note.signatures) == 100


ROOT = base64.b64encode(b"r" * 32).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "log\n",
        f"log\n1\n{ROOT}",
        f"\n1\n{ROOT}\n",
        f"log\n01\n{ROOT}\n",
        f"log\n+1\n{ROOT}\n",
        f"log\n１\n{ROOT}\n",
        f"log\n-1\n{ROOT}\n",
        f"log\n1 \n{ROOT}\n",
        f"log\n1_0\n{ROOT}\n",
        f"log\n9999999999999999999\n{ROOT}\n",
        f"log\n{'9' * 5000}\n{ROOT}\n",
        f"log\n1\n{ROOT}\n\n",
        f"log\n1\n{ROOT}\n\nmore\n",
        f"log\n1\n{ROOT[:-1]}\n",
        f"log\n1\n{base64.b64encode(b'r' * 31).decode()}\n",
        f"log\n1\n{ROOT[:-2]}J=\n",
        f"log\n0\n{ROOT}\n",
        f"log\n1\n{ROOT}\nmo\tre\n",
        f"log\r\n1\r\n{ROOT}\r\n",
    ],
    ids=map(str, range(99)),
)
def test_a_malformed_checkpoint_is_refused(text):
    with pytest.raises(NoteInvalid):
        Checkpoint.parse(text)


@given(
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1),
    st.integers(1, 2**63 - 1),
    st.binary(min_size=32, max_size=32),
    st.lists(st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1), max_size=3),
)
def test_a_checkpoint_reads_as_it_was_written(origin, size, root, extensions):
    checkpoint = Checkpoint(origin, size, root, tuple(extensions))

    assert Checkpoint.parse(checkpoint.text) == checkpoint


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": ""},
        {"origin": "a\nb"},
        {"size": -1},
        {"size": 2**63},
        {"root": b"r"},
        {"extensions": ("",)},
        {"extensions": ("a\nb",)},
        {"size": 0},
    ],
)
def test_a_checkpoint_that_could_not_be_read_back_cannot_be_made(wrong):
    with pytest.raises(NoteInvalid):
        Checkpoint(**{"origin": "log", "size": 1, "root": b"r" * 32, **wrong})


def test_an_empty_log_has_a_checkpoint():
    assert Checkpoint.parse(Checkpoint("log", 0, EMPTY_ROOT).text).size == 0


@given(
    st.text()
    | st.text("—  \nlogA=+/0123456789")
    | st.sampled_from([PETERS_NOTE, SOFA]).flatmap(
        lambda note: st.tuples(st.integers(0, len(note)), st.text(max_size=3)).map(
            lambda cut: note[: cut[0]] + cut[1] + note[cut[0] + 1 :]
        )
    )
)
@settings(max_examples=400)
def test_whatever_is_read_as_a_note_is_refused_or_reads_back(text):
    for read in (Note.parse, Checkpoint.parse, VerifierKey.parse, verifier.Succession.parse):
        try:
            value = read(text)
        except NoteInvalid:
            continue
        assert (value.text if isinstance(value, Checkpoint) else str(value)) == text


texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


@given(values)
@settings(max_examples=400)
def test_canonical_json_is_that_of_rfc_8785(value):
    assert canonical(value) == rfc8785.dumps(value)
    assert verifier.parse_json(canonical(value), "it") == value


def test_names_are_sorted_by_their_utf16_units():
    assert canonical({"\ufb33": 1, "\U0001f600": 2}) == '{"\U0001f600":2,"\ufb33":1}'.encode()


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        0.0,
        float("nan"),
        2**53,
        -(2**53),
        b"x",
        {1: 2},
        {"a": {1, 2}},
        "\ud800",
        {"\udfff": 1},
        [object()],
        10**5000,
        json.loads("[" * 66 + "]" * 66),
    ],
    ids=map(str, range(99)),
)
def test_what_programs_could_write_differently_is_refused(value):
    with pytest.raises(NotProven):
        canonical(value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b'{"a":1,"a":1}',
        b'{"a":{"b":1,"b":2}}',
        b"NaN",
        b"[Infinity]",
        b"-Infinity",
        b"1.0",
        b"1e5",
        b"\xff",
        b'"\xc3\x28"',
        b"9007199254740992",
        b"1" * 5000,
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"1 2",
        b"\xef\xbb\xbf1",
        b"'a'",
        b'"\x00"',
    ],
    ids=map(str, range(99)),
)
def test_json_that_two_programs_could_read_differently_is_refused(data):
    with pytest.raises(NotProven, match="it is not the JSON"):
        verifier.parse_json(data, "it")


@given(st.binary() | st.text('{}[]",:0123456789.eE-+ntf \\u"').map(str.encode))
@settings(max_examples=400)
def test_whatever_is_read_as_json_is_refused_or_can_be_written(data):
    try:
        value = verifier.parse_json(data, "it")
        canonical(value)
    except NotProven:
        return


def test_a_leaf_hides_its_content_and_binds_it():
    salt, content = bytes(range(16)), b'{"digest":"00"}'
    commitment = hashlib.sha256(salt + content).hexdigest()

    written = f'{{"commitment":"{commitment}","kind":"document.kept","suite":"sha256-ed25519","version":1}}'
    assert leaf_data("document.kept", salt, content) == written.encode()
    assert rfc8785.dumps(json.loads(leaf_data("件.kept", salt, content))) == leaf_data("件.kept", salt, content)


@pytest.mark.parametrize("salt", [b"", b"x" * 15, b"x" * 17])
def test_a_salt_of_another_length_is_refused_because_it_could_move_into_the_content(salt):
    with pytest.raises(NotProven, match="16 bytes"):
        leaf_data("kind", salt, b"{}")


def test_signing_what_is_no_note_is_refused():
    for text in ("no end", "tab\t\n", "\ud800\n"):
        with pytest.raises(NoteInvalid):
            sign(text, ORIGIN, private(1))
    with pytest.raises(NoteInvalid):
        verifier.cosign("no checkpoint\n", "audit", private(1), 5)
    assert signed("text\n", 1).startswith("text\n\n— ")
