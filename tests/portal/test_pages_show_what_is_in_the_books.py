"""Figures of the pages are those of the books; downloads are attachments; the engine room changes nothing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from billing.models import Statement, UsageFile
from billing.portal.waterfall import Cut, waterfall
from ledger.books import statements
from ledger.books.trial_balance import trial_balance
from ledger.models import Account, Entry
from ledger.units import text_from_minor
from vouchers.models import Voucher
from vouchers.portal.value import values_of

pytestmark = pytest.mark.usefixtures("settled_month")
Browser = Callable[[str], Client]
FLOORS = ("ledger", "vouchers", "billing")


def test_every_book_of_the_trial_balance_is_balanced(db: None) -> None:
    books = trial_balance(None)

    assert {book.kind for book in books} == {"B", "K", "M", "Q"}
    assert all(book.is_balanced and book.debit_balance == book.credit_balance for book in books)
    assert trial_balance(["another"]) == []


def test_the_running_balance_ends_at_the_balance(db: None) -> None:
    for account in Account.objects.all():
        rows = statements.statement_of(account, how_many=1000)

        assert rows[0].balance_after == account.balance
        assert sum(row.change for row in rows) == account.balance
        reached = 0
        for row in reversed(rows):
            reached += row.change
            assert row.balance_after == reached


def test_a_page_of_a_statement_goes_on_where_the_last_one_ended(db: None) -> None:
    account = Account.objects.get(code="K.Claimed[QC26,O-hexi:2026-10]")

    first = statements.statement_of(account, how_many=2)
    second = statements.statement_of(account, how_many=2, older_than=first[-1].place)

    assert first[1].balance_after - first[1].change == second[0].balance_after


def test_a_long_statement_is_read_from_the_newest_page_to_the_oldest(
    as_person: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.portal.pages.stretch_of.__kwdefaults__", {"size": 2})
    account = Account.objects.get(code="K.Claimed[QC26,O-hexi:2026-10]")
    client, address = as_person("finance"), reverse("account", args=[account.code])

    told: list[str] = []
    page = client.get(address + "?to=2026-11-20").content.decode()
    assert 'rel="first"' not in page
    while older := re.search(r'rel="next" href="([^"]+)"', page):
        told += re.findall(r"/books/entries/([0-9]+)/", page)
        assert "to=2026-11-20" in older[1]
        page = client.get(address + older[1].replace("&amp;", "&")).content.decode()
    told += re.findall(r"/books/entries/([0-9]+)/", page)

    assert 'rel="first"' in page
    assert told == [str(row.entry_id) for row in statements.statement_of(account, how_many=1000)]


def test_a_statement_of_days_without_transfers_says_so(as_person: Browser) -> None:
    address = reverse("account", args=["B.Held[QC26,V-hexi,O-hexi]"])

    assert "Nothing was recorded" in as_person("finance").get(address, {"from": "2026-11-21"}).content.decode()
    assert "Nothing was recorded" in as_person("finance").get(address, {"to": "2026-11-19"}).content.decode()
    assert "Nothing was recorded" not in as_person("finance").get(address, {"from": "2026-11-20"}).content.decode()


@pytest.mark.parametrize("by", ["happened", "recorded"])
def test_the_trial_balance_of_a_day_is_shown_with_both_sides_equal(by: str, as_person: Browser) -> None:
    client, address = as_person("finance"), reverse("trial_balance")

    page = client.get(address, {"as_of": "2026-11-20", "by": by}).content.decode()
    before = client.get(address, {"as_of": "2025-01-01", "by": by}).content.decode()

    assert "B.Held" in page
    assert "Both sides are equal" in page
    assert "The sides differ" not in page
    assert "Nothing stood in the books by then" in before


def test_open_items_are_listed_with_what_must_end_them(as_person: Browser) -> None:
    client, address = as_person("finance"), reverse("open_items")

    page = client.get(address).content.decode()
    narrowed = client.get(address, {"fund": "QC26", "type": "B.Available", "key": "V-hexi"}).content.decode()

    assert "B.Available[QC26,V-hexi]" in page
    assert "voucher ended" in page
    assert set(re.findall(r"<code>([^<]+)</code>", narrowed)) == {"B.Available[QC26,V-hexi]"}


def test_a_roll_forward_closes_at_the_balance(as_person: Browser) -> None:
    client, address = as_person("finance"), reverse("roll_forward")
    span = {"from": "2026-01-01", "to": "2026-12-31", "type": "B.Available", "key": "V-hexi"}

    page = client.get(address, span).content.decode()
    before = client.get(address, span | {"from": "2025-01-01", "to": "2025-01-31"}).content.decode()

    balance = Account.objects.get(code="B.Available[QC26,V-hexi]").balance
    assert "ISSUE" in page
    assert text_from_minor(balance) in page
    assert "Nothing had happened on these accounts by then" in before


WRONG = [
    ("trial_balance", {"as_of": "yesterday"}, 422),
    ("trial_balance", {"as_of": "2500-01-01"}, 422),
    ("trial_balance", {"as_of": "2026-11-20", "by": "chance"}, 404),
    ("accounts", {"type": "B.Hled"}, 404),
    ("accounts", {"fund": "QC27"}, 404),
    ("accounts", {"fund": "\0"}, 404),
    ("accounts", {"q": "\0"}, 404),
    ("account", {"from": "2026-11-31"}, 422),
    ("account", {"from": "2026-11-20", "to": "2026-11-19"}, 422),
    ("account", {"older": "1"}, 404),
    ("open_items", {"type": "B.Hled"}, 404),
    ("open_items", {"type": "B.Unallocated"}, 422),
    ("open_items", {"fund": "QC27"}, 404),
    ("open_items", {"key": "V-nobody"}, 404),
    ("roll_forward", {"type": "B.Hled"}, 404),
    ("roll_forward", {"kind": "Z"}, 404),
    ("roll_forward", {"kind": "M", "type": "B.Held"}, 422),
    ("roll_forward", {"fund": "QC27"}, 404),
    ("roll_forward", {"key": "V-nobody"}, 404),
    ("roll_forward", {"from": "2026-11-20", "to": "2026-11-01"}, 422),
]


@pytest.mark.parametrize(("name", "fields", "status"), WRONG)
def test_a_field_that_cannot_be_answered_is_refused_and_never_an_empty_page(
    name: str, fields: dict[str, str], status: int, as_person: Browser
) -> None:
    codes = ["B.Held[QC26,V-hexi,O-hexi]"] if name == "account" else []

    assert as_person("finance").get(reverse(name, args=codes), fields).status_code == status


@pytest.mark.parametrize("name", ["accounts", "open_items", "roll_forward"])
def test_a_foreign_fund_is_answered_like_one_that_does_not_exist(name: str, as_person: Browser) -> None:
    stranger = as_person("stranger")

    assert [stranger.get(reverse(name), {"fund": fund}).status_code for fund in ("QC26", "nowhere")] == [404, 404]


def test_movements_in_a_state_that_does_not_exist_are_refused(as_person: Browser) -> None:
    assert as_person("hexi-it").get("/vouchers/V-hexi/", {"state": "heldd"}).status_code == 404


def test_an_entry_shows_only_rows_of_the_readers_funds(db: None) -> None:
    entry = Entry.objects.filter(template="REDEEM").first()
    assert entry is not None

    assert statements.rows_of(entry, ["QC26"]).count() == entry.transfers.count()
    assert statements.rows_of(entry, ["another"]).count() == 0


def test_the_states_of_a_voucher_add_up_to_its_face(db: None) -> None:
    for voucher, value in values_of(Voucher.objects.all()):
        assert sum(amount for _, amount in value.states) == voucher.face_minor
        assert value.elsewhere_minor == 0
        assert sum(length for _, _, length in value.bars) <= 1000


def test_movements_of_a_voucher_are_narrowed_by_state(as_person: Browser) -> None:
    client = as_person("hexi-it")
    every = client.get("/vouchers/V-hexi/").content.decode()
    redeemed = client.get("/vouchers/V-hexi/?state=redeemed").content.decode()

    assert "ISSUE" in every
    assert "ISSUE" not in redeemed
    assert "REDEEM" in redeemed
    assert "/books/entries/" not in every


def test_a_usage_file_comes_back_byte_for_byte_as_an_attachment(as_person: Browser) -> None:
    file = UsageFile.objects.get(source=None)

    answer = as_person("north-ops").get(reverse("usage_file_content", args=[file.id]))

    content = b"".join(answer.streaming_content)
    assert hashlib.sha256(content).hexdigest() == file.document_id
    assert int(answer["Content-Length"]) == len(content)
    check_is_attachment(answer, 'filename="north-n1-2026-10.sacct"')


def test_a_statement_comes_as_an_attachment(as_person: Browser) -> None:
    statement = Statement.objects.get()

    answer = as_person("north-ops").get(reverse("statement_document", args=[statement.code]))

    assert hashlib.sha256(b"".join(answer.streaming_content)).hexdigest() == statement.document_id
    check_is_attachment(answer, "statement-QC26:2026-10:S1:north.json")


def check_is_attachment(answer: object, name: str) -> None:
    """Check that no browser would show it."""
    assert answer["Content-Disposition"].startswith("attachment;")
    assert name in answer["Content-Disposition"]
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_a_return_slip_shows_each_line_with_code_reason_and_remedy(as_person: Browser) -> None:
    file = UsageFile.objects.get(source=None)
    returned = file.returned_lines.get()

    page = as_person("north-ops").get(reverse("usage_file", args=[file.id])).content.decode()
    narrowed = as_person("north-ops").get(reverse("usage_file", args=[file.id]) + "?outcome=rejected").content.decode()

    assert returned.code in page
    assert returned.reason in page
    assert "Its final record will settle it" in page
    assert "Its final record will settle it" not in narrowed


FITS = {"by_account": "hexi", "by_state": "NODE_FAIL", "by_day": "2026-10-18", "by_class": "A100"}


@pytest.mark.parametrize(("view", "value"), FITS.items())
def test_control_totals_lead_to_their_attempts(view: str, value: str, as_person: Browser) -> None:
    file = UsageFile.objects.get(source=None)

    page = as_person("north-ops").get(reverse("attempts", args=[file.id]), {view: value}).content.decode()

    assert "No attempt was stored" not in page


@pytest.mark.parametrize("day", ["2026-09-01", "nonsense", "2026-13-01"])
def test_a_day_without_attempts_has_none(day: str, as_person: Browser) -> None:
    file = UsageFile.objects.get(source=None)

    page = as_person("north-ops").get(reverse("attempts", args=[file.id]), {"by_day": day}).content.decode()

    assert "No attempt was stored" in page


def test_long_lists_are_cut_into_pages(as_person: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.portal.pages.page_of.__kwdefaults__", {"size": 5})
    client, address = as_person("finance"), reverse("accounts")

    first = client.get(address, {"fund": "QC26"}).content.decode()
    last = client.get(address, {"fund": "QC26", "page": "999"}).content.decode()

    assert "?fund=QC26&amp;page=2" in first
    assert 'rel="prev"' in last
    assert 'rel="next"' not in last


def test_the_waterfall_accounts_for_every_claim() -> None:
    cuts = [
        Cut("USE.NO_EVID", "held", 1, 10, 200),
        Cut("USE.STATE", "centre", 1, 5, 100),
        Cut("VCH.BAL", "enterprise", 1, 0, 50),
    ]

    steps = waterfall(claimed=(50, 1000), allowed=(35, 700), subsidy_minor=160, cuts=cuts)

    told = [(step.name, step.amount_minor, step.bar_from, step.bar_length) for step in steps]
    assert told == [
        ("claimed", 1000, 0, 1000),
        ("cut", 200, 800, 200),
        ("cut", 100, 700, 100),
        ("allowed", 700, 0, 700),
        ("subsidy", 160, 0, 160),
        ("enterprise", 540, 160, 540),
        ("within", 50, 160, 50),
    ]
    assert all(step.bar_length == 0 for step in waterfall(claimed=(0, 0), allowed=(0, 0), subsidy_minor=0, cuts=[]))


class TestEngineRoom:
    """The stock admin: for auditors, and read-only."""

    MODELS = [model for model in apps.get_models() if model._meta.app_label in FLOORS]

    @pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label_lower)
    def test_shows_every_table_and_changes_none(self, model: type, as_person: Browser) -> None:
        auditor = as_person("auditor")
        of_table = f"admin:{model._meta.app_label}_{model._meta.model_name}"

        assert auditor.get(reverse(f"{of_table}_changelist")).status_code == 200
        assert auditor.get(reverse(f"{of_table}_add")).status_code == 403
        assert as_person("ops").get(reverse(f"{of_table}_changelist")).status_code == 302
        row = model.objects.first()
        if row is not None:
            change = reverse(f"{of_table}_change", args=[row.pk])
            shown = auditor.get(change)
            assert shown.status_code == 200
            assert b"$argon2" not in shown.content
            assert auditor.post(change, {}).status_code == 403
            assert auditor.post(reverse(f"{of_table}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403

    def test_holds_nothing_else(self) -> None:
        registered = {model for model in admin.site._registry if model._meta.app_label in FLOORS}

        assert registered == set(self.MODELS)


def test_signing_in_leads_to_what_was_asked_for(db: None) -> None:
    from vouchers.people.models import User  # noqa: PLC0415 (only this test needs a password)

    user = User.objects.get(login="hexi-it")
    user.set_password("correct horse")
    user.save()
    client = Client()

    wrong = client.post(reverse("login"), {"username": "hexi-it", "password": "wrong"})
    right = client.post(
        reverse("login") + "?next=/vouchers/",
        {"username": "hexi-it", "password": "correct horse", "next": "/vouchers/"},
    )

    assert "do not belong together" in wrong.content.decode()
    assert right["Location"] == "/vouchers/"
    assert client.post(reverse("logout"))["Location"] == reverse("login")
    assert client.get("/").status_code == 302
