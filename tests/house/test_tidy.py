"""The rules of the house over the source text: sizes, words and shapes that a linter does not know."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("ledger", "vouchers", "billing", "config")
SOURCES = sorted(path for floor in FLOORS for path in (ROOT / floor).rglob("*.py") if "migrations" not in path.parts)
STATEMENTS = sorted(path for floor in FLOORS for path in (ROOT / floor).rglob("*.sql"))
#: What is one file by promise: whoever trusts nobody copies it and needs no other (docs/verifying.md).
LONG = {"ledger/log/verifier.py": 1200}
FACES = [path for path in SOURCES if {"api", "portal", "management"} & set(path.parts) or path.name == "admin.py"]


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_a_module_says_what_it_is_and_is_one_idea(path):
    text = path.read_text(encoding="utf-8")
    if text.strip() and path.name != "__init__.py":
        assert ast.get_docstring(tree_of(path)), "a module docstring defines its terms"
    assert text.count("\n") <= LONG.get(named(path), 600), "a file of more than 600 lines holds two ideas"


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_a_function_fits_on_a_screen(path):
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or node.lineno) - node.lineno < 70, f"{node.name} has more than 70 lines"


@pytest.mark.parametrize("path", [path for path in SOURCES if path.parts[len(ROOT.parts)] != "config"], ids=named)
def test_no_float_on_the_three_floors(path):
    for node in ast.walk(tree_of(path)):
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), f"a float at line {node.lineno}"
        assert not (isinstance(node, ast.Name) and node.id == "float"), f"float at line {node.lineno}"
        divides = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)
        paths = divides and isinstance(node.right, ast.Constant | ast.JoinedStr | ast.Name | ast.Attribute)
        if divides and not paths:
            raise AssertionError(f"true division at line {node.lineno}")


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_nothing_acts_at_a_distance(path):
    text = path.read_text(encoding="utf-8")
    assert "django.dispatch" not in text, "no signals"
    assert "django.db.models.signals" not in text, "no signals"
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef):
            assert node.name not in {"save", "clean", "full_clean"}, f"{node.name} is overridden at line {node.lineno}"


@pytest.mark.parametrize("path", FACES, ids=named)
def test_faces_write_through_services_only(path):
    if path.name == "demo.py":
        return  # it gives its people a password
    found = re.findall(
        r"\.(?:save|create|bulk_create|get_or_create|update_or_create|update|delete)\(", path.read_text()
    )
    assert not found, f"a face writes by itself: {found}"


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_sql_stands_in_files(path):
    text = path.read_text(encoding="utf-8")
    if "management" in path.parts or path.parts[len(ROOT.parts)] == "config":
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.JoinedStr):
            literal = "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
            assert not re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE)\s", literal), (
                f"SQL made of pieces, line {node.lineno}"
            )


@pytest.mark.parametrize("path", STATEMENTS, ids=named)
def test_a_statement_says_its_purpose_and_is_used(path):
    text = path.read_text(encoding="utf-8")
    assert text.startswith("-- "), "a statement begins with its purpose"
    if "invariants" in path.parts:
        assert f"CREATE VIEW invariant_{path.stem} AS" in text
        return
    users = [source for floor in FLOORS for source in (ROOT / floor).rglob("*.py")]
    assert any(f'"{path.stem}"' in source.read_text(encoding="utf-8") for source in users), "nobody loads it"


def test_no_leftovers():
    words = ("TO" + "DO", "FIX" + "ME", "XX" + "X")
    for path in [*SOURCES, *STATEMENTS]:
        text = path.read_text(encoding="utf-8")
        assert not any(re.search(rf"\b{word}\b", text) for word in words), path


def test_rooms_use_the_file_names_that_contributing_lists():
    listed = set(re.findall(r"`(\w+)[./]", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")))
    rooms = [room for floor in ("ledger", "vouchers", "billing") for room in (ROOT / floor).iterdir() if room.is_dir()]
    faces = {"api", "portal", "management", "migrations", "__pycache__"}
    for room in rooms:
        for entry in room.iterdir():
            if room.name not in faces and entry.name not in {"__init__.py", "__pycache__"}:
                assert entry.stem.split(".")[0] in listed, f"{named(entry)}: CONTRIBUTING does not know this name"
