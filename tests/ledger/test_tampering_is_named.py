"""Somebody with the owner's power switches the guards off and edits history: `verify` names what no longer holds.

Each deed has a database of its own. The careful forger also corrects the stored totals.
"""

import io

import pytest
from bookkeeping import at_once, begun, case, entry, post, violated, voucher
from django.db import connection, connections
from history import unguarded

from ledger.documents import services as documents
from ledger.log import services as log
from ledger.verification import InvariantUnreadable, verify

pytestmark = pytest.mark.database


@pytest.fixture
def forger(committed):
    post(begun("i").entries)
    assert violated() == set()
    with unguarded() as cursor:
        yield cursor


def correct_the_totals(cursor) -> None:
    cursor.execute(
        "UPDATE ledger_account AS a SET"
        " debits_total = (SELECT coalesce(sum(amount), 0) FROM ledger_transfer WHERE debit_account_id = a.id),"
        " credits_total = (SELECT coalesce(sum(amount), 0) FROM ledger_transfer WHERE credit_account_id = a.id)"
    )


def correct_the_totals_past_floors(cursor) -> None:
    cursor.execute("ALTER TABLE ledger_account DROP CONSTRAINT account_must_not_pass_its_floor")
    correct_the_totals(cursor)


def test_an_amount_that_was_edited(forger):
    forger.execute("UPDATE ledger_transfer SET amount = amount + 1 WHERE id = (SELECT max(id) FROM ledger_transfer)")

    assert {"account_totals_equal_transfers", "entries_match_their_digests"} <= violated()


def test_an_amount_that_was_edited_with_the_totals(forger):
    """Two-sided accounts, and no identity speaks of them: only the digest tells."""
    forger.execute(
        "UPDATE ledger_transfer SET amount = amount + 1"
        " WHERE entry_id = (SELECT id FROM ledger_entry WHERE template_id = 'FUND.TRANSFER')"
    )
    correct_the_totals(forger)

    assert violated() == {"entries_match_their_digests", "transfers_say_the_balances_after_them"}


def test_a_transfer_that_was_deleted_from_the_middle_of_its_entry(forger):
    forger.execute("DELETE FROM ledger_transfer WHERE ordinal = 2")
    correct_the_totals_past_floors(forger)

    assert {"entries_are_whole", "entries_match_their_digests"} <= violated()


def test_a_transfer_that_was_deleted_from_the_end_of_its_entry(forger):
    forger.execute("DELETE FROM ledger_transfer WHERE id = (SELECT max(id) FROM ledger_transfer WHERE ordinal = 4)")

    assert {"account_totals_equal_transfers", "entries_match_their_digests"} <= violated()


def test_a_whole_entry_that_was_deleted(forger):
    forger.execute(
        "DELETE FROM ledger_transfer WHERE entry_id = (SELECT id FROM ledger_entry WHERE template_id = 'ISSUE')"
    )
    forger.execute("DELETE FROM ledger_entry WHERE template_id = 'ISSUE'")

    assert "account_totals_equal_transfers" in violated()

    correct_the_totals_past_floors(forger)
    assert {"accounts_keep_their_floors"} <= violated()


def test_a_stored_balance_that_was_rewritten(forger):
    forger.execute("UPDATE ledger_account SET credits_total = credits_total + 100 WHERE code = 'B.Available[HN24,V1]'")

    assert {"account_totals_equal_transfers", "promises_are_backed", "vouchers_keep_their_face"} <= violated()


def test_both_totals_of_an_account_that_were_rewritten_to_the_same_balance(forger):
    forger.execute("UPDATE ledger_account SET debits_total = debits_total + 5, credits_total = credits_total + 5")

    assert violated() == {"account_totals_equal_transfers"}


def test_a_transfer_that_was_moved_to_another_entry(forger):
    """The last row of one entry becomes the last row of another of the same template: only the digests tell."""
    forger.execute(
        "UPDATE ledger_transfer SET entry_id = (SELECT min(id) FROM ledger_entry WHERE template_id = 'PAY.CONFIRM'),"
        " ordinal = 5 WHERE id = (SELECT max(t.id) FROM ledger_transfer t JOIN ledger_entry e ON e.id = t.entry_id"
        " WHERE e.template_id = 'PAY.CONFIRM')"
    )

    assert violated() == {"entries_match_their_digests"}


def test_a_transfer_that_was_moved_to_an_entry_of_another_kind(forger):
    forger.execute(
        "UPDATE ledger_transfer SET entry_id = (SELECT id FROM ledger_entry WHERE template_id = 'ISSUE'), ordinal = 2"
        " WHERE id = (SELECT max(t.id) FROM ledger_transfer t JOIN ledger_entry e ON e.id = t.entry_id"
        " WHERE e.template_id = 'REDEEM')"
    )

    assert {"flows_are_in_their_template", "entries_match_their_digests"} <= violated()


def test_a_transfer_that_was_booked_on_another_account(forger):
    """From one reason for a cut to another: the claim still adds up, but the digest and the balances do not."""
    forger.execute(
        "UPDATE ledger_transfer SET credit_account_id = (SELECT id FROM ledger_account WHERE code ="
        " 'K.CentreBears[HN24,s1,SELF.DOWN]') WHERE credit_account_id = (SELECT id FROM ledger_account WHERE code ="
        " 'K.CentreBears[HN24,s1,USE.NO_EVID]')"
    )
    correct_the_totals(forger)

    assert violated() == {"entries_match_their_digests", "transfers_say_the_balances_after_them"}


def test_a_transfer_that_was_turned_round(forger):
    forger.execute("ALTER TABLE ledger_account DROP CONSTRAINT account_must_not_pass_its_floor")
    forger.execute(
        "UPDATE ledger_transfer SET debit_account_id = credit_account_id, credit_account_id = debit_account_id"
        " WHERE id = (SELECT min(t.id) FROM ledger_transfer t JOIN ledger_account a ON a.id = t.debit_account_id"
        " WHERE a.type_id = 'B.Available')"
    )
    correct_the_totals(forger)

    assert {"accounts_keep_their_floors", "flows_are_in_their_template"} <= violated()


def test_an_account_that_was_renamed(forger):
    forger.execute("UPDATE ledger_account SET code = 'B.Available[HN24,V2]' WHERE code = 'B.Available[HN24,V1]'")

    assert {"transfers_stay_in_their_book", "entries_match_their_digests"} <= violated()


def test_an_account_that_was_moved_to_another_book(forger):
    forger.execute(
        "UPDATE ledger_account SET book_id = (SELECT id FROM ledger_book WHERE kind = 'M')"
        " WHERE code = 'B.Available[HN24,V1]'"
    )

    assert "transfers_stay_in_their_book" in violated()


def test_the_terms_of_an_entry_that_were_edited(forger):
    forger.execute("UPDATE ledger_entry SET document = 'another decision' WHERE template_id = 'ISSUE'")

    assert violated() == {"entries_match_their_digests"}


def test_the_time_of_an_entry_that_was_edited(forger):
    forger.execute("UPDATE ledger_entry SET happened_at_ms = happened_at_ms - 86400000 WHERE template_id = 'ISSUE'")

    assert violated() == {"entries_match_their_digests"}


def test_a_row_that_was_written_past_the_door(forger):
    forger.execute(
        "INSERT INTO ledger_transfer (entry_id, ordinal, book_id, debit_account_id, credit_account_id, amount,"
        " recorded_at_ms, debit_balance, credit_balance)"
        " SELECT e.id, 2, d.book_id, d.id, c.id, 1, e.recorded_at_ms, 0, 0"
        " FROM ledger_entry e, ledger_account d, ledger_account c"
        " WHERE e.template_id = 'ISSUE' AND d.code = 'B.Unallocated[HN24]' AND c.code = 'B.Redeemed[HN24,V1]'"
    )
    correct_the_totals_past_floors(forger)

    assert {"flows_are_in_their_template", "redemptions_are_allowed", "vouchers_keep_their_face"} <= violated()


def test_value_that_no_money_or_claim_stands_behind(committed):
    """Not a forger but a caller of the door that posts half of an act: the identities between the books tell."""
    post(
        [
            *voucher("V1", 100),
            entry("HOLD", ("B.Available[T26,V1]", "B.Held[T26,V1,O1]", 60)),
            entry("PAY.RELEASE", ("B.Ordered[T26,city,2026]", "B.Authority[T26,city,2026]", 7)),
            entry("REDEEM", ("B.Held[T26,V1,O1]", "B.Redeemed[T26,V1]", 40)),
            entry("REDEEM", ("K.Claimed[T26,s1]", "K.Subsidy[T26,s1]", 30)),
            entry("RETURN.POOL", ("B.Released[T26]", "B.Unallocated[T26]", 1)),
            entry("CLAWBACK", ("M.Recoverable[T26,C1,c1]", "M.PriorYearRecovery[T26,2026]", 3)),
        ]
    )

    assert violated() == {
        "payments_are_owed",
        "promises_are_backed",
        "recoveries_are_owed_to_levels",
        "redemptions_are_allowed",
    }


def test_the_identities_see_a_balance_that_was_rewritten(forger):
    """One after the other, each put right again."""
    for account, invariant in (
        ("K.Subsidy[HN24,s1]", "claims_are_accounted_for"),
        ("Q.Allowed[HN24,s1]", "claims_are_accounted_for"),
        ("L.Room[HN24,issued,E1,2024]", "limits_are_divided"),
        ("M.Payable[HN24,C1,s1]", "payments_are_owed"),
        ("B.Redeemed[HN24,V1]", "redemptions_are_allowed"),
        ("B.Unallocated[HN24]", "promises_are_backed"),
        ("B.Available[HN24,V1]", "vouchers_keep_their_face"),
    ):
        forger.execute("UPDATE ledger_account SET credits_total = credits_total + 1 WHERE code = %s", [account])
        assert invariant in violated(), account

        forger.execute("UPDATE ledger_account SET credits_total = credits_total - 1 WHERE code = %s", [account])
        assert violated() == set(), account


def test_a_collector_s_balance_that_was_rewritten(committed):
    post(case("v").entries[:6])
    with unguarded() as cursor:
        cursor.execute("UPDATE ledger_account SET credits_total = credits_total + 1 WHERE code = 'F.Deposit[OP,O1]'")

    assert {"account_totals_equal_transfers", "collectors_hold_what_they_owe"} <= violated()


def test_an_error_in_one_asset_is_not_hidden_by_the_opposite_error_in_another(committed):
    post([*voucher("V1", 100), entry("FUND.OVERCOMMIT", ("B.OverCommit[T27]", "B.Unallocated[T27]", 5, "USD"))])
    with unguarded() as cursor:
        cursor.execute("UPDATE ledger_account SET credits_total = credits_total + 1 WHERE code = 'B.Available[T26,V1]'")
        cursor.execute("UPDATE ledger_account SET debits_total = debits_total + 1 WHERE code = 'B.OverCommit[T27]'")
        cursor.execute("ALTER TABLE ledger_book DISABLE TRIGGER USER")
        cursor.execute("UPDATE ledger_book SET owner = 'T26' WHERE owner = 'T27'")

    verdicts = {verdict.invariant.name: verdict for verdict in verify()}
    assert verdicts["promises_are_backed"].violations == 2


@pytest.mark.parametrize(
    ("deed", "named"),
    [
        ("UPDATE ledger_fund_share SET weight = 2 WHERE level = 'prov'", set()),
        ("DELETE FROM ledger_fund_share WHERE level = 'city'", set()),
        ("DELETE FROM ledger_fund_share WHERE level = 'prov'", {"funds_have_whole_rules"}),
        ("UPDATE ledger_fund_share SET place = 3 WHERE level = 'prov'", {"funds_have_whole_rules"}),
        ("DELETE FROM ledger_fund_share", {"funds_have_whole_rules"}),
    ],
)
def test_a_share_rule_that_was_edited(forger, deed, named):
    forger.execute(deed)

    named |= {"decisions_match_their_records"}
    assert violated() == {"levels_bear_their_shares", "payments_follow_the_shares"} | named


def test_a_share_rule_that_was_taken_away(forger):
    forger.execute("DELETE FROM ledger_fund_share; DELETE FROM ledger_fund")

    assert violated() == {"decisions_match_their_records", "levels_bear_their_shares"}


def test_a_chunk_of_a_document_that_was_edited(committed):
    document = documents.keep(stream=io.BytesIO(b"what was sent"), name="usage.csv", media_type="text/csv")
    with unguarded() as cursor:
        cursor.execute(
            "UPDATE ledger_document_chunk SET content = 'what was SENT' WHERE document_id = %s", [document.pk]
        )

    assert violated() == {"documents_match_their_digests"}


@pytest.mark.parametrize(
    "deed",
    [
        "DELETE FROM ledger_document_chunk WHERE ordinal = 1",
        "UPDATE ledger_document_chunk SET ordinal = ordinal + 10 WHERE ordinal = 0",
        "UPDATE ledger_document SET size_bytes = size_bytes + 1",
        "INSERT INTO ledger_document_chunk (document_id, ordinal, content) SELECT sha256, 9, 'x' FROM ledger_document",
    ],
)
def test_a_document_whose_chunks_were_changed(committed, deed):
    documents.keep(stream=io.BytesIO(b"a" * documents.CHUNK_BYTES + b"b"), name="usage.csv", media_type="text/csv")
    with unguarded() as cursor:
        cursor.execute(deed)

    assert violated() == {"documents_match_their_digests"}


def test_a_position_that_was_taken_out_of_the_log(committed):
    for number in range(3):
        log.record(kind="test.happened", subject=str(number), digest=bytes(32))
    log.seal()
    with unguarded() as cursor:
        cursor.execute("DELETE FROM ledger_log_leaf WHERE position = 2")

    assert violated() == {"log_grows_by_its_leaves", "log_positions_are_dense", "records_are_sealed_or_wait"}


def test_an_invariant_whose_view_was_dropped_is_an_error_and_not_silence(committed):
    with connections["owner"].cursor() as cursor:
        cursor.execute("DROP VIEW invariant_entries_are_whole")

    with pytest.raises(InvariantUnreadable) as refused:
        verify()

    assert refused.value.fields["name"] == "entries_are_whole"


def test_verifying_while_others_post_sees_one_moment_of_the_books(committed):
    post(voucher("V1", 1000))

    def hold():
        for _ in range(10):
            post([entry("HOLD", ("B.Available[T26,V1]", "B.Held[T26,V1,O1]", 1))])

    outcomes = at_once(hold, hold, *[violated] * 3)

    assert outcomes == [None, None, set(), set(), set()]


@pytest.mark.django_db
def test_verifying_leaves_the_caller_s_planner_as_it_was():
    verify()

    with connection.cursor() as cursor:
        cursor.execute("SHOW enable_nestloop")
        assert cursor.fetchone() == ("on",)
