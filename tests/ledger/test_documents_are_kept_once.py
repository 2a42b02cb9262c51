"""A document is its bytes: kept once, verbatim, in chunks, whoever brings it and however often."""

import hashlib
import io
from functools import partial

import pytest
from bookkeeping import at_once, violated
from django.db import DatabaseError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.errors import CheckViolation

from ledger.documents.models import Chunk, Document
from ledger.documents.selectors import content_of
from ledger.documents.services import CHUNK_BYTES, DocumentEmpty, DocumentTooLarge, keep

pytestmark = pytest.mark.database

#: 3 MiB and a bit, no two chunks alike.
LARGE = hashlib.shake_256(b"a large file").digest(3 * CHUNK_BYTES + 17)


def kept(content: bytes, *, name="usage.csv", media_type="text/csv") -> Document:
    return keep(stream=io.BytesIO(content), name=name, media_type=media_type)


@pytest.mark.django_db
def test_a_large_document_comes_back_byte_for_byte():
    document = kept(LARGE)

    assert b"".join(content_of(document)) == LARGE
    assert [len(chunk) for chunk in content_of(document)] == [CHUNK_BYTES] * 3 + [17]
    assert (document.sha256, document.size_bytes) == (hashlib.sha256(LARGE).hexdigest(), len(LARGE))
    assert violated() == set()


@pytest.mark.django_db
@pytest.mark.parametrize("size", [1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1])
def test_chunks_end_where_they_should(size):
    document = kept(LARGE[:size])

    assert document.chunks.count() == -(-size // CHUNK_BYTES)
    assert b"".join(content_of(document)) == LARGE[:size]


@pytest.mark.django_db
def test_the_same_bytes_are_the_same_document_and_the_first_name_stands():
    first = kept(b"the same", name="first.csv")

    second = kept(b"the same", name="second.txt", media_type="text/plain")

    assert second.pk == first.pk
    assert (second.name, second.media_type) == ("first.csv", "text/csv")
    assert (Document.objects.count(), Chunk.objects.count()) == (1, 1)


@pytest.mark.django_db
def test_the_stream_is_kept_from_where_it_stands():
    stream = io.BytesIO(b"skipped kept")
    stream.seek(8)

    assert b"".join(content_of(keep(stream=stream, name="n", media_type="text/plain"))) == b"kept"


@pytest.mark.django_db
def test_an_empty_file_is_refused():
    with pytest.raises(DocumentEmpty) as refused:
        kept(b"")

    assert refused.value.fields == {"name": "usage.csv"}
    assert not Document.objects.exists()


@pytest.mark.django_db
def test_the_limit_is_exact_and_a_file_beyond_it_leaves_nothing(settings):
    settings.DOCUMENT_BYTES_MAX = CHUNK_BYTES + 5
    kept(LARGE[: CHUNK_BYTES + 5])

    with pytest.raises(DocumentTooLarge) as refused:
        kept(LARGE[: CHUNK_BYTES + 6])

    assert refused.value.fields["limit_bytes"] == CHUNK_BYTES + 5
    assert Document.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("用量 2026-10.csv", "用量 2026-10.csv"),
        ("a\x00b\nc\x1b[31m.csv", "abc[31m.csv"),
        ("half \ud800 a pair", "half  a pair"),
        ("n" * 500, "n" * 200),
        ("", ""),
    ],
)
def test_a_name_keeps_what_can_be_shown_and_stored(sent, shown):
    document = kept(b"bytes", name=sent)

    document.refresh_from_db()
    assert document.name == shown


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"media_type": "text/html"}, "document_type_must_be_accepted"),
        ({"size_bytes": 0}, "document_must_not_be_empty"),
        ({"sha256": "A" * 64}, "document_digest_must_be_sha256"),
        ({"sha256": "a" * 63}, "document_digest_must_be_sha256"),
    ],
)
def test_the_database_refuses_what_is_no_document(change, constraint):
    fields = {"sha256": "a" * 64, "size_bytes": 1, "media_type": "text/csv", "name": "n", "recorded_at_ms": 1}

    with pytest.raises(DatabaseError) as refused, transaction.atomic():
        Document.objects.create(**fields | change)

    assert isinstance(refused.value.__cause__, CheckViolation)
    assert refused.value.__cause__.diag.constraint_name == constraint


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(min_size=1, max_size=300), name=st.text(max_size=20))
def test_whatever_is_sent_comes_back(db, content, name):
    assert b"".join(content_of(kept(content, name=name))) == content


@pytest.mark.parametrize("clients", [2, 6])
def test_clients_that_keep_the_same_document_at_once_keep_it_once(committed, clients):
    outcomes = at_once(*[partial(kept, LARGE)] * clients)

    assert {document.pk for document in outcomes} == {hashlib.sha256(LARGE).hexdigest()}
    assert Chunk.objects.count() == 4
    assert violated() == set()
