"""Create or update a world declared in YAML."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from ledger.commands import Command as BaseCommand
from ledger.commands import existing_file
from vouchers.world.reading import Problem, World, WorldRefused, read
from vouchers.world.services import apply


class Command(BaseCommand):
    help = "Create or update the organisations, people, centres, programmes, vouchers and orders of YAML files."
    writes = True

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE", type=existing_file)

    def act(self, *, files: list[str], actor: str, **_: Any) -> None:
        changes = apply(_read_all(files), actor=actor)
        for verb, things in (("created", changes.created), ("updated", changes.updated)):
            for kind, names in groupby(things, key=lambda thing: thing[0]):
                self.say(f"{verb}  {kind}: {', '.join(name for _, name in names)}")
        self.say(f"{len(changes.created)} created, {len(changes.updated)} updated, {changes.unchanged} as declared.")
        self.answer(
            {
                "created": [f"{kind} {name}" for kind, name in changes.created],
                "updated": [f"{kind} {name}" for kind, name in changes.updated],
                "unchanged": changes.unchanged,
            }
        )


def _read_all(files: list[str]) -> list[World]:
    """Read every file before saying what is wrong with any of them."""
    worlds: list[World] = []
    problems: list[Problem] = []
    for file in files:
        try:
            worlds.append(read(Path(file).read_bytes(), file))
        except WorldRefused as refusal:
            problems.extend(refusal.problems)
    if problems:
        raise WorldRefused(problems)
    return worlds
