"""Documentation is a tested part: what a user can meet is documented, and generated pages are current."""

import json
import re
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class
from django.db.migrations.loader import MigrationLoader

from billing.codes import CODES
from billing.metering import services as metering
from billing.metering.formats import CODES as LINE_CODES
from config.shell.management.commands.generate_docs import PAGES, refusals
from ledger.commands import Command
from vouchers.people.permissions import ACTS

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference"


def page(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(PAGES))
def test_generated_pages_are_current(name):
    assert page(name) == PAGES[name](), "run `make fix`"


@pytest.mark.parametrize("refusal", refusals(), ids=lambda refusal: refusal.code)
def test_every_refusal_is_documented_and_speaks(refusal):
    assert f"`{refusal.code}`" in page("errors.md")
    assert refusal.message.endswith((".", "}"))
    assert refusal.remedy.endswith((".", "}"))
    assert re.fullmatch(r"[a-z0-9_]+", refusal.code)
    assert refusal.__doc__


def test_codes_of_refusals_are_unique():
    codes = [refusal.code for refusal in refusals()]
    shared = {code for code in codes if codes.count(code) > 1}
    # The same fact told by the books and by settlement.
    assert shared <= {"idempotency_key_has_other_inputs"}


@pytest.mark.parametrize("code", sorted({**LINE_CODES, **metering.CODES}))
def test_every_line_code_is_documented(code):
    assert f"`{code}`" in page("usage-files.md")


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_finding_is_documented(code):
    assert f"`{code}`" in page("findings.md")


@pytest.mark.parametrize("act", sorted(ACTS))
def test_every_act_is_documented(act):
    assert f"`{act}`" in page("permissions.md")


def test_every_setting_is_documented_and_no_other():
    read = (ROOT / "config").rglob("*.py")
    names = {
        name
        for path in read
        for name in re.findall(r"\b(?:QUANBU_[A-Z_]+|DATABASE_(?:OWNER_)?URL)\b", path.read_text())
    }
    documented = set(re.findall(r"`((?:QUANBU|DATABASE)_[A-Z_]+)`", page("settings.md")))
    assert documented == names


OURS = sorted(
    name
    for name, app in get_commands().items()
    if str(app).split(".")[0] in {"ledger", "vouchers", "billing", "config"}
)


@pytest.mark.parametrize("name", OURS)
def test_every_command_is_documented(name):
    assert f"\n## {name}\n" in page("commands.md")


@pytest.mark.parametrize("name", OURS)
def test_every_json_answer_has_its_schema(name):
    command = load_command_class(get_commands()[name], name)
    if isinstance(command, Command):
        schema = {"submit_usage": "submit", "submit_evidence": "submit"}.get(name, name)
        published = json.loads(page(f"schemas/{schema}.schema.json"))
        assert published["title"]


def test_links_between_pages_lead_somewhere():
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_migrations_are_one_line_per_application():
    graph = MigrationLoader(None).graph
    for floor in ("ledger", "vouchers", "billing"):
        assert len(graph.leaf_nodes(floor)) == 1
