"""The stock admin over long tables: a page reads the newest rows, counts no table, and asks nothing row by row."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ledger import admin as engine_room
from ledger.models import Account, Entry, Transfer
from tests.ledger.bookkeeping import entry, post

pytestmark = pytest.mark.usefixtures("settled_month")
Browser = Callable[[str], Client]
FLOORS = ("ledger", "vouchers", "billing")
MODELS = [model for model in apps.get_models() if model._meta.app_label in FLOORS]
LONG = [Account, Entry, Transfer]
AVAILABLE = "B.Available[QC26,V-hexi]"
each = pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label_lower)
long_ones = pytest.mark.parametrize("model", LONG, ids=lambda model: model._meta.label_lower)


def address(model: type[Model], page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def asked(client: Client, where: str, **query: Any) -> tuple[str, list[str]]:
    """Return a page, and every statement that it took."""
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(where, query)
    assert answer.status_code == 200
    return answer.content.decode(), [query["sql"] for query in queries.captured_queries]


@pytest.fixture
def holds(db: None) -> int:
    """Many accounts, entries and transfers, some of which take others back."""
    post([entry("HOLD", (AVAILABLE, f"B.Held[QC26,V-hexi,X{n}]", 1), key=f"hold-{n}") for n in range(60)])
    post([entry("REVERSE", reverses=f"hold-{n}") for n in range(30)])
    return 90


@each
def test_a_list_asks_nothing_row_by_row(
    model: type[Model], as_person: Browser, holds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, costs = as_person("auditor"), []
    for rows in (1, 50):
        monkeypatch.setattr(engine_room.ReadOnlyAdmin, "list_per_page", rows)
        costs.append(len(asked(client, address(model, "changelist"))[1]))

    assert costs[0] == costs[1] <= 8


@each
def test_a_list_counts_no_further_than_it_leads(model: type[Model], as_person: Browser) -> None:
    _, statements = asked(as_person("auditor"), address(model, "changelist"))

    counts = [sql for sql in statements if "COUNT(" in sql]
    assert [re.findall(r"LIMIT (\d+)", sql) for sql in counts] == [[str(engine_room.ROWS_MAX)]]
    assert not any("JOIN" in sql for sql in counts)


@long_ones
def test_a_list_is_read_from_the_newest_end(model: type[Model], as_person: Browser, holds: int) -> None:
    _, statements = asked(as_person("auditor"), address(model, "changelist"), o="3.2")

    (rows,) = [sql for sql in statements if f'FROM "{model._meta.db_table}"' in sql and "COUNT(" not in sql]
    assert f'ORDER BY "{model._meta.db_table}"."id" DESC LIMIT ' in rows
    assert rows.count("ORDER BY") == 1


@long_ones
def test_a_list_ends_where_it_says(
    model: type[Model], as_person: Browser, holds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = as_person("auditor")
    monkeypatch.setattr(engine_room, "ROWS_MAX", 52)

    first, _ = asked(client, address(model, "changelist"))
    last, _ = asked(client, address(model, "changelist"), p=2)

    assert "The newest rows, at most 52" in first
    assert last.count('name="_selected_action"') == 0
    newest = list(model._default_manager.order_by("-pk").values_list("pk", flat=True)[:53])
    assert address(model, "change", newest[51]) in last
    assert address(model, "change", newest[52]) not in last
    assert client.get(address(model, "changelist"), {"p": 3}).status_code == 302


@long_ones
def test_no_list_offers_every_account_or_entry_to_choose_from(
    model: type[Model], as_person: Browser, holds: int
) -> None:
    assert not admin.site._registry[model].list_filter
    shown, _ = asked(as_person("auditor"), address(model, "changelist"))
    assert "<select" not in shown


@each
def test_a_row_is_shown_with_few_questions_and_nothing_to_choose(
    model: type[Model], as_person: Browser, holds: int
) -> None:
    row = model._default_manager.order_by("pk").last()
    if row is not None:
        shown, statements = asked(as_person("auditor"), address(model, "change", row.pk))
        assert len(statements) <= 16
        assert "<select" not in shown


@pytest.mark.parametrize(
    ("model", "name", "found"),
    [
        (Account, AVAILABLE, 1),
        (Account, "B.Available", 0),
        (Entry, "hold-7", 1),
        (Entry, "hold", 0),
        (Transfer, "hold-7", 1),
        (Transfer, "hold-", 0),
    ],
)
def test_a_row_is_found_by_its_whole_code_through_an_index(
    model: type[Model], name: str, found: int, as_person: Browser, holds: int
) -> None:
    shown, statements = asked(as_person("auditor"), address(model, "changelist"), q=name)

    assert len(set(re.findall(rf'href="{address(model, "change", 0)[:-9]}(\d+)/change/', shown))) == found
    assert not [sql for sql in statements if "UPPER(" in sql or "LIKE" in sql]


@pytest.mark.parametrize("name", ["\0", "%", "x" * 10_000, "'; --", '"', "9" * 30, "a b c [", "\N{SNOWMAN}"])
@long_ones
def test_whatever_is_looked_for_the_list_stands(model: type[Model], name: str, as_person: Browser) -> None:
    client = as_person("auditor")
    for query in ({"q": name}, {"p": name}, {"o": name}, {"id__exact": name}, {"all": name}):
        assert client.get(address(model, "changelist"), query).status_code in {200, 302, 400}


def test_a_list_loads_no_long_column_that_it_does_not_show(as_person: Browser) -> None:
    chunk = apps.get_model("ledger", "Chunk")
    _, statements = asked(as_person("auditor"), address(chunk, "changelist"))

    hidden = admin.site._registry[chunk]._hidden(whole=False)
    assert hidden
    assert not [sql for sql in statements for name in hidden if f'"{chunk._meta.db_table}"."{name}"' in sql]
