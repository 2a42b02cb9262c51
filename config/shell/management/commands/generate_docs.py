"""Write the reference pages that follow from the code, or check that they are current."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

from django.conf import settings
from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand, CommandParser

from billing.codes import CODES
from config.api import openapi_text
from ledger.books.chart import rows_of
from ledger.errors import Refusal
from vouchers.people.permissions import ACTS, Role

REFERENCE = Path(settings.BASE_DIR) / "docs" / "reference"
FLOORS = ("ledger", "vouchers", "billing", "config")
#: Options that every Django command takes and nobody here needs to read about.
DJANGO_OPTIONS = re.compile(
    r" \[(-h|--version|-v \{0,1,2,3\}|--settings SETTINGS|--pythonpath PYTHONPATH|--traceback|--no-color|--force-color"
    r"|--skip-checks)\]"
)
NOTE = "<!-- Made by `make fix` from the code; a change here is overwritten. -->\n"


class Command(BaseCommand):
    help = "Write the generated pages of docs/reference, or with --check say which are not current."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a page is not current")

    def handle(self, *, check: bool, **_: Any) -> None:
        stale = []
        for name, make in PAGES.items():
            path, text = REFERENCE / name, make()
            if path.exists() and path.read_text(encoding="utf-8") == text:
                continue
            stale.append(name)
            if not check:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
        if check and stale:
            self.stderr.write(f"Not current: {', '.join(stale)}. Run `make fix`.")
            sys.exit(1)


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a Markdown table."""
    lines = [head, ("---",) * len(head), *rows]
    escaped = ([cell.replace("|", "\\|") for cell in line] for line in lines)
    return "".join(f"| {' | '.join(line)} |\n" for line in escaped)


def refusals() -> list[type[Refusal]]:
    """Return every refusal of every floor, by code. Importing every module is what finds them all."""
    for floor in FLOORS:
        package = import_module(floor)
        for module in walk_packages(package.__path__, f"{floor}."):
            if not module.name.endswith(("__main__", ".wsgi", ".settings_test")):
                import_module(module.name)
    found: set[type[Refusal]] = set()
    waiting = [Refusal]
    while waiting:
        for kind in waiting.pop().__subclasses__():
            waiting.append(kind)
            if "code" in kind.__dict__:
                found.add(kind)
    return sorted(found, key=lambda kind: kind.code)


def errors_page() -> str:
    """Return the page of refusals."""
    rows = [(f"`{kind.code}`", str(kind.http_status), kind.message, kind.remedy) for kind in refusals()]
    return (
        f"{NOTE}# Errors\n\nA request that cannot be honoured is refused with one of these codes, and nothing of it is "
        "written; that it was refused is kept (`../concepts/refusals.md`). "
        "Machines get them as RFC 9457 problem documents, commands print them and exit with 2. "
        "The codes of single lines of a usage file are in `usage-files.md`.\n\n"
        + table(("code", "HTTP", "what it says", "what would satisfy it"), rows)
    )


def permissions_page() -> str:
    """Return the role × act table."""
    rows = [
        (f"`{act}`", purpose, *("yes" if role in roles else "" for role in Role))
        for act, (purpose, roles) in sorted(ACTS.items())
    ]
    return (
        f"{NOTE}# Permissions\n\nWhat a person may do follows from their roles, and for whom from the organisation in "
        "which they hold them. A line is approved by another person than the one whose run proposed it.\n\n"
        + table(("act", "what it is", *(role.label for role in Role)), rows)
    )


def findings_page() -> str:
    """Return the codes of findings and cuts."""
    rows = [
        (f"`{code}`", entry.sentence, entry.bearer or "nobody: nothing is cut", entry.resolution)
        for code, entry in sorted(CODES.items())
    ]
    return (
        f"{NOTE}# Findings and cuts\n\nEvery difference between what is claimed and what is paid has one of these "
        "codes and somebody who bears it.\n\n" + table(("code", "meaning", "borne by", "what resolves it"), rows)
    )


def chart_page() -> str:
    """Return the chart of accounts and the templates."""
    types = [
        (
            f"`{row['code']}`",
            row["normal_side"],
            row["floored"],
            row["keys"],
            row["meaning"],
            row["cleared_when"],
            row["deadline"],
        )
        for row in rows_of("account_types")
    ]
    flows: dict[str, list[str]] = {}
    for row in rows_of("flows"):
        flows.setdefault(row["template"], []).append(f"{row['debit_type']}→{row['credit_type']}")
    templates = [
        (f"`{row['code']}`", row["when"], ", ".join(flows.get(row["code"], []))) for row in rows_of("templates")
    ]
    return (
        f"{NOTE}# Chart of accounts\n\nAn account is written `Type[fund,key,…]`. Its balance is shown, and where "
        "floored never falls below zero, on its normal side.\n\n"
        + table(("type", "side", "floored", "keys after the fund", "meaning", "zero when", "deadline"), types)
        + "\n## Templates\n\n`X→Y` debits X and credits Y. The database refuses a pair that its template does not list."
        + "\n\n"
        + table(("template", "posted when", "flows"), templates)
    )


def commands_page() -> str:
    """Return every command of ours with its help."""
    ours = {name: app for name, app in get_commands().items() if app in (*FLOORS, "config.shell")}
    sections = []
    for name in sorted(ours):
        command = load_command_class(ours[name], name)
        parser = command.create_parser("manage.py", name)
        usage = " ".join(parser.format_usage().replace("usage: ", "").split())
        usage = DJANGO_OPTIONS.sub("", usage)
        sections.append(f"## {name}\n\n{command.help}\n\n```\n{usage}\n```\n")
    return (
        f"{NOTE}# Commands\n\nExit codes: 0 all is well, 1 something is wrong in the data, 2 called wrongly or "
        "refused. `--json` prints one JSON document (`schemas/`). What writes takes `--actor`, "
        "and acts with that person's permissions.\n\n" + "\n".join(sections)
    )


def world_schema() -> str:
    """Return the published schema of world files."""
    schema = import_module("vouchers.world.reading").schema()
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "chart-of-accounts.md": chart_page,
    "commands.md": commands_page,
    "errors.md": errors_page,
    "findings.md": findings_page,
    "openapi.json": openapi_text,
    "permissions.md": permissions_page,
    "world.schema.json": world_schema,
}
