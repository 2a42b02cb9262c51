"""Drills: somebody with all power over the database edits history, each time in a database of its own.

What stands in the tables tells of every deed that does not re-build the whole log. Of that, and of a tail cut off or an
old copy put in place, only what was kept elsewhere tells: a checkpoint, or a receipt.
"""

import io
import os
from dataclasses import dataclass, field

import pytest
from bookkeeping import HAPPENED_MS, entry, post, voucher
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from history import assert_everything_is_sealed_once, signing, unguarded

from ledger import clock
from ledger.documents import services as documents
from ledger.log import services as log
from ledger.log import verifier
from ledger.log.errors import OutsideCheckpointInvalid
from ledger.log.models import Checkpoint, Leaf
from ledger.log.proofs import receipt
from ledger.log.selectors import leaf_at, note_of, tree_size, verifier_keys
from ledger.verdicts import SHOWN
from ledger.verification import verify
from tests.conftest import copy_of

pytestmark = pytest.mark.database

DAYS = 5
LEAVES, TREE, CHECKPOINTS = "leaves_hold_what_was_sealed", "log_grows_by_its_leaves", "checkpoints_agree_with_the_log"


@dataclass
class Past:
    """What was kept elsewhere of a history: a checkpoint a day by its size, some receipts, the key that signed."""

    database: str
    key: str
    checkpoints: dict[int, str] = field(default_factory=dict)
    receipts: dict[int, dict] = field(default_factory=dict)

    @property
    def sizes(self):
        return sorted(self.checkpoints)

    def kept(self, *days):
        """The checkpoints of these days."""
        return {f"day {day}": self.checkpoints[self.sizes[day - 1]] for day in days}


def live(day):
    """A day: thirty postings, twenty records of a submitter, a document, a refusal of its own."""
    post([entry("HOLD", ("B.Available[T26,V1]", f"B.Held[T26,V1,O{day}]", number), key=f"hold-{day}-{number}",
                approver="approver", document="decision") for number in range(1, 31)])  # fmt: skip
    records = {f"file-{day}-{number}": {"rows": number} for number in range(1, 21)}
    log.record_all(kind="test.received", told=records, submitter="north")
    documents.keep(stream=io.BytesIO(f"the file of day {day}".encode()), name="usage.csv", media_type="text/csv")
    log.seal()


@pytest.fixture(scope="module")
def past(django_db_setup, template_database, worker_id, django_db_blocker, tmp_path_factory):
    name = f"test_{worker_id}_{os.getpid()}_history"
    with (
        django_db_blocker.unblock(),
        copy_of(template_database, name),
        signing(tmp_path_factory.mktemp("keys")),
    ):
        with clock.held_at(HAPPENED_MS):
            post(voucher("V1", 100_000))
        for day in range(1, DAYS + 1):
            with clock.held_at(HAPPENED_MS + day * 86_400_000):
                live(day)
        past = Past(name, verifier_keys()[0])
        past.checkpoints = {each.head_id: note_of(each) for each in Checkpoint.objects.all()}
        past.receipts = {position: receipt(position) for position in range(1, tree_size() + 1, 7)}
        assert len(past.checkpoints) == DAYS
        assert tree_size() == DAYS * 51 + 2
        for alias in ("default", "owner"):
            connections[alias].close()
        yield past


@pytest.fixture
def forger(past, worker_id, django_db_blocker):
    """The owner of a copy of the history, without guards."""
    with (
        django_db_blocker.unblock(),
        copy_of(past.database, f"test_{worker_id}_{os.getpid()}_forged"),
        unguarded() as cursor,
    ):
        yield cursor


def held_against(kept):
    """What does not hold, with checkpoints that were kept elsewhere, and what is said of it first."""
    verdicts = verify(outside=kept)
    return {verdict.invariant.name: list(verdict.first) for verdict in verdicts if not verdict.holds}


def named():
    """What the database says against itself."""
    return held_against({})


def position_of_entry(key):
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT l.position FROM ledger_log_leaf AS l JOIN ledger_entry AS e ON e.id = l.entry_id"
            " WHERE e.idempotency_key = %s",
            [key],
        )
        return cursor.fetchone()[0]


def position_of_record(subject):
    return Leaf.objects.get(record__subject=subject).position


def changed(position):
    return (f"position {position}", "holds something else than was sealed there")


def rebuild(cursor):
    """Hash every leaf anew from what stands there now, and grow the tree with the heads of before."""
    cursor.execute("BEGIN")
    cursor.execute(
        "UPDATE ledger_log_leaf AS l SET leaf_hash = ledger_leaf_hash_v1(c.kind, l.salt, c.content) FROM ("
        " SELECT q.position, r.kind, r.content FROM ledger_log_leaf AS q"
        " JOIN ledger_record_content AS r ON q.record_id = r.record_id"
        " UNION ALL SELECT q.position, 'entry.posted', e.content FROM ledger_log_leaf AS q"
        " JOIN ledger_entry_contents_v1((SELECT array_agg(entry_id) FROM ledger_log_leaf)) AS e USING (entry_id)"
        ") AS c WHERE c.position = l.position"
    )
    cursor.execute("SELECT size, sealed_at_ms FROM ledger_log_head ORDER BY size")
    heads = cursor.fetchall()
    cursor.execute("SELECT max(position) FROM ledger_log_leaf")
    heads[-1] = (cursor.fetchone()[0], heads[-1][1])
    cursor.execute("DELETE FROM ledger_log_node; DELETE FROM ledger_log_head")
    before, frontier = 0, []
    for size, sealed_at_ms in heads:
        cursor.execute(
            "SELECT ledger_grow_tree_v1(%s, %s::bytea[],"
            " (SELECT array_agg(leaf_hash ORDER BY position) FROM ledger_log_leaf"
            " WHERE position BETWEEN %s AND %s), %s)",
            [before, frontier, before + 1, size, sealed_at_ms],
        )
        cursor.execute("SELECT frontier FROM ledger_log_head WHERE size = %s", [size])
        before, (frontier,) = size, cursor.fetchone()
    cursor.execute("COMMIT")


def forget_checkpoints(cursor):
    cursor.execute("DELETE FROM ledger_log_signature; DELETE FROM ledger_log_checkpoint; DELETE FROM ledger_log_key")


def sign_anew(cursor):
    """Sign every head with a key of the forger's own, as if it had always been the log's."""
    forget_checkpoints(cursor)
    private, origin = Ed25519PrivateKey.generate(), settings.CHECKPOINT_ORIGIN
    cursor.execute(
        "INSERT INTO ledger_log_key (verifier_key, reason, actor, began_at_ms) VALUES (%s, 'first', '', 1)",
        [str(verifier.public_key(origin, private))],
    )
    cursor.execute("SELECT size, root FROM ledger_log_head ORDER BY size")
    for size, root in cursor.fetchall():
        text = verifier.Checkpoint(origin, size, bytes(root)).text
        signature = verifier.sign(text, origin, private)
        cursor.execute(
            "WITH c AS (INSERT INTO ledger_log_checkpoint (head_id, text, signed_at_ms) VALUES (%s, %s, 1)"
            " RETURNING id)"
            " INSERT INTO ledger_log_signature (checkpoint_id, name, key_id, blob, witness, recorded_at_ms)"
            " SELECT id, %s, %s, %s, FALSE, 1 FROM c",
            [size, text, origin, signature.key_id, signature.blob],
        )


def correct_the_books(cursor):
    """Make every total, movement and digest what the entries that are there add up to."""
    cursor.execute(
        "UPDATE ledger_account AS a SET"
        " debits_total = (SELECT coalesce(sum(amount), 0) FROM ledger_transfer WHERE debit_account_id = a.id),"
        " credits_total = (SELECT coalesce(sum(amount), 0) FROM ledger_transfer WHERE credit_account_id = a.id);"
        "DELETE FROM ledger_movement;"
        "INSERT INTO ledger_movement (account_id, happened_on, template_id, transfers, debits, credits,"
        " first_recorded_at_ms, last_recorded_at_ms)"
        " SELECT g.account_id, ledger_accounting_day_v1(e.happened_at_ms), e.template_id, count(*), sum(g.debit),"
        " sum(g.credit), min(g.recorded_at_ms), max(g.recorded_at_ms)"
        " FROM ledger_leg AS g JOIN ledger_entry AS e ON g.entry_id = e.id GROUP BY 1, 2, 3"
    )


def test_the_history_of_the_drills_is_sound(past, forger):
    assert held_against(past.kept(1, 2, 3, 4, 5)) == {}
    assert_everything_is_sealed_once()
    for position, document in past.receipts.items():
        proven = verifier.check_receipt(document, [verifier.VerifierKey.parse(past.key)])
        assert (proven.position, proven.size) == (position, past.sizes[-1])
    refuse_what_is_no_checkpoint_of_this_log(past)


def refuse_what_is_no_checkpoint_of_this_log(past):
    note = past.checkpoints[past.sizes[0]]
    foreign = verifier.Checkpoint("elsewhere/log", 5, bytes(32)).text
    stranger = verifier.sign(foreign, "elsewhere/log", Ed25519PrivateKey.generate())
    for text in ("", "hello", note.replace("\n\n", "\n"), note.replace(str(past.sizes[0]), "7", 1),
                 str(verifier.Note(foreign, (stranger,)))):  # fmt: skip
        with pytest.raises(OutsideCheckpointInvalid) as refused:
            held_against({"kept": text})
        assert refused.value.fields["file"] == "kept"


ENTRY = "UPDATE ledger_entry SET {} WHERE idempotency_key = '{}'"
OF_ENTRY = "UPDATE {} WHERE entry_id = (SELECT id FROM ledger_entry WHERE idempotency_key = '{}')"
RECORD = "UPDATE ledger_log_record SET {} WHERE subject = '{}'"
TOLD = "told = '{\"rows\":99}', digest = sha256('{\"rows\":99}')"
EDITS = [
    (OF_ENTRY, "ledger_transfer SET amount = amount + 1", "hold-3-7", {"entries_match_their_digests"}),
    (ENTRY, "document = 'another'", "hold-2-9", {"entries_match_their_digests"}),
    (ENTRY, "happened_at_ms = happened_at_ms - 1", "hold-4-1", {"entries_match_their_digests"}),
    (ENTRY, "recorded_at_ms = recorded_at_ms + 1", "hold-4-2", set()),
    (ENTRY, "approver = 'somebody else'", "hold-1-2", set()),
    (OF_ENTRY, "ledger_entry_number SET number = number + 999", "hold-5-5", {"entries_are_numbered_without_gaps"}),
    (RECORD, TOLD, "file-2-3", set()),
    (RECORD, "recorded_at_ms = 1", "file-5-20", set()),
    (RECORD, "submitter = 'south'", "file-1-20", {"submitters_records_are_dense"}),
]
"""Deeds by what they change and where, and which views see them too: the books alone do not see all."""


def test_whatever_is_edited_is_named_by_its_position(past, forger):
    """One deed after the other, so that the list grows."""
    found = set()
    for deed, change, where, others in EDITS:
        found.add(position_of_record(where) if deed is RECORD else position_of_entry(where))
        forger.execute(deed.format(change, where))
        assert forger.rowcount == 1, change

        verdicts = {verdict.invariant.name: verdict for verdict in verify()}
        first = [changed(position) for position in sorted(found)][:SHOWN]
        assert (verdicts[LEAVES].violations, list(verdicts[LEAVES].first)) == (len(found), first), change
        assert not [name for name in others if verdicts[name].holds], change
        assert verdicts[TREE].holds, "the hashes were not touched"


def test_a_document_that_was_edited_with_everything_that_names_its_digest(past, forger):
    old = (
        "(SELECT sha256 FROM ledger_document WHERE recorded_at_ms = (SELECT min(recorded_at_ms) FROM ledger_document))"
    )
    forger.execute(f"SELECT {old}")
    (before,) = forger.fetchone()
    position = position_of_record(before)
    new = "encode(sha256('another file'), 'hex')"
    forger.execute(f"UPDATE ledger_document_chunk SET content = 'another file' WHERE document_id = {old}")
    assert set(named()) == {"documents_match_their_digests"}

    forger.execute("BEGIN; SET CONSTRAINTS ALL DEFERRED")
    forger.execute(f"UPDATE ledger_log_record SET subject = {new}, digest = decode({new}, 'hex')"
                   f" WHERE subject = '{before}'")  # fmt: skip
    forger.execute(f"UPDATE ledger_document_chunk SET document_id = {new} WHERE document_id = '{before}'")
    forger.execute(f"UPDATE ledger_document SET sha256 = {new}, size_bytes = 12 WHERE sha256 = '{before}'")
    forger.execute("COMMIT")

    assert named() == {LEAVES: [changed(position)]}


def cut_the_tail(cursor, size):
    """Delete all that was sealed after a position, with everything that names it: the database of an earlier day."""
    cursor.execute("BEGIN; SET CONSTRAINTS ALL DEFERRED")
    late = f"(SELECT entry_id FROM ledger_log_leaf WHERE position > {size} AND entry_id IS NOT NULL)"
    cursor.execute(f"DELETE FROM ledger_entry_number WHERE entry_id IN {late}")
    cursor.execute(f"DELETE FROM ledger_transfer WHERE entry_id IN {late}")
    cursor.execute(f"DELETE FROM ledger_entry WHERE id IN {late}")
    cursor.execute(
        "CREATE TEMPORARY TABLE late AS SELECT r.id, r.subject FROM ledger_log_record AS r"
        f" JOIN ledger_log_leaf AS l ON l.record_id = r.id WHERE l.position > {size}"
    )
    cursor.execute(
        "DELETE FROM ledger_document_chunk WHERE document_id IN (SELECT subject FROM late);"
        "DELETE FROM ledger_document WHERE sha256 IN (SELECT subject FROM late);"
        "DELETE FROM ledger_log_record WHERE id IN (SELECT id FROM late);"
        "UPDATE ledger_log_submitter SET last_number = (SELECT max(number) FROM ledger_log_record);"
        f"DELETE FROM ledger_log_leaf WHERE position > {size};"
        f"DELETE FROM ledger_log_node WHERE (index + 1) * 256 > {size};"
        f"DELETE FROM ledger_log_signature WHERE checkpoint_id IN"
        f" (SELECT id FROM ledger_log_checkpoint WHERE head_id > {size});"
        f"DELETE FROM ledger_log_checkpoint WHERE head_id > {size};"
        f"DELETE FROM ledger_log_head WHERE size > {size}"
    )
    correct_the_books(cursor)
    cursor.execute("COMMIT")


def test_a_tail_that_was_cut_off_is_seen_by_whoever_kept_a_later_checkpoint(past, forger):
    size = past.sizes[2]
    cut_the_tail(forger, size)

    assert named() == {}, "nothing that is left knows of it"
    assert held_against(past.kept(1, 3)) == {}, "nor do checkpoints of before"
    assert held_against(past.kept(2, 4)) == {
        CHECKPOINTS: [
            ("day 4", f"covers {past.sizes[3]} positions; from position {size + 1} on they are gone"),
        ]
    }

    post([entry("HOLD", ("B.Available[T26,V1]", "B.Held[T26,V1,O9]", number)) for number in range(1, 200)])
    log.seal()
    assert tree_size() > past.sizes[4], "and it cannot grow past it"
    assert named() == {}
    where = f"says another root than the log has: the first position that was changed is one of {size + 1} to "
    assert held_against(past.kept(3, 4, 5)) == {
        CHECKPOINTS: [(f"day {day}", f"{where}{past.sizes[3]}") for day in (4, 5)]
    }


def test_tables_that_were_emptied_are_seen_by_whoever_kept_a_checkpoint(past, forger):
    forger.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
        " AND relname LIKE 'ledger_%%' AND relname NOT IN ('ledger_template', 'ledger_flow', 'ledger_account_type')"
    )
    tables = [table for (table,) in forger.fetchall()]
    assert "ledger_record_waiting" in tables
    forger.execute(f"TRUNCATE {', '.join(tables)} CASCADE")

    assert tree_size() == 0
    assert named() == {}
    assert held_against(past.kept(1)) == {
        CHECKPOINTS: [
            ("day 1", "is signed by no key that this log knows: it is forged, or the log's keys were replaced"),
            ("day 1", f"covers {past.sizes[0]} positions; from position 1 on they are gone"),
        ]
    }


SECRETLY = "UPDATE ledger_entry SET proposer = 'nobody' WHERE idempotency_key = 'hold-3-7'"
"""What no view of the books sees; it lies between the checkpoints of the second and the third day."""


def stretch(past, *days):
    """What is said of the checkpoints of these days, when the second day's is the last that agrees."""
    where = f"one of {past.sizes[1] + 1} to {past.sizes[2]}"
    fact = f"says another root than the log has: the first position that was changed is {where}"
    return [(f"day {day}", fact) for day in days]


def test_a_log_that_was_built_anew_contradicts_the_checkpoints_that_were_left(past, forger):
    forger.execute(SECRETLY)
    rebuild(forger)

    said = named()

    assert set(said) == {CHECKPOINTS}
    where = f"one of {past.sizes[1] + 1} to {past.sizes[2]}"
    fact = f"says another root than the log has: the first position that was changed is {where}"
    assert said[CHECKPOINTS] == [(f"checkpoint of {size}", fact) for size in past.sizes[2:]]


def test_a_log_that_was_built_anew_without_its_checkpoints_contradicts_those_kept_elsewhere(past, forger):
    forger.execute(SECRETLY)
    rebuild(forger)
    forger.execute("DELETE FROM ledger_log_signature; DELETE FROM ledger_log_checkpoint")

    assert named() == {}
    assert held_against(past.kept(1, 2)) == {}
    assert held_against(past.kept(2, 4, 5)) == {
        CHECKPOINTS: [
            (name, fact.replace(f"to {past.sizes[2]}", f"to {past.sizes[3]}")) for name, fact in stretch(past, 4, 5)
        ]
    }
    assert held_against(past.kept(1, 2, 3, 4, 5)) == {CHECKPOINTS: stretch(past, 3, 4, 5)}


def test_a_log_that_was_built_and_signed_anew_contradicts_checkpoints_and_receipts_kept_elsewhere(past, forger):
    """Also where the forger signed a head between those that were kept: that one agrees with the forged log."""
    position = position_of_entry("hold-3-7")
    forger.execute(SECRETLY)
    rebuild(forger)
    sign_anew(forger)

    assert named() == {}
    unknown = "is signed by no key that this log knows: it is forged, or the log's keys were replaced"
    assert held_against(past.kept(2, 3)) == {CHECKPOINTS: [("day 2", unknown), ("day 3", unknown), *stretch(past, 3)]}
    trusted = [verifier.VerifierKey.parse(past.key)]
    with pytest.raises(verifier.NoteInvalid, match="No trusted key signed"):
        verifier.check_receipt(receipt(position), trusted)
    theirs = [verifier.VerifierKey.parse(verifier_keys()[0])]
    differ = {
        each
        for each, document in past.receipts.items()
        if verifier.check_receipt(receipt(each), theirs).content != verifier.check_receipt(document, trusted).content
    }
    assert differ == ({position} & past.receipts.keys())


def test_a_receipt_kept_elsewhere_names_the_leaf_that_was_changed_in_a_log_built_anew(past, forger):
    """Every leaf of which there is a receipt is edited in its turn: exactly that receipt does not fit the new tree."""
    position = next(each for each in past.receipts if each > past.sizes[1] and leaf_at(each).kind == "test.received")
    forger.execute(
        "UPDATE ledger_log_record SET told = '{\"rows\":99}', digest = sha256('{\"rows\":99}')"
        " WHERE id = (SELECT record_id FROM ledger_log_leaf WHERE position = %s)",
        [position],
    )
    rebuild(forger)
    forger.execute("SELECT root FROM ledger_log_head ORDER BY size DESC LIMIT 1")
    root = bytes(forger.fetchone()[0])

    unproven = set()
    for each, document in past.receipts.items():
        data = verifier.leaf_data(
            document["kind"], bytes.fromhex(document["salt"]), verifier.canonical(document["content"])
        )
        proof = [bytes.fromhex(one) for one in receipt(each)["proof"]]
        try:
            verifier.verify_inclusion(
                verifier.leaf_hash(data), index=each - 1, size=past.sizes[-1], proof=proof, root=root
            )
        except verifier.ProofInvalid:
            unproven.add(each)

    assert unproven == {position}


def test_two_leaves_that_changed_places(past, forger):
    one, two = past.sizes[1] + 3, past.sizes[3] + 3
    for before, after in ((one, -one), (two, one), (-one, two)):
        forger.execute("ALTER TABLE ledger_log_leaf DROP CONSTRAINT IF EXISTS leaf_position_must_be_positive")
        forger.execute("UPDATE ledger_log_leaf SET position = %s WHERE position = %s", [after, before])

    said = named()
    assert set(said) == {TREE, CHECKPOINTS}
    assert {"has another root than its leaves", "has another frontier than its leaves"} == {
        fact for subject, fact in said[TREE] if subject == f"head of {past.sizes[2]}"
    }
    assert not [subject for subject, _ in said[TREE] if subject == f"head of {past.sizes[1]}"]

    rebuild(forger)
    assert set(named()) == {CHECKPOINTS}
    forget_checkpoints(forger)
    assert named() == {}
    unknown = "is signed by no key that this log knows: it is forged, or the log's keys were replaced"
    assert held_against(past.kept(2, 3)) == {CHECKPOINTS: [("day 2", unknown), ("day 3", unknown), *stretch(past, 3)]}


def test_an_entry_that_was_dated_back_into_the_middle(past, forger):
    """Through the door, so that the books are right; then it takes a place among those of the second day."""
    post([entry("HOLD", ("B.Available[T26,V1]", "B.Held[T26,V1,O1]", 5), key="smuggled")])
    log.seal()
    place, last = past.sizes[1] - 3, tree_size()
    forger.execute("ALTER TABLE ledger_log_leaf DROP CONSTRAINT leaf_position_must_be_positive")
    forger.execute("UPDATE ledger_log_leaf SET position = -position WHERE position >= %s", [place])
    forger.execute("UPDATE ledger_log_leaf SET position = 1 - position WHERE position < 0 AND position > %s", [-last])
    forger.execute("UPDATE ledger_log_leaf SET position = %s WHERE position = %s", [place, -last])

    said = named()
    assert said[TREE][0][0].startswith(("head of", "node"))
    assert not [subject for subject, _ in said[TREE] if subject == f"head of {past.sizes[0]}"]
    assert f"head of {past.sizes[1]}" in dict(said[TREE])

    rebuild(forger)
    forger.execute("DELETE FROM ledger_log_signature; DELETE FROM ledger_log_checkpoint")
    assert named() == {}
    fact = (
        "says another root than the log has: the first position that was changed is"
        f" one of {past.sizes[0] + 1} to {past.sizes[1]}"
    )
    assert held_against(past.kept(1, 2)) == {CHECKPOINTS: [("day 2", fact)]}


def test_an_entry_that_was_written_past_the_log(past, forger):
    post([entry("HOLD", ("B.Available[T26,V1]", "B.Held[T26,V1,O1]", 5), key="smuggled")])
    forger.execute("DELETE FROM ledger_entry_waiting")
    forger.execute("SELECT id FROM ledger_entry WHERE idempotency_key = 'smuggled'")
    (smuggled,) = forger.fetchone()

    said = named()

    assert said["entries_are_sealed_or_wait"] == [(f"entry {smuggled}", "is neither sealed nor waits")]
    assert said["entries_are_numbered_without_gaps"]


def test_a_queue_that_was_emptied(past, forger):
    log.record_all(kind="test.received", told={"file-6-1": {}, "file-6-2": {}}, submitter="north")
    log.record(kind="test.happened", subject="house", told={})
    assert named() == {}
    forger.execute(
        "DELETE FROM ledger_record_waiting WHERE record_id <>"
        " (SELECT id FROM ledger_log_record WHERE subject = 'file-6-2')"
    )

    assert named() == {
        "records_are_sealed_or_wait": [
            ("test.happened house", "is neither sealed nor waits"),
            ("test.received file-6-1", "is neither sealed nor waits"),
        ]
    }


def test_a_record_that_was_deleted_before_it_was_sealed_is_missed_among_its_submitter_s(past, forger):
    log.record_all(kind="test.received", told={"file-6-1": {}, "file-6-2": {}, "file-6-3": {}}, submitter="north")
    forger.execute(
        "DELETE FROM ledger_record_waiting WHERE record_id ="
        " (SELECT id FROM ledger_log_record WHERE subject = 'file-6-2');"
        "DELETE FROM ledger_log_record WHERE subject = 'file-6-2'"
    )
    said = [("north", "handed in 103 by its count, 102 by its records, the last is 103")]
    assert named() == {"submitters_records_are_dense": said}

    log.seal()
    assert named() == {"submitters_records_are_dense": said}

    forger.execute("UPDATE ledger_log_submitter SET last_number = 102")
    assert set(named()) == {"submitters_records_are_dense"}


def test_a_record_that_was_deleted_after_it_was_sealed_leaves_its_leaf(past, forger):
    position = position_of_record("file-3-4")
    forger.execute("BEGIN; SET CONSTRAINTS ALL DEFERRED")
    forger.execute("DELETE FROM ledger_log_record WHERE subject = 'file-3-4'")
    forger.execute("COMMIT")

    assert named()[LEAVES] == [(f"position {position}", "what was sealed there is gone")]


def test_heads_nodes_and_checkpoints_that_were_edited_are_named(past, forger):
    """Each put right again before the next."""
    size, later = past.sizes[2], past.sizes[3]
    every = [f"checkpoint of {each}" for each in past.sizes]
    tables = ("head", "node", "leaf", "checkpoint", "signature")
    for table in tables:
        forger.execute(f"CREATE TEMPORARY TABLE kept_{table} AS SELECT * FROM ledger_log_{table}")
    for change, check, subjects, fact in (
        (f"head SET root = sha256('') WHERE size = {size}", TREE, [f"head of {size}"], "another root"),
        (f"head SET frontier[1] = sha256('') WHERE size = {size}", TREE, [f"head of {size}"], "another frontier"),
        ("node SET node_hash = sha256('')", TREE, ["node 0 of level 8"], "is not what its leaves hash to"),
        ("node SET index = 5", TREE, ["node 0 of level 8"], "is not what its leaves hash to"),
        (f"leaf SET leaf_hash = sha256('') WHERE position = {size + 1}", LEAVES, [f"position {size + 1}"], "else"),
        (f"leaf SET leaf_hash = sha256('') WHERE position = {later}", TREE, [f"head of {later}"], "another"),
        (f"leaf SET salt = substr(leaf_hash, 17) WHERE position = {later}", LEAVES, [f"position {later}"], "else"),
        ("signature SET blob = sha512('')", CHECKPOINTS, every, "cannot be read as it was signed"),
        ("signature SET key_id = substr(sha256(''), 1, 4)", CHECKPOINTS, every, "is not signed by the key"),
        ("checkpoint SET text = replace(text, 'localhost', 'elsewhere')", CHECKPOINTS, every, "signed"),
    ):
        forger.execute(f"UPDATE ledger_log_{change}")
        said = named()[check]
        assert [subject for subject, words in said if fact in words][: len(subjects)] == subjects, change

        forger.execute("BEGIN; SET CONSTRAINTS ALL DEFERRED")
        for table in tables:
            forger.execute(f"DELETE FROM ledger_log_{table}; INSERT INTO ledger_log_{table} TABLE kept_{table}")
        forger.execute("COMMIT")
    assert held_against(past.kept(1, 5)) == {}


class TestTheCommand:
    """What an auditor runs, with the checkpoints of a memory stick."""

    def run(self, *files):
        out = io.StringIO()
        try:
            call_command("verify_books", *(f"--checkpoint={file}" for file in files), stdout=out, stderr=out)
        except SystemExit as ended:
            return ended.code, out.getvalue()
        return 0, out.getvalue()

    def test_it_holds_the_log_against_files_and_says_what_does_not_fit(self, past, forger, tmp_path):
        kept = []
        for day in (2, 3):
            kept.append(tmp_path / f"day-{day}.txt")
            kept[-1].write_text(past.kept(day)[f"day {day}"], encoding="utf-8")
        code, said = self.run(*kept)
        assert (code, "VIOLATED" in said) == (0, False)

        forger.execute(SECRETLY)
        rebuild(forger)
        sign_anew(forger)

        assert self.run()[0] == 0, "the database alone is of one mind"
        code, said = self.run(*kept)
        assert code == 1
        assert "VIOLATED  checkpoints agree with the log" in said
        assert f"{kept[1]}: says another root than the log has" in said
        assert f"one of {past.sizes[1] + 1} to {past.sizes[2]}" in said
