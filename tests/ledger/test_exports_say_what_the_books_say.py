"""Every export, read back by somebody else's program or by a few lines that share nothing with it, gives the books'
own trial balance: for every worked case, and for whatever may be posted under whatever names."""

import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from bookkeeping import CASE_NAMES, SMALL_CASE_NAMES, begun, entry, forgotten, post, voucher
from export_readers import (
    READERS,
    beancount_entries,
    by_type,
    from_csv,
    hledger,
    needs_hledger,
    of_the_books,
    rows_of,
    tags_by_hledger,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger import clock
from ledger.books.services import Entry
from ledger.exports import rules
from ledger.exports.services import FORMATS, export
from ledger.log import services as log

pytestmark = [pytest.mark.database, pytest.mark.django_db]

BEAN_CHECK = Path(sys.executable).with_name("bean-check")
#: Who reads an export here: without hledger, one fewer.
READABLE = [name for name in FORMATS if name != "hledger" or shutil.which("hledger")]


@pytest.mark.parametrize("format_", ["beancount", pytest.param("hledger", marks=needs_hledger), "csv", "iso-21378"])
@pytest.mark.parametrize("name", [*CASE_NAMES, *SMALL_CASE_NAMES])
def test_a_worked_case_is_read_back_as_the_books_say(name, format_, tmp_path):
    post(begun(name).entries)
    log.seal()

    export(format_, tmp_path / "out")

    assert by_type(READERS[format_](tmp_path / "out")) == of_the_books()


@pytest.mark.parametrize("name", CASE_NAMES)
def test_beancount_and_hledger_find_nothing_to_complain_of(name, tmp_path):
    post(begun(name).entries)
    log.seal()
    export("beancount", tmp_path / "books.beancount")
    export("hledger", tmp_path / "books.journal")

    checked = subprocess.run([BEAN_CHECK, tmp_path / "books.beancount"], capture_output=True, text=True, check=False)

    assert (checked.returncode, checked.stderr) == (0, "")
    if shutil.which("hledger"):
        hledger(tmp_path / "books.journal", "check")
        hledger(tmp_path / "books.journal", "check", "--strict")


def test_every_table_that_is_summed_agrees_with_the_transfers(tmp_path):
    post(begun("i").entries)
    log.seal()
    export("csv", tmp_path / "csv")
    export("iso-21378", tmp_path / "iso")
    standing = from_csv(tmp_path / "csv")

    accounts = {(row["account"], row["asset"]): row for row in rows_of(tmp_path / "csv", "accounts.csv")}
    assert {key: int(row["debits"]) - int(row["credits"]) for key, row in accounts.items()} == standing
    trial = rows_of(tmp_path / "csv", "trial_balance.csv")
    assert by_type(standing) == {
        tuple(row[name] for name in ("book_owner", "book_kind", "asset", "type")): int(row["net"])
        for row in trial
        if row["net"] != "0"
    }
    ended = {
        row["GL_Account_Number"]: row["Balance_Ending_Functional_Amount"]
        for row in rows_of(tmp_path / "iso", "GL_Trial_Balance.csv")
    }
    assert {code: f"{net // 100}.{net % 100:02d}" if net >= 0 else f"-{-net // 100}.{-net % 100:02d}"
            for (code, asset), net in standing.items() if asset == "CNY"} == ended  # fmt: skip
    before: dict[str, str] = {}
    for row in rows_of(tmp_path / "iso", "GL_Accounts_Period_Balance.csv"):
        begun_with = row["Beginning_Quantity"], row["Balance_Beginning_Functional_Amount"]
        assert before.get(row["GL_Account_Number"], ("0", "0.00")) == begun_with, "a month begins as the last one ended"
        before[row["GL_Account_Number"]] = row["Ending_Quantity"], row["Balance_Ending_Functional_Amount"]


def test_what_is_not_sealed_is_not_exported(tmp_path):
    post(voucher("V1", 500))
    log.seal()
    sealed = of_the_books()
    post(voucher("V2", 70))

    for name in READABLE:
        export(name, tmp_path / name)

        assert by_type(READERS[name](tmp_path / name)) == sealed


def test_an_entry_that_was_taken_back_is_exported_with_its_mirror(tmp_path):
    post([entry("FUND.AUTHORISE", ("B.Authority[T26,city,2026]", "B.Unallocated[T26]", 5), key="wrong")])
    post([entry("REVERSE", key="right", reverses="wrong")])
    log.seal()

    for name in READABLE:
        export(name, tmp_path / name)

        assert by_type(READERS[name](tmp_path / name)) == of_the_books() == {}
    first, second = rows_of(tmp_path / "csv", "entries.csv")
    assert second["reverses"] == first["idempotency_key"]
    assert [row["Reversal_Indicator"] for row in rows_of(tmp_path / "iso-21378", "GL_Details.csv")] == [
        "0",
        "0",
        "1",
        "1",
    ]
    mirror = [each for each in beancount_entries(tmp_path / "beancount") if each.meta.get("key") == "right"]
    assert [each.meta["reverses"] for each in mirror] == ["wrong"]


@pytest.mark.parametrize("format_", READABLE)
def test_books_in_which_nothing_was_posted_are_exported_too(format_, tmp_path):
    told = export(format_, tmp_path / "out")

    assert (told.entries, told.transfers) == (0, 0)
    assert by_type(READERS[format_](tmp_path / "out")) == {}


def test_a_journal_in_which_a_fen_was_changed_is_found_out(tmp_path):
    post(voucher("V1", 500))
    log.seal()
    for name, find in (("beancount", beancount_entries), ("hledger", lambda path: hledger(path, "check"))):
        if name in READABLE:
            export(name, tmp_path / name)
            text = (tmp_path / name).read_text(encoding="utf-8")
            last = text.rpartition("5.00 ")[0].count("5.00")
            assert last > 2
            # The first pair of postings alone: the transaction still balances, the account no longer does.
            (tmp_path / name).write_text(text.replace("  5.00", "  5.01", 1).replace("  -5.00", "  -5.01", 1))

            with pytest.raises(AssertionError, match=r"[Bb]alance"):
                find(tmp_path / name)


keys = st.text("abzABX019._:/-", min_size=1, max_size=6)
assets = st.sampled_from(["CNY", "USD", "GPUms:A100", "gpums:a100", "GPUMS.A100", "X", "hours", "Z-", "a_b", "A._:-"])
HOSTILE = ["=1+1", "+1", "-1", "@x", "'x", '"', '""', "\\", "\\\"", ";", "a;b", ",", "50%", "%2C", "|", "[2026-01-01]",
           "date:2026-01-01", "#t ^l", "庆财预〔2026〕7号", "＝1", "\u3000x\u3000", " x ", "\u2028", "\x85", "a,b:c",
           "*", "(", "~"]  # fmt: skip
texts = st.sampled_from(HOSTILE) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=[*map(chr, range(0x20)), "\x7f"]), max_size=20
)
idempotency_keys = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=12)
days = st.dates(date(1970, 1, 2), date(2199, 12, 30))
MILLISECONDS = st.integers(0, 86_399_999)


@st.composite
def entries(draw) -> Entry:
    """An entry that no floor refuses, under names and with texts that other formats have trouble with."""
    fund, asset = draw(keys), draw(assets)
    fund = f"{fund}{assets.elements.index(asset)}"  # an account holds one asset for life
    rows = []
    for _ in range(draw(st.integers(1, 3))):
        amount = draw(st.integers(1, 10**15) | st.sampled_from([1, 99, 100, 101]))
        key, other = draw(keys), draw(keys)
        rows.append(
            draw(
                st.sampled_from(
                    [
                        (f"F.Bank[{fund},{key}]", f"F.Suspense[{fund},{other}]", amount, asset),
                        (f"M.Bank[{fund},{key}]", f"M.Suspense[{fund},{other}]", amount, asset),
                        (f"M.LevelCurrent[{fund},{key}]", f"M.Bank[{fund},{other}]", amount, asset),
                    ]
                )
            )
        )
    happened_at_ms = clock.start_of_day_ms(draw(days), "Asia/Shanghai") + draw(MILLISECONDS)
    proposer = draw(texts.filter(bool))
    return entry(
        "SUSPENSE.IN",
        *rows,
        key=draw(idempotency_keys),
        happened_at_ms=happened_at_ms,
        proposer=proposer,
        approver=draw(texts.filter(lambda text: text != proposer)),
        document=draw(texts),
        run=draw(texts),
    )


FIELDS = ("key", "proposer", "approver", "document", "run")


def facts_of(posted: Entry) -> tuple[str, ...]:
    return (posted.idempotency_key, posted.proposer, posted.approver, posted.document, posted.run)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batch=st.lists(entries(), min_size=1, max_size=4, unique_by=lambda each: each.idempotency_key))
def test_whatever_is_posted_is_read_back_to_the_unit_and_to_the_letter(batch):
    with forgotten(), TemporaryDirectory() as made:
        folder = Path(made)
        post(batch)
        log.seal()
        for name in READABLE:
            export(name, folder / name)
            assert by_type(READERS[name](folder / name)) == of_the_books(), name

        told = sorted(map(facts_of, batch))
        by_csv = rows_of(folder / "csv", "entries.csv")
        assert sorted((row["idempotency_key"], *(row[name] for name in FIELDS[1:])) for row in by_csv) == told
        by_beancount = [each.meta for each in beancount_entries(folder / "beancount") if "key" in each.meta]
        assert sorted(tuple(meta.get(name, "") for name in FIELDS) for meta in by_beancount) == told
        if "hledger" in READABLE:
            by_hledger = tags_by_hledger(folder / "hledger")
            assert sorted(tuple(tags.get(name, "") for name in FIELDS) for tags in by_hledger) == told
        happened = {row["idempotency_key"]: row["happened_on"] for row in by_csv}
        for each in batch:
            day = clock.day_of(each.happened_at_ms, "Asia/Shanghai")
            assert happened[each.idempotency_key] == day.isoformat()
        assert {meta["key"]: meta["entry"] for meta in by_beancount} == {
            row["idempotency_key"]: int(row["entry"]) for row in by_csv
        }


codes = st.builds(
    lambda kind, name, own: f"{kind}.{name}[{','.join(own)}]",
    st.sampled_from("BMKQFL"),
    st.text("aZxX", min_size=1, max_size=4),
    st.lists(st.text("aX-._:/0", min_size=1, max_size=5), min_size=1, max_size=3),
)
any_assets = st.from_regex(r"[A-Za-z][A-Za-z0-9:._-]{0,40}", fullmatch=True)


@given(codes, st.sampled_from(["Assets", "Equity"]))
def test_an_account_has_its_code_back_from_beancount(code, root):
    assert rules.code_of(rules.account_of(code, root)) == code


@given(any_assets)
def test_an_asset_has_its_code_back_from_beancount(asset):
    commodity = rules.commodity_of(asset)

    assert rules.PLAIN_COMMODITY.fullmatch(commodity.replace("'", ""))
    assert rules.asset_of(commodity) == asset


@given(texts)
def test_a_guarded_text_starts_no_formula_and_comes_back(text):
    assert not rules.guarded(text).startswith(rules.FORMULA)
    assert rules.unguarded(rules.guarded(text)) == text


def test_a_day_of_beancount_begins_when_its_balances_are_told(tmp_path):
    post(voucher("V1", 500))
    log.seal()
    export("beancount", tmp_path / "out")
    directives = beancount_entries(tmp_path / "out")

    dates = {type(each).__name__: each.date for each in directives}
    assert dates["Balance"] == dates["Transaction"] + timedelta(days=1)
