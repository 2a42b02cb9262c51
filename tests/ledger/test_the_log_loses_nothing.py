"""Sealing gives every committed record its position: dense, in the order of sealing, whoever seals and when."""

from functools import partial

import pytest
from bookkeeping import at_once, violated
from django.db import DatabaseError, connection, connections, transaction
from psycopg.errors import CheckViolation, InsufficientPrivilege, UniqueViolation

from ledger.log import services as log
from ledger.log.models import Leaf, Record

pytestmark = pytest.mark.database
LEAF = (
    "INSERT INTO ledger_log_leaf (position, record_id, salt, leaf_hash)"
    " SELECT {}, id, substr(digest, 1, 16), digest FROM ledger_log_record"
)


def write(subject: str, using: str = "default", submitter: str = "") -> None:
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT ledger_record_v1('test.happened', ARRAY[%s], ARRAY[%s::bytea], ARRAY[''], %s, 1)",
            [subject, bytes(32), submitter],
        )


def sealed() -> list[tuple[int, str]]:
    return list(Leaf.objects.order_by("position").values_list("position", "record__subject"))


@pytest.mark.django_db
def test_an_empty_log_is_sealed_at_zero():
    assert log.seal() == 0
    assert sealed() == []


@pytest.mark.django_db
def test_records_get_dense_positions_in_the_order_of_sealing():
    write("a")
    write("b")
    assert log.seal() == 2
    write("c")
    assert log.seal() == 3

    assert sealed() == [(1, "a"), (2, "b"), (3, "c")]
    assert log.seal() == 3, "nothing came, nothing is sealed"
    assert violated() == set()


@pytest.mark.django_db
def test_the_same_act_cannot_be_recorded_twice():
    log.record(kind="test.happened", subject="once", digest=bytes(32))

    with pytest.raises(DatabaseError) as refused, transaction.atomic():
        log.record(kind="test.happened", subject="once", digest=bytes(32))

    assert isinstance(refused.value.__cause__, UniqueViolation)
    assert refused.value.__cause__.diag.constraint_name == "record_must_be_written_once"


@pytest.mark.django_db
def test_a_record_that_was_rolled_back_leaves_no_gap():
    write("a")
    with transaction.atomic():
        write("never")
        transaction.set_rollback(True)
    write("b")

    log.seal()

    assert sealed() == [(1, "a"), (2, "b")]


@pytest.mark.django_db
def test_positions_begin_at_one_and_only_the_sealer_gives_them():
    write("a")
    with pytest.raises(DatabaseError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LEAF.format(7))

    assert isinstance(refused.value.__cause__, InsufficientPrivilege)


def test_not_even_the_owner_seals_below_one(committed):
    write("a")
    with pytest.raises(DatabaseError) as refused, connections["owner"].cursor() as cursor:
        cursor.execute(LEAF.format(0))

    assert isinstance(refused.value.__cause__, CheckViolation)
    assert refused.value.__cause__.diag.constraint_name == "leaf_position_must_be_positive"


def test_a_record_that_commits_late_is_sealed_later_and_nothing_is_lost(committed):
    with transaction.atomic(using="owner"):
        write("early but slow", using="owner")
        write("late but quick")
        assert log.seal() == 1
        assert sealed() == [(1, "late but quick")]
        write("another")
        assert log.seal() == 2

    assert log.seal() == 3
    assert sealed() == [(1, "late but quick"), (2, "another"), (3, "early but slow")]
    assert violated() == set()


def test_many_sealers_and_many_writers_at_once_number_everything_once(committed):
    def keep_writing(name):
        for number in range(10):
            write(f"{name}.{number}")
            log.seal()

    outcomes = at_once(*(partial(keep_writing, name) for name in range(6)), log.seal, log.seal)

    assert [error for error in outcomes if isinstance(error, Exception)] == []
    assert log.seal() == 60
    assert [position for position, _ in sealed()] == list(range(1, 61))
    assert {subject for _, subject in sealed()} == set(Record.objects.values_list("subject", flat=True))
    assert violated() == set()
