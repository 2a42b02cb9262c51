"""The same forger at the floors above: what was counted, adjudicated and approved no longer agrees with the books."""

import pytest
from bookkeeping import violated
from django.db import connections

from tests.scenario import approve, declare, row, run, submit

pytestmark = pytest.mark.database

TABLES = ("billing_usagefile", "billing_usagefact", "billing_adjudication", "billing_part", "billing_link",
          "billing_adjustment", "ledger_account")  # fmt: skip


@pytest.fixture
def forger(committed):
    declare()
    line = row(1, "2026-10-05T00:00:00", "2026-10-05T10:00:00", gpus=4)
    submit(line)
    submit(line, source="agent")
    run()
    approve()
    assert violated() == set()
    with connections["owner"].cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield cursor


def test_a_fact_that_was_edited(forger):
    """Five deeds in one world, each undone before the next; the last cannot be."""
    for deed, undone, invariant in (
        (
            "UPDATE billing_usagefile SET accepted = accepted - 1, rejected = rejected + 1",
            "UPDATE billing_usagefile SET accepted = accepted + 1, rejected = rejected - 1",
            "usage_files_account_for_every_row",
        ),
        (
            "UPDATE billing_part SET claimed_ms = claimed_ms + 1, allowed_ms = allowed_ms + 1",
            "UPDATE billing_part SET claimed_ms = claimed_ms - 1, allowed_ms = allowed_ms - 1",
            "lines_account_for_every_claim",
        ),
        (
            "UPDATE billing_adjudication SET subsidy_minor = enterprise_minor, enterprise_minor = subsidy_minor",
            "UPDATE billing_adjudication SET subsidy_minor = enterprise_minor, enterprise_minor = subsidy_minor",
            "books_hold_what_was_approved",
        ),
        (
            "UPDATE ledger_account SET credits_total = credits_total + 1 WHERE type_id = 'Q.Allowed'",
            "UPDATE ledger_account SET credits_total = credits_total - 1 WHERE type_id = 'Q.Allowed'",
            "books_hold_what_was_approved",
        ),
        ("DELETE FROM billing_link", None, "allowed_parts_have_their_evidence"),
    ):
        forger.execute(deed)
        assert invariant in violated(), deed

        if undone:
            forger.execute(undone)
            assert violated() == set(), undone
