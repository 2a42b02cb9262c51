"""A leaf commits to every field of what happened, in canonical JSON that an outsider can make anew."""

import hashlib
import json
from functools import partial

import pytest
import rfc8785
from bookkeeping import CASE_NAMES, SMALL_CASE_NAMES, at_once, begun, entry, forgotten, post, violated
from django.db import DatabaseError, connection, transaction
from history import contents, hash_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.errors import CheckViolation, InsufficientPrivilege

from ledger import clock, ids
from ledger.log import services as log
from ledger.log.models import Leaf, Record, Submitter
from ledger.log.selectors import open_leaves, tree_size

pytestmark = pytest.mark.database

AUTHORITY, UNALLOCATED = "B.Authority[{},city,2026]", "B.Unallocated[{}]"
#: What a careless writer of JSON would garble, or take for the border between two fields.
HOSTILE = st.sampled_from(
    ['"', "\\", '\\"', "/", "\u2028", "\u2029", "\x80", "\u00a0", "\ufeff", "\ufffe", "券簿", "\U0001f600",
     "\U0010ffff", '","document":"', '"},{"', "\\u0022", "\\ud83d", "null", " ", "'", "{}", "[", ",", ":", "e\u0301"]
)  # fmt: skip
CONTROLS = st.sampled_from([*map(chr, range(1, 0x20)), "\x7f"])
ANY = st.characters(exclude_categories=("Cs",), exclude_characters="\0")
#: The texts of an entry stand on a line; those of a record may hold anything but NUL.
LINE = st.text(ANY.filter(lambda each: each >= " " and each != "\x7f"), max_size=12)
LINES = st.lists(HOSTILE | LINE, max_size=8).map(lambda parts: "".join(parts)[:200])
TEXTS = st.lists(HOSTILE | CONTROLS | st.text(ANY, max_size=12), max_size=8).map("".join)
KEYS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=200)
AMOUNTS = st.integers(1, 10**18 - 1) | st.sampled_from([2**53, 2**53 + 1, 10**18 - 1])
INSTANTS = st.integers(0, 7_258_118_399_999)
TOLD = st.none() | st.dictionaries(
    TEXTS,
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXTS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
        max_leaves=6,
    ),
    max_size=5,
)
SLOWLY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def authorise(fund="T26", amounts=(5,), **fields):
    return entry("FUND.AUTHORISE", *((AUTHORITY.format(fund), UNALLOCATED.format(fund), each) for each in amounts),
                 **fields)  # fmt: skip


def assert_leaves_are_as_a_stranger_makes_them(first=1):
    """Hold what SQL makes of everything sealed from a position on against what the rows say."""
    told = open_leaves(first, tree_size())
    mine = contents()[first - 1 :]
    assert len(mine) == len(told) > 0
    for (leaf, kind, content), sealed in zip(mine, told, strict=True):
        assert (sealed.position, sealed.kind) == (leaf.position, kind)
        assert sealed.content.encode() == content
        assert bytes(leaf.leaf_hash) == hash_of(kind, bytes(leaf.salt), content)


@pytest.mark.django_db
@pytest.mark.parametrize("name", [*CASE_NAMES, *SMALL_CASE_NAMES])
def test_every_entry_of_the_worked_cases_is_told_in_full(name):
    post(begun(name).entries)
    log.seal()

    assert_leaves_are_as_a_stranger_makes_them()


@pytest.mark.django_db
@SLOWLY
@given(
    key=KEYS,
    texts=st.tuples(LINES, LINES, LINES, LINES),
    amounts=st.lists(AMOUNTS, min_size=1, max_size=4),
    instants=st.tuples(INSTANTS, INSTANTS),
    reversed_too=st.booleans(),
)
def test_whatever_stands_in_an_entry_is_told_as_rfc_8785_says(key, texts, amounts, instants, reversed_too):
    proposer, approver, document, run = texts
    happened, now = instants
    fields = {"proposer": f"p{proposer}"[:200], "approver": approver, "document": document, "run": run}
    with forgotten(), clock.held_at(now):
        post([authorise("T26", amounts[:3], key=f"{key[:190]}", happened_at_ms=happened, **fields)])
        if reversed_too:
            post([entry("REVERSE", reverses=key[:190], key=f"back-{key}"[:200], happened_at_ms=happened, **fields)])
        log.seal()

        assert_leaves_are_as_a_stranger_makes_them()


@pytest.mark.django_db
@SLOWLY
@given(kind=TEXTS, subject=TEXTS, told=TOLD, submitter=TEXTS, now=INSTANTS)
def test_whatever_stands_in_a_record_is_told_as_rfc_8785_says(kind, subject, told, submitter, now):
    with forgotten(), clock.held_at(now):
        log.record(kind=kind, subject=subject, told=told, digest=bytes(32), submitter=submitter)
        log.seal()

        assert_leaves_are_as_a_stranger_makes_them()
        assert open_leaves(1, 1)[0].content.encode() == rfc8785.dumps(json.loads(open_leaves(1, 1)[0].content))


def content_after(write):
    """The content of the one leaf that an act makes; the act is taken back."""
    with forgotten(), clock.held_at(1):
        write()
        log.seal()
        (leaf,) = open_leaves(1, tree_size())
    return leaf.kind, leaf.content


#: Pieces whose borders a careless commitment would not see: the same letters, cut differently over the fields.
PIECES = st.lists(st.sampled_from(['"', "\\", ",", "a", '","run":"', '","document":"', "", ":", "}"]), max_size=4)
BORDERS = PIECES.map("".join)


@pytest.mark.django_db
@SLOWLY
@given(one=st.tuples(BORDERS, BORDERS, BORDERS), other=st.tuples(BORDERS, BORDERS, BORDERS), pieces=PIECES)
def test_two_entries_have_the_same_content_only_when_they_are_the_same(one, other, pieces):
    def content(texts):
        approver, document, run = texts
        return content_after(
            lambda: post([authorise(key="k", proposer="p", approver=approver, document=document, run=run)])
        )

    assert (content(one) == content(other)) == (one == other)
    joined = "".join(pieces)
    cuts = [(joined[:at], joined[at:], "") for at in range(len(joined) + 1)]
    assert len({content(cut) for cut in cuts}) == len(cuts)


@pytest.mark.django_db
@SLOWLY
@given(one=st.tuples(BORDERS, BORDERS, BORDERS), other=st.tuples(BORDERS, BORDERS, BORDERS), told=st.booleans())
def test_two_records_have_the_same_content_only_when_they_are_the_same(one, other, told):
    def content(texts):
        kind, subject, submitter = texts
        return content_after(
            lambda: log.record(kind=kind, subject=subject, submitter=submitter, told={} if told else None,
                               digest=hashlib.sha256(b"{}").digest())
        )  # fmt: skip

    assert (content(one) == content(other)) == (one == other)


@pytest.mark.django_db
def test_a_record_that_tells_and_one_that_shows_the_digest_of_a_file_with_the_same_bytes_differ():
    digest = hashlib.sha256(b"{}").digest()

    assert content_after(lambda: log.record(kind="k", subject="s", told={})) != content_after(
        lambda: log.record(kind="k", subject="s", digest=digest)
    )


@pytest.mark.django_db
def test_every_leaf_has_a_salt_of_its_own():
    log.record_all(kind="test.happened", told={str(number): {} for number in range(300)})
    post([authorise(amounts=(number,)) for number in range(1, 101)])
    log.seal_once(100)
    log.seal_once(100)
    log.seal()

    salts = [bytes(salt) for salt in Leaf.objects.values_list("salt", flat=True)]
    assert {len(salt) for salt in salts} == {16}
    assert len(set(salts)) == len(salts) == 400


@pytest.mark.django_db
def test_the_same_record_sealed_in_two_logs_has_two_hashes():
    """Else whoever guesses the content could look it up in the tree."""

    def leaf_hash():
        with forgotten(), clock.held_at(1):
            log.record(kind="test.happened", subject="guess me", told={"secret": False})
            log.seal()
            return bytes(Leaf.objects.get().leaf_hash)

    assert leaf_hash() != leaf_hash()
    with ids.seeded(1):
        first = leaf_hash()
    with ids.seeded(1):
        assert leaf_hash() == first, "and a run whose source of secrets is injected is repeatable"


@pytest.mark.django_db
@SLOWLY
@given(told=TOLD)
def test_what_is_told_is_canonical_and_its_digest_is_the_record_s(told):
    with forgotten():
        log.record_all(kind="k", told={"s": told or {}})
        record = Record.objects.get()

        assert record.told.encode() == rfc8785.dumps(told or {})
        assert bytes(record.digest) == hashlib.sha256(record.told.encode()).digest()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("digest", "told"),
    [(bytes(32), "{}"), (hashlib.sha256(b"{ }").digest(), "{}"), (hashlib.sha256("券".encode("gbk")).digest(), "券"),
     (hashlib.sha256().digest(), " ")],
)  # fmt: skip
def test_a_record_must_be_digested_as_told(digest, told):
    with pytest.raises(DatabaseError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT ledger_record_v1('k', ARRAY['s'], ARRAY[%s], ARRAY[%s], '', 1)", [digest, told])

    assert isinstance(refused.value.__cause__, CheckViolation)
    assert refused.value.__cause__.diag.constraint_name == "record_must_be_digested_as_told"


@pytest.mark.django_db
def test_records_are_written_through_their_door_only():
    with pytest.raises(DatabaseError) as refused, transaction.atomic():
        Record.objects.create(kind="k", subject="s", digest=bytes(32), submitter="north", number=7, recorded_at_ms=1)

    assert isinstance(refused.value.__cause__, InsufficientPrivilege)


def numbers_of(submitter):
    return sorted(Record.objects.filter(submitter=submitter).values_list("number", flat=True))


@pytest.mark.django_db
def test_a_submitter_s_numbers_run_from_one_over_singles_and_batches_and_the_house_has_none():
    assert log.record(kind="k", subject="a", told={}, submitter="north") == 1
    assert log.record_all(kind="k", told={"b": {}, "c": {}, "d": {}}, submitter="north") == 2
    assert log.record_all(kind="k", told={}, submitter="north") == 5, "the number that comes next"
    assert log.record(kind="k", subject="e", told={}, submitter="south") == 1
    assert log.record(kind="k", subject="f", told={}) == 0
    assert log.record(kind="k", subject="g", told={}, submitter="north") == 5

    assert numbers_of("north") == [1, 2, 3, 4, 5]
    assert dict(Record.objects.filter(submitter="north").values_list("subject", "number"))["d"] == 4
    assert numbers_of("") == [0]


def test_a_record_that_was_rolled_back_leaves_no_gap_in_its_submitter_s_numbers(committed):
    log.record(kind="k", subject="a", told={}, submitter="north")
    with transaction.atomic():
        assert log.record(kind="k", subject="never", told={}, submitter="north") == 2
        transaction.set_rollback(True)
    with transaction.atomic():
        with forgotten():
            log.record(kind="k", subject="taken back", told={}, submitter="north")
        assert log.record(kind="k", subject="b", told={}, submitter="north") == 2

    assert numbers_of("north") == [1, 2]
    assert violated() == set()


def test_eight_writers_for_three_submitters_number_every_record_that_stays_without_a_gap(committed):
    submitters, each = ("north", "south", "east"), 12

    def write(writer):
        for place in range(each):
            with transaction.atomic():
                name = submitters[(writer + place) % 3]
                log.record_all(kind="k", told={f"{writer}.{place}.{n}": {} for n in range(place % 3 + 1)},
                               submitter=name)  # fmt: skip
                if place % 4 == 3:
                    transaction.set_rollback(True)

    outcomes = at_once(*(partial(write, writer) for writer in range(8)))

    assert outcomes == [None] * 8
    assert Record.objects.count() == 8 * sum(place % 3 + 1 for place in range(each) if place % 4 != 3)
    for name in submitters:
        numbers = numbers_of(name)
        assert numbers == list(range(1, len(numbers) + 1))
        assert Submitter.objects.get(code=name).last_number == len(numbers)
    log.seal()
    assert violated() == set()
