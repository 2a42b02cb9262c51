"""Worked cases taken back entry by entry, the last one first: all identities hold after each, and nothing is left."""

import pytest
from bookkeeping import CASE_NAMES, SMALL_CASE_NAMES, begun, entry, post, violated
from django.db import connections

from ledger.books.models import Account

pytestmark = pytest.mark.database


@pytest.mark.django_db
@pytest.mark.parametrize("name", [*CASE_NAMES, *SMALL_CASE_NAMES])
def test_a_case_taken_back_entry_by_entry_keeps_every_identity_and_leaves_nothing(name):
    entries = begun(name).entries
    post(entries)

    for each in reversed(entries):
        post([entry("REVERSE", reverses=each.idempotency_key, happened_at_ms=each.happened_at_ms)])
        assert violated() == set()

    assert {account.code: account.balance for account in Account.objects.all() if account.balance} == {}


def test_a_mirror_that_was_relabelled_is_named(committed):
    entries = begun("i").entries[:4]
    post(entries)
    post([entry("REVERSE", reverses=entries[3].idempotency_key, happened_at_ms=entries[3].happened_at_ms)])
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_entry DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE ledger_entry SET template_id = 'ISSUE', reverses_id = NULL WHERE template_id = 'REVERSE'"
        )

    assert violated() == {"flows_are_in_their_template", "entries_match_their_digests"}
