"""A refusal is kept once, whatever becomes of the act, in bounded text, under a record that proves it."""

import hashlib
import logging
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial

import pytest
import rfc8785
from bookkeeping import at_once, entry, post, violated, voucher
from django.db import DatabaseError, connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.errors import CheckViolation

from ledger import clock, ids
from ledger.books.errors import AccountPassesItsFloor, BooksRefusal
from ledger.books.selectors import balances_of
from ledger.errors import NotFound
from ledger.log.models import Record
from ledger.models import RefusedAct
from ledger.refusals.errors import RefusalFilterUnanswerable
from ledger.refusals.rules import MEMBERS_MAX, WITHHELD, Asked, bounded, digest_of
from ledger.refusals.selectors import narrowed
from ledger.refusals.services import STRANGER_EVERY_MS, keep, kept_if_refused

pytestmark = pytest.mark.database

AVAILABLE, HELD = "B.Available[T26,V1]", "B.Held[T26,V1,O1]"
COLUMNS = "actor, act, about, code, fields, inputs_digest, asked_at_ms"
ASKED = Asked("POST /holds", "somebody", {"voucher": "V1"})


class Echoes(NotFound):
    """A refusal that repeats what was uploaded."""

    uploaded = frozenset({"name"})


def hold(amount, key=None, **fields):
    return entry("HOLD", (AVAILABLE, HELD, amount), key=key, **fields)


def kept(**by):
    """The one refusal that is kept, and its record in the log."""
    refused = RefusedAct.objects.get(**by)
    return refused, Record.objects.get(kind="act.refused", subject=refused.id)


def keep_as(asked, refusal):
    keep(refusal, lambda: asked)


def counts():
    return RefusedAct.objects.count(), Record.objects.filter(kind="act.refused").count()


@contextmanager
def as_owner(*tables):
    """The owner at work with the guards of some tables switched off."""
    with connections["owner"].cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield cursor
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


class TestWhateverBecomesOfTheAct:
    def test_a_caller_that_swallows_the_refusal_and_commits_keeps_it(self, committed):
        with transaction.atomic():
            post(voucher("V1", 100))
            with pytest.raises(AccountPassesItsFloor):
                post([hold(101, "too-much", proposer="one", approver="two")])
            post([hold(60)])

        refused, record = kept()
        assert balances_of([AVAILABLE, HELD]) == {AVAILABLE: 40, HELD: 60}
        assert (refused.actor, refused.act, refused.code) == ("two", "post HOLD", "account_must_not_pass_its_floor")
        assert refused.about == {"entries": "1", "entry_1": "HOLD too-much"}
        assert refused.fields == {"account": AVAILABLE, "balance": "-1", "amount": "101"}
        assert bytes(record.digest) == hashlib.sha256(canonical(refused)).digest()
        assert violated() == set()

    def test_a_posting_that_nobody_wrapped_is_kept_by_itself(self, committed):
        with pytest.raises(BooksRefusal):
            post([hold(1)])

        assert counts() == (1, 1)

    def test_what_its_caller_rolls_back_the_boundary_keeps_with_what_the_books_heard(self, committed):
        post(voucher("V1", 100))

        @transaction.atomic
        def act():
            post([hold(50)])
            post([hold(51, "too-much")])

        with pytest.raises(AccountPassesItsFloor) as heard:
            act()
        assert counts() == (0, 0), "the caller's transaction took it along"

        keep_as(ASKED, heard.value)

        refused, _ = kept()
        assert balances_of([AVAILABLE]) == {AVAILABLE: 100}
        assert (refused.id, refused.actor, refused.act) == (heard.value.id, "somebody", "POST /holds")
        assert refused.about == {"voucher": "V1", "entries": "1", "entry_1": "HOLD too-much"}
        assert bytes(refused.inputs_digest) == batch_digest([hold(51, "too-much")])
        assert violated() == set()

    def test_a_refusal_that_its_caller_made_another_of_is_kept_too(self, committed):
        @transaction.atomic
        def act():
            try:
                post([hold(1, "lost")])
            except BooksRefusal as refusal:
                raise NotFound(kind="voucher", name="V1") from refusal

        with pytest.raises(NotFound) as told:
            act()
        keep_as(ASKED, told.value)

        assert kept(code="not_found")[0].act == "POST /holds"
        assert kept(act="post HOLD")[0].about["entry_1"] == "HOLD lost"
        assert violated() == set()

    def test_several_that_one_was_made_of_are_kept(self, committed):
        @transaction.atomic
        def act():
            heard = []
            for number in range(3):
                with pytest.raises(BooksRefusal) as refused:
                    post([hold(1, f"lost-{number}")])
                heard.append(refused.value)
            raise NotFound(kind="voucher", name="V1") from ExceptionGroup("all of them", heard)

        with pytest.raises(NotFound) as told:
            act()
        keep_as(ASKED, told.value)

        assert counts() == (4, 4)

    def test_of_a_large_batch_the_first_entries_and_the_digest_of_all_are_kept(self, db):
        batch = [hold(1, f"hold-{number}") for number in range(2_000)]
        with pytest.raises(BooksRefusal):
            post(batch)

        refused, _ = kept()
        assert set(refused.about) == {"entries", "entry_1", "entry_2", "entry_3"}
        assert refused.about["entries"] == "2000"
        assert refused.about["entry_3"] == "HOLD hold-2"
        assert bytes(refused.inputs_digest) == batch_digest(batch)

    @pytest.mark.parametrize(
        "batch",
        [
            [],
            [hold(10**30)],
            [hold(float("nan"))],
            [hold(1, key="\0\ud800" * 300)],
            [hold("much", proposer="\ud800" * 500)],
            [hold(1, proposer=7, approver=7)],
            [entry("\0" * 5000, happened_at_ms=None)],
        ],
        ids=["nothing", "beyond", "nan", "key", "proposer", "number", "template"],
    )
    def test_a_batch_that_is_none_is_kept_too(self, db, batch):
        with pytest.raises(BooksRefusal):
            post(batch)

        assert kept()[0].act.startswith("post")
        assert kept()[0].inputs_digest
        assert violated() == set()


def canonical(refused):
    """The canonical content, from the row alone."""
    columns = ("id", "actor", "act", "about", "code", "fields", "asked_at_ms")
    digest = bytes(refused.inputs_digest).hex() if refused.inputs_digest else ""
    return rfc8785.dumps({name: getattr(refused, name) for name in columns} | {"inputs_digest": digest})


def batch_digest(entries):
    return hashlib.sha256(rfc8785.dumps({"entries": [asdict(one) for one in entries]})).digest()


@pytest.fixture
def told(caplog):
    """What the log of the process was told."""
    caplog.set_level(logging.ERROR, "ledger.refusals.services")
    return caplog


class TestOnce:
    @pytest.fixture(autouse=True)
    def _nothing_went_wrong(self, told):
        yield
        assert told.get_records("call") == []

    def test_twice_is_one_row_and_the_first_stands(self, committed):
        refusal = NotFound(kind="voucher", name="V1")
        with clock.held_at(1_000):
            keep_as(ASKED, refusal)
        with clock.held_at(2_000):
            keep_as(Asked("POST /others", "another"), refusal)

        refused, _ = kept()
        assert counts() == (1, 1)
        assert (refused.actor, refused.asked_at_ms) == ("somebody", 1_000)

    def test_what_a_service_kept_and_committed_the_boundary_does_not_keep_again(self, committed):
        with pytest.raises(BooksRefusal) as heard:
            post([hold(1)])

        keep_as(ASKED, heard.value)

        assert counts() == (1, 1)
        assert kept()[0].act == "post HOLD"

    def test_two_at_once_are_one_row(self, committed):
        refusal = NotFound(kind="voucher", name="V1")

        outcomes = at_once(*[partial(keep_as, ASKED, refusal)] * 8)

        assert outcomes == [None] * 8
        assert counts() == (1, 1)
        assert violated() == set()

    def test_whoever_waits_for_one_that_is_taken_back_keeps_it(self, committed):
        refusal = NotFound(kind="voucher", name="V1")

        def takes_back():
            with transaction.atomic():
                keep_as(ASKED, refusal)
                transaction.set_rollback(True)

        assert at_once(takes_back, partial(keep_as, ASKED, refusal), takes_back) == [None] * 3
        assert counts() == (1, 1)

    def test_two_refusals_of_one_kind_are_two(self, committed):
        for _ in range(2):
            keep_as(ASKED, NotFound(kind="voucher", name="V1"))

        assert counts() == (2, 2)

    def test_a_stranger_leaves_one_of_a_kind_an_hour(self, committed):
        stranger = Asked("POST /holds")
        for at_ms in (0, 1, STRANGER_EVERY_MS - 1, STRANGER_EVERY_MS, STRANGER_EVERY_MS + 1):
            with clock.held_at(10**12 + at_ms):
                keep_as(stranger, NotFound(kind="voucher", name="V1"))
                keep_as(Asked("POST /holds", "somebody"), NotFound(kind="voucher", name="V1"))

        assert RefusedAct.objects.filter(actor="").count() == 2
        assert RefusedAct.objects.filter(actor="somebody").count() == 5


class TestItsSizeAndSigns:
    @given(
        text=st.text(st.characters(codec=None), max_size=600),
        names=st.lists(st.text(max_size=60), max_size=40, unique=True),
    )
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_whatever_is_in_it_is_kept_bounded_and_matches_its_record(self, db, text, names):
        refusal = NotFound(kind=text, name=text[::-1])
        refusal.fields |= {f"f{place}": text for place in range(40)}

        keep_as(Asked(text, f"a{text}", {name: [text, 2**70, None] for name in names}, bytes(32)), refusal)

        refused, record = kept(id=refusal.id)
        assert len(refused.actor.encode()) <= 100
        assert len(refused.act.encode()) <= 400
        for members in (refused.about, refused.fields):
            assert len(members) <= MEMBERS_MAX
            assert all(len(value.encode()) <= 400 and value.isprintable() for value in members.values())
        assert bytes(record.digest) == hashlib.sha256(canonical(refused)).digest()
        assert "refusals_match_their_records" not in violated()

    @pytest.mark.parametrize("sign", ["x", '"', "\\", "\0", "\ud800", "\n", "券", "\U0001f600", "\u202e", "\u2028"])
    def test_ten_thousand_of_any_sign_fit(self, db, sign):
        refusal = NotFound(**{f"f{place}": sign * 10_000 for place in range(50)})

        keep_as(Asked(sign * 10_000, sign * 10_000, {sign * 10_000: sign * 10_000}), refusal)

        assert kept()[0].fields["f0"]
        assert violated() == set()

    def test_a_cut_is_marked_and_a_text_that_fits_is_not_cut(self):
        assert bounded("x" * 400) == "x" * 400
        assert bounded("x" * 401) == "x" * 397 + "…"
        assert bounded("券" * 134) == "券" * 132 + "…"
        assert bounded("券" * 133) == "券" * 133

    def test_what_was_uploaded_is_withheld(self, db):
        keep_as(ASKED, Echoes(kind="file", name="13800000000,Li Si"))

        assert kept()[0].fields == {"kind": "file", "name": WITHHELD}

    def test_digests_are_those_of_rfc_8785_and_nothing_has_none(self):
        inputs = {"b": [1, True, None, "券"], "a": {"x": "y"}}

        assert digest_of(inputs) == hashlib.sha256(rfc8785.dumps(inputs)).digest()
        assert digest_of({"n": 2**60}) == digest_of({"n": str(2**60)})
        assert len(digest_of({"half": "\ud800", "not a number": float("nan")})) == 32


class TestNothingHidesIt:
    def test_a_database_that_cannot_keep_it_does_not_hide_the_refusal(self, committed, told):
        post(voucher("V1", 100))
        with as_owner() as cursor:
            cursor.execute("ALTER TABLE ledger_refusal RENAME TO ledger_refusal_gone")

        with transaction.atomic():
            with pytest.raises(AccountPassesItsFloor) as heard:
                post([hold(101)])
            post([hold(100)])
        keep_as(ASKED, heard.value)

        assert balances_of([HELD]) == {HELD: 100}, "the caller went on"
        assert len(told.messages) == 2
        for message in told.messages:
            assert "account_must_not_pass_its_floor" in message
            assert 'relation "ledger_refusal" does not exist' in message
        assert "POST /holds by 'somebody'" in told.messages[1]

    def test_a_role_that_may_not_write_it_is_heard_in_the_log_and_nowhere_else(self, committed, told):
        with as_owner() as cursor:
            cursor.execute("REVOKE EXECUTE ON FUNCTION ledger_record_v1 FROM PUBLIC, {}".format(
                connections["default"].get_connection_params()["user"]))  # fmt: skip

        keep_as(ASKED, NotFound(kind="voucher", name="V1"))

        assert RefusedAct.objects.count() == 0, "a refusal without its record is none"
        assert "permission denied" in told.messages[0]

    def test_in_a_transaction_that_is_broken_it_is_told_in_the_log(self, committed, told):
        with transaction.atomic():
            transaction.set_rollback(True)
            with pytest.raises(NotFound):
                refuse()

        assert "not_found" in told.messages[0]

    def test_what_cannot_be_described_is_kept_undescribed(self, committed, told):
        keep(NotFound(kind="voucher", name="V1"), lambda: 1 // 0)

        assert kept()[0].act == "(not described)"
        assert "division" in told.messages[0]


@kept_if_refused(lambda: ASKED)
def refuse():
    raise NotFound(kind="voucher", name="V1")


class TestItIsNeverChanged:
    FORBIDDEN = [
        ("refusal_must_have_its_id", {"id": "another"}),
        ("refusal_must_say_what_and_why", {"act": ""}),
        ("refusal_must_say_what_and_why", {"code": "Because!"}),
        ("refusal_must_be_small", {"actor": "券" * 40}),
        ("refusal_must_be_small", {"act": "a" * 401}),
        ("refusal_must_be_small", {"about": {"a": "a" * 12_000}}),
        ("refusal_must_be_small", {"fields": {"a": "a" * 12_000}}),
        ("refusal_members_must_be_named", {"about": []}),
        ("refusal_members_must_be_named", {"fields": "text"}),
        ("refusal_digest_must_be_sha256", {"inputs_digest": b"short"}),
    ]

    @pytest.mark.parametrize("using", ["default", "owner"])
    @pytest.mark.parametrize(("constraint", "changed"), FORBIDDEN)
    @pytest.mark.django_db(databases=["default", "owner"])
    def test_the_database_refuses_what_is_no_refusal(self, using, constraint, changed):
        good = {"id": f"req_{'0' * 26}", "actor": "a", "act": "post", "about": {}, "code": "c", "fields": {},
                "inputs_digest": None, "asked_at_ms": 1}  # fmt: skip
        with pytest.raises(DatabaseError) as refused, transaction.atomic(using=using):
            RefusedAct(**good | changed).save(using=using, force_insert=True)

        assert isinstance(refused.value.__cause__, CheckViolation)
        assert refused.value.__cause__.diag.constraint_name == constraint

    @pytest.mark.parametrize("using", ["default", "owner"])
    @pytest.mark.parametrize("deed", ["UPDATE ledger_refusal SET actor = 'me'", "DELETE FROM ledger_refusal"])
    def test_neither_the_application_nor_the_owner_changes_one(self, committed, using, deed):
        keep_as(ASKED, NotFound(kind="voucher", name="V1"))

        with pytest.raises(DatabaseError, match=r"permission denied|history_must_not_change"):
            connections[using].cursor().execute(deed)

        assert kept()[0].actor == "somebody"

    @pytest.mark.parametrize(
        "deed",
        [
            "UPDATE ledger_refusal SET actor = 'another' WHERE act = 'POST /holds'",
            "UPDATE ledger_refusal SET asked_at_ms = asked_at_ms + 1 WHERE act = 'POST /holds'",
            "UPDATE ledger_refusal SET about = about - 'voucher' WHERE act = 'POST /holds'",
            "UPDATE ledger_refusal SET fields = fields || '{\"name\": 1}' WHERE act = 'POST /holds'",
            "UPDATE ledger_refusal SET inputs_digest = sha256('') WHERE act = 'POST /holds'",
            "DELETE FROM ledger_refusal WHERE act = 'POST /holds'",
            "DELETE FROM ledger_log_record WHERE kind = 'act.refused' AND id = (SELECT max(id) FROM ledger_log_record)",
            f"INSERT INTO ledger_refusal SELECT 'req_{'0' * 26}', {COLUMNS} FROM ledger_refusal LIMIT 1",
        ],
    )
    def test_a_refusal_that_was_tampered_with_is_named(self, committed, deed):
        with pytest.raises(BooksRefusal):
            post([hold(1)])
        keep_as(ASKED, NotFound(kind="voucher", name="1"))
        assert violated() == set()

        with as_owner("ledger_refusal", "ledger_log_record") as cursor:
            cursor.execute(deed)
            assert cursor.rowcount == 1

        named = {"refusals_match_their_records"}
        if "FROM ledger_log_record" in deed:
            named.add("records_are_sealed_or_wait")
        assert violated() == named


class TestLookingThemUp:
    @pytest.fixture
    def _three(self, db):
        for day, asked in ((1, ASKED), (2, Asked("post HOLD", "another")), (3, Asked("POST /holds"))):
            with clock.held_at(day * 86_400_000):
                keep_as(asked, NotFound(kind="voucher", name=f"V{day}"))

    @pytest.mark.usefixtures("_three")
    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ({}, ["V1", "V2", "V3"]),
            ({"actor": "somebody"}, ["V1"]),
            ({"actor": ""}, ["V3"]),
            ({"actor": "nobody"}, []),
            ({"act": "POST /holds"}, ["V1", "V3"]),
            ({"code": "not_found", "actor": "another"}, ["V2"]),
            ({"code": "entry_must_have_rows"}, []),
            ({"since": "1970-01-03T00:00:00Z"}, ["V2", "V3"]),
            ({"since": "1970-01-03T08:00:00.001+08:00"}, ["V3"]),
            ({"until": "1970-01-03T00:00:00Z"}, ["V1"]),
            ({"since": "1970-01-03", "until": "1970-01-03"}, ["V2"]),
        ],
    )
    def test_they_are_narrowed_by_who_what_why_and_when(self, asked, found):
        assert [row.fields["name"] for row in narrowed(RefusedAct.objects.order_by("id"), **asked)] == found

    @pytest.mark.parametrize(
        ("asked", "wrong"),
        [
            ({"code": "not_fund"}, "code"),
            ({"code": ""}, "code"),
            ({"actor": "a\0b"}, "actor"),
            ({"act": "\ud800"}, "act"),
            ({"act": "a" * 401}, "act"),
            ({"since": ""}, "since"),
            ({"since": "yesterday"}, "since"),
            ({"since": "2026-11-20T02:00:00"}, "since"),
            ({"until": "2026-13-01"}, "until"),
            ({"until": "9999-12-31"}, "until"),
            ({"since": "0001-01-01"}, "since"),
            ({"since": "2026-11-20", "until": "2026-11-19"}, "until"),
            ({"since": "2026-11-20T00:00:00Z", "until": "2026-11-20T00:00:00Z"}, "until"),
        ],
    )
    def test_a_question_that_nothing_could_answer_is_refused(self, db, asked, wrong):
        with pytest.raises(RefusalFilterUnanswerable) as refused:
            narrowed(RefusedAct.objects.all(), **asked)

        assert refused.value.fields["filter"] == wrong

    def test_a_code_of_another_release_is_found_while_one_is_kept(self, db):
        refusal = NotFound(kind="a", name="b")
        refusal.code = "of_another_release"
        keep_as(ASKED, refusal)

        assert narrowed(RefusedAct.objects.all(), code="of_another_release").count() == 1


def test_an_id_is_made_once_and_only_when_it_is_asked_for():
    with clock.held_at(0):
        refusal = NotFound(kind="voucher", name="V1")
    with clock.held_at(10**12):
        first = refusal.id

        before = ids.new("req")
    with clock.held_at(10**12 + 1):
        after = ids.new("req")

    assert refusal.id == first
    assert before[:14] == first[:14] < after[:14], "the clock of when it was asked for"
    assert NotFound(kind="voucher", name="V1").id != first
