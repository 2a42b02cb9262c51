"""Receipts and successions: what somebody with an old key, a database, or both can do, and what they cannot."""

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sealed import ORIGIN, Log, log_key, private, signed, small_log, witness_key

from ledger.log import verifier
from ledger.log.verifier import (
    Checkpoint,
    Note,
    NoteInvalid,
    NotProven,
    ProofInvalid,
    Signature,
    Succession,
    Trust,
    check_consistency,
    check_receipt,
    sign,
    trusted_after,
)

LOG = small_log(20)
K1, K2, K3, K4 = (log_key(seed) for seed in (1, 2, 3, 4))
AUDIT, BUREAU = witness_key(8, "audit.example"), witness_key(9, "bureau.example")
BOTH = ((8, "audit.example"), (9, "bureau.example"))


def at(seed: int, size: int | None = None, log: Log = LOG, **options) -> str:
    return signed(log.checkpoint(size).text, seed, **options)


def shown(position: int, seed: int, size: int | None = None, *succession: str, log: Log = LOG, **options) -> dict:
    return log.receipt(position, size, note=at(seed, size, log, **options), succession=succession)


def test_a_receipt_says_what_it_proves():
    proven = check_receipt(shown(8, 1, witnesses=BOTH), [K1], witnesses=[AUDIT, BUREAU], witnesses_required=2)

    assert (proven.kind, proven.position, proven.size) == ("document.kept", 8, 20)
    assert proven.content == LOG.records[7][1]
    assert proven.root == LOG.checkpoint().root
    assert proven.signers == (K1,)
    assert proven.cosigners == ((AUDIT, 1_790_000_000), (BUREAU, 1_790_000_000))
    assert proven.cautions == ()


@pytest.mark.parametrize("size", range(1, 21))
def test_every_position_of_every_size_has_a_receipt(size):
    for position in range(1, size + 1):
        assert check_receipt(shown(position, 1, size), [K1]).position == position


CHANGES = {
    "kind": "entry.posted",
    "content": {"digest": "00"},
    "salt": "00" * 16,
    "position": 9,
    "proof": [],
    "checkpoint": at(1, 19),
    "format": "quanbu.receipt/2",
    "suite": "sm3-sm2",
}


@pytest.mark.parametrize("member", CHANGES)
def test_a_receipt_with_anything_else_in_a_member_proves_nothing(member):
    with pytest.raises(NotProven):
        check_receipt({**shown(8, 1), member: CHANGES[member]}, [K1])


@pytest.mark.parametrize("member", [*CHANGES, "succession"])
@pytest.mark.parametrize("value", [None, 1, True, "x", "\ud800", [], [None], [1], {}, {"a": 1}, "00" * 16])
def test_a_receipt_of_the_wrong_shape_is_refused_with_a_sentence(member, value):
    receipt = {**shown(8, 1), member: value}
    if receipt == shown(8, 1):
        return
    with pytest.raises(NotProven, match=r"\.$"):
        check_receipt(receipt, [K1])
    receipt.pop(member)
    with pytest.raises(NotProven, match=rf"lacks or garbles {member}\.$"):
        check_receipt(receipt, [K1])


@pytest.mark.parametrize("document", [None, [], "receipt", 1])
def test_what_is_no_object_is_no_receipt(document):
    with pytest.raises(NotProven, match="is not a JSON object"):
        check_receipt(document, [K1])


def test_a_receipt_with_a_member_too_many_is_refused():
    with pytest.raises(NotProven, match="does not know: approved"):
        check_receipt({**shown(8, 1), "approved": True}, [K1])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.just("00" * 16),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(shown(8, 1))), json_values, min_size=1))
@settings(max_examples=300)
def test_no_damage_to_a_receipt_passes_or_crashes(changes):
    receipt = shown(8, 1)
    changed = {**copy.deepcopy(receipt), **changes}
    try:
        proven = check_receipt(changed, [K1])
    except NotProven:
        return
    assert {**changed, "succession": []} == receipt
    assert proven.position == 8


def test_a_receipt_of_a_log_that_nobody_trusts_proves_nothing():
    with pytest.raises(NoteInvalid, match="No trusted key signed"):
        check_receipt(shown(8, 2), [K1])
    with pytest.raises(NoteInvalid, match="No trusted key signed"):
        check_receipt(shown(8, 1), [])


def test_the_key_of_a_log_says_nothing_for_a_log_of_another_name():
    checkpoint = Checkpoint("quanbu.example/training", 20, LOG.checkpoint().root)
    note = str(Note(checkpoint.text, (sign(checkpoint.text, ORIGIN, private(1)),)))

    with pytest.raises(NoteInvalid, match=r"No trusted key signed the checkpoint of quanbu.example/training"):
        check_receipt(LOG.receipt(8, note=note), [K1])


def test_a_signature_from_another_checkpoint_does_not_carry_over():
    other = Note.parse(at(1, 19))
    moved = str(Note(LOG.checkpoint().text, other.signatures))

    with pytest.raises(NoteInvalid, match="was changed"):
        check_receipt(LOG.receipt(8, note=moved), [K1])


# Witnesses


def test_missing_witnesses_are_counted():
    with pytest.raises(NoteInvalid, match="2 trusted witnesses are required, and 1 signed"):
        check_receipt(shown(8, 1, witnesses=BOTH[:1]), [K1], witnesses=[AUDIT, BUREAU], witnesses_required=2)


def test_one_witness_under_two_names_counts_once():
    same = witness_key(8, "bureau.example")
    receipt = shown(8, 1, witnesses=((8, "audit.example"), (8, "bureau.example")))

    with pytest.raises(NoteInvalid, match="2 trusted witnesses are required, and 1 signed"):
        check_receipt(receipt, [K1], witnesses=[AUDIT, same], witnesses_required=2)


def test_a_log_is_no_witness_of_itself():
    own = witness_key(1, "audit.example")
    with pytest.raises(NoteInvalid, match="1 trusted witnesses are required, and 0 signed"):
        check_receipt(shown(8, 1, witnesses=((1, "audit.example"),)), [K1], witnesses=[own], witnesses_required=1)


def test_a_witness_that_nobody_trusts_does_not_count():
    receipt = shown(8, 1, witnesses=((7, "audit.example"),))
    with pytest.raises(NoteInvalid, match="and 0 signed"):
        check_receipt(receipt, [K1], witnesses=[AUDIT], witnesses_required=1)


def test_a_cosignature_from_another_checkpoint_does_not_carry_over():
    note = Note.parse(at(1, witnesses=BOTH))
    moved = str(Note(LOG.checkpoint(19).text, (*Note.parse(at(1, 19)).signatures, *note.signatures[1:])))

    with pytest.raises(NoteInvalid, match=r"audit\.example is not over this text"):
        check_receipt(LOG.receipt(8, 19, note=moved), [K1], witnesses=[AUDIT], witnesses_required=1)


# Successions


ROTATED = LOG.succession(10, 1, 2, "rotated", 1, 2)
LOST = LOG.succession(10, 1, 2, "lost", 2, witnesses=BOTH)


def test_a_rotated_key_hands_its_trust_on():
    assert trusted_after([K1], [ROTATED], [], 0) == [K2]
    assert check_receipt(shown(8, 2, 20, ROTATED), [K1]).signers == (K2,)


def test_the_chain_is_followed_over_many_keys_in_any_order():
    later = LOG.succession(15, 2, 3, "rotated", 2, 3)
    last = LOG.succession(15, 3, 4, "rotated", 3, 4)

    assert trusted_after([K1], [ROTATED, later, last], [], 0) == [K4]
    assert trusted_after([K1], [later, last, ROTATED, later], [], 0) == [K4]
    assert trusted_after([K2], [ROTATED, later, last], [], 0) == [K4]
    assert trusted_after([K4], [ROTATED, later, last], [], 0) == [K4]


def test_a_succession_is_worth_nothing_to_who_trusts_neither_key():
    assert trusted_after([K3], [ROTATED], [], 0) == [K3]
    with pytest.raises(NoteInvalid, match="No trusted key signed"):
        check_receipt(shown(8, 2, 20, ROTATED), [K3])


def test_a_replaced_key_signs_nothing_larger():
    with pytest.raises(NoteInvalid, match="was rotated at size 10 and signed size 20"):
        check_receipt(shown(8, 1, 20, ROTATED), [K1])


def test_a_replaced_key_is_believed_for_what_is_older_with_a_caution():
    proven = check_receipt(shown(8, 1, 9, ROTATED), [K1])

    assert proven.cautions == ("its key was rotated at size 10; that it signed before is not proven by this alone",)
    assert check_receipt(shown(8, 1, 10, ROTATED), [K1]).cautions == ()


def test_a_lost_key_is_replaced_on_the_word_of_witnesses():
    assert trusted_after([K1], [LOST], [AUDIT, BUREAU], 2) == [K2]
    assert check_receipt(shown(8, 2, 20, LOST), [K1], witnesses=[AUDIT]).signers == (K2,)
    assert trusted_after([K1, K2], [LOG.succession(10, 1, 2, "lost", 2)], [], 0) == [K2]


def test_whoever_has_the_database_and_no_key_cannot_name_one():
    """Even where nobody requires witnesses: a lost key's succession always takes one."""
    own = LOG.succession(10, 1, 4, "lost", 4)
    witnessed = LOG.succession(10, 1, 4, "lost", 4, witnesses=((6, "audit.example"), (4, "bureau.example")))
    self_witnessed = LOG.succession(10, 1, 4, "lost", 4, witnesses=((4, "audit.example"),))

    for forged in (own, witnessed, self_witnessed):
        with pytest.raises(NoteInvalid, match="1 trusted witnesses must say so, and 0 did"):
            check_receipt(shown(8, 4, 20, forged), [K1])
        with pytest.raises(NoteInvalid, match="1 trusted witnesses must say so, and 0 did"):
            check_receipt(shown(8, 4, 20, forged), [K1], witnesses=[AUDIT, BUREAU])
    with pytest.raises(NoteInvalid, match="must say so, and 0 did"):
        trusted_after([K1], [self_witnessed], [witness_key(4, "audit.example")], 0)
    with pytest.raises(NoteInvalid, match="2 trusted witnesses must say so, and 1 did"):
        trusted_after([K1], [LOG.succession(10, 1, 4, "lost", 4, witnesses=BOTH[:1])], [AUDIT, BUREAU], 2)


def test_a_thief_of_the_lost_key_cannot_sign_later_than_the_loss():
    with pytest.raises(NoteInvalid, match="was lost at size 10 and signed size 20"):
        check_receipt(shown(8, 1, 20, LOST), [K1], witnesses=[AUDIT])


def test_a_thief_of_the_lost_key_cannot_sign_earlier_either_unless_a_witness_saw_it():
    forged = small_log(9)
    forged.records[7] = ("document.kept", {"digest": "00" * 32})

    with pytest.raises(NoteInvalid, match="A lost key signed this, and no witness"):
        check_receipt(shown(8, 1, 9, LOST, log=forged), [K1], witnesses=[AUDIT])
    seen = check_receipt(shown(8, 1, 9, LOST, witnesses=BOTH[:1]), [K1], witnesses=[AUDIT])
    assert "lost at size 10" in seen.cautions[0]
    assert check_receipt(shown(8, 1, 10, LOST), [K1], witnesses=[AUDIT]).cautions == ()


def test_a_thief_of_an_old_key_cannot_show_another_history_of_the_same_size():
    forged = small_log(10)
    forged.records[7] = ("document.kept", {"digest": "00" * 32})

    for step in (ROTATED, LOST):
        with pytest.raises(NoteInvalid, match="Two signed roots of 10 leaves differ"):
            check_receipt(shown(8, 1, 10, step, log=forged), [K1], witnesses=[AUDIT])


@pytest.mark.parametrize("size", [5, 10, 15])
def test_a_thief_of_an_old_key_cannot_name_a_successor_beside_the_true_one(size):
    own = LOG.succession(size, 1, 4, "rotated", 1, 4)

    for order in ((own, ROTATED), (ROTATED, own)):
        with pytest.raises(NoteInvalid, match="has two successors"):
            check_receipt(shown(8, 4, 20, *order), [K1])
    with pytest.raises(NoteInvalid, match="has two successors"):
        check_receipt(shown(8, 4, 20, own), [K1], successions=[ROTATED])
    assert trusted_after([K2], [own], [], 0) == [K2], "who knows the new key alone is not misled"


def test_a_key_that_was_replaced_never_comes_back():
    back = LOG.succession(15, 2, 1, "rotated", 2, 1)
    with pytest.raises(NoteInvalid, match="brings back the key"):
        trusted_after([K1], [ROTATED, back], [], 0)


def test_an_old_succession_shown_again_brings_no_old_key_back():
    """Who trusts the third key is not led back to the second, though witnesses cosigned its succession once."""
    assert trusted_after([K3], [LOST], [AUDIT, BUREAU], 1) == [K3]
    with pytest.raises(NoteInvalid, match="No trusted key signed"):
        check_receipt(shown(8, 2, 20, LOST), [K3], witnesses=[AUDIT, BUREAU])


@pytest.mark.parametrize(
    ("reason", "seeds"), [("rotated", (1,)), ("rotated", (2,)), ("lost", (1,)), ("rotated", (3,)), ("lost", (3,))]
)
def test_a_succession_needs_the_new_key_and_the_old_one_unless_it_is_lost(reason, seeds):
    with pytest.raises(NoteInvalid, match="A succession is not signed by"):
        trusted_after([K1], [LOG.succession(10, 1, 2, reason, *seeds)], [AUDIT], 0)


LINES = Succession.lines(K1, K2, "rotated")


@pytest.mark.parametrize(
    "lines",
    [
        (),
        LINES[:1],
        LINES[:2],
        LINES[::-1],
        (*LINES, "and more"),
        (*LINES[:2], "reason stolen"),
        (" ".join(LINES),),
        (LINES[0], f"replaces {K2}", LINES[2]),
        (LINES[0], f"replaces {log_key(1, 'other')}", LINES[2]),
        ("succession nonsense", *LINES[1:]),
        (f"succession {witness_key(2, ORIGIN)}", *LINES[1:]),
        (f"{LINES[0]} {LINES[1]}", LINES[2]),
    ],
)
def test_a_succession_that_is_not_written_so_is_refused(lines):
    with pytest.raises(NoteInvalid):
        Succession.parse(signed(LOG.checkpoint(10, *lines).text, 1, 2))


def test_a_succession_cannot_move_the_log_to_another_name():
    other = log_key(2, "other.example")
    text = LOG.checkpoint(10, *Succession.lines(K1, other, "rotated")).text
    note = Note(text, (sign(text, ORIGIN, private(1)), sign(text, "other.example", private(2))))

    with pytest.raises(NoteInvalid, match="of its own name"):
        trusted_after([K1], [note], [], 0)


def test_a_forged_signature_of_the_old_key_refuses_the_succession():
    text = LOG.checkpoint(10, *LINES).text
    note = Note(text, (sign(text, ORIGIN, private(2)), Signature(ORIGIN, K1.key_id, b"x" * 64)))

    with pytest.raises(NoteInvalid, match="was changed"):
        trusted_after([K1], [note], [], 0)


def test_two_successions_that_show_two_histories_are_refused():
    forged = small_log(10)
    forged.records[0] = ("document.kept", {"digest": "00" * 32})
    later = forged.succession(10, 2, 3, "rotated", 2, 3)

    with pytest.raises(NoteInvalid, match="Two signed roots of 10 leaves differ"):
        trusted_after([K1], [ROTATED, later], [], 0)


def test_a_witness_is_no_key_of_the_log():
    with pytest.raises(NoteInvalid, match="No trusted key signed"):
        check_receipt(shown(8, 1, witnesses=BOTH), [AUDIT])
    with pytest.raises(NoteInvalid, match="No trusted key signed"):
        check_receipt(shown(8, 1, witnesses=((8, ORIGIN),)), [witness_key(8, ORIGIN)])


# Consistency


def test_a_newer_checkpoint_continues_an_older_one():
    new = check_consistency(LOG.checkpoint(7), LOG.proof(7), Trust((K1,)))

    assert new.checkpoint.size == 20


def test_a_changed_history_does_not_continue_the_older_checkpoint():
    forged = small_log(20)
    forged.records[2] = ("document.kept", {"digest": "00" * 32})

    with pytest.raises(ProofInvalid, match="The 20 leaves do not begin with the 7 of before: history was changed"):
        check_consistency(LOG.checkpoint(7), forged.proof(7), Trust((K1,)))


@pytest.mark.parametrize(
    "change",
    [
        {"first_size": 8},
        {"second_size": 19},
        {"proof": []},
        {"proof": ["00" * 32]},
        {"proof": [1]},
        {"format": "x"},
        {"checkpoint": at(2)},
        {"checkpoint": "x"},
        {"more": 1},
        {"first_size": "7"},
        {"checkpoint": None},
    ],
)
def test_a_damaged_proof_document_is_refused(change):
    with pytest.raises(NotProven):
        check_consistency(LOG.checkpoint(7), {**LOG.proof(7), **change}, Trust((K1,)))


def test_checkpoints_of_two_logs_are_not_compared():
    other = Checkpoint("other.example", 7, LOG.checkpoint(7).root)
    with pytest.raises(NotProven, match="of two logs"):
        check_consistency(other, LOG.proof(7), Trust((K1,)))


def test_a_receipt_is_the_same_after_json():
    receipt = json.dumps(shown(8, 1, 20, ROTATED)).encode()
    with pytest.raises(NoteInvalid, match="was rotated"):
        check_receipt(verifier.parse_json(receipt, "it"), [K1])
