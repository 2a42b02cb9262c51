"""The register of invariants is complete and true: whatever must hold has a row, and every test it names exists."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps

from ledger.verification import invariants

ROOT = Path(__file__).resolve().parents[2]
REGISTER = (ROOT / "docs/concepts/invariants.md").read_text(encoding="utf-8")
ROOMS = ("ledger.books.models", "ledger.documents.models", "ledger.funds.models", "ledger.log.models",
         "ledger.refusals.models")  # fmt: skip
#: What migrations add to what models can say.
BY_HAND = ("account_must_be_empty_to_be_closed", "account_must_keep_its_identity", "book_must_keep_its_identity",
           "checkpoint_must_say_its_head", "history_must_not_change", "record_must_await_sealing",
           "record_must_be_digested_as_told", "record_must_not_pass_for_an_entry", "refusal_digest_must_be_sha256",
           "refusal_members_must_be_named",
           "refusal_must_be_small", "transfer_must_name_what_is_there")  # fmt: skip


def rows() -> dict[str, list[str]]:
    """The rows of the register's tables by the name in their first cell; the other cells as they stand."""
    found = {}
    for line in REGISTER.splitlines():
        name = re.match(r"\| `(\w+)` \|", line)
        if name:
            assert name[1] not in found, f"{name[1]} stands twice"
            found[name[1]] = [cell.strip() for cell in line.strip("| ").split(" | ")][1:]
    return found


ROWS = rows()
TESTS = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", REGISTER)))
VIEWS = [invariant.name for invariant in invariants()]
#: The rules of the types of the books' columns.
DOMAINS = re.findall(r"\nCONSTRAINT (\w+)", (ROOT / "ledger/books/sql/domains.sql").read_text(encoding="utf-8"))
CONSTRAINTS = sorted(
    {
        *DOMAINS,
        *(
            constraint.name
            for model in apps.get_app_config("ledger").get_models()
            if model.__module__ in ROOMS
            for constraint in model._meta.constraints
        ),
    }
)


@cache
def defined_in(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


@pytest.mark.parametrize("name", [*VIEWS, *CONSTRAINTS, *BY_HAND])
def test_everything_that_must_hold_has_its_row_with_a_test_that_attacks_it(name):
    assert name in ROWS, f"docs/concepts/invariants.md has no row for {name}"
    assert len(ROWS[name]) == 4, "what holds, what enforces it, what checks it, what attacks it"
    assert all(ROWS[name])
    assert re.search(r"`tests/[\w/]+\.py::\w+`", ROWS[name][-1]), f"{name} names no test"


@pytest.mark.parametrize("name", sorted(ROWS))
def test_every_row_is_about_something_that_exists(name):
    assert name in {*VIEWS, *CONSTRAINTS, *BY_HAND}


@pytest.mark.parametrize(("path", "name"), TESTS)
def test_every_test_that_is_named_exists(path, name):
    assert name in defined_in(path), f"{path} has no {name}"


@pytest.mark.parametrize("view", VIEWS)
def test_every_invariant_says_what_it_is_in_a_sentence(view):
    (sentence,) = [invariant.sentence for invariant in invariants() if invariant.name == view]

    assert sentence.endswith(".")
