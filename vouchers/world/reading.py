"""Reading a world file: YAML with the line of every value kept, checked against the published JSON Schema.

Every scalar is read as text, so that no amount passes through a float and no country becomes a boolean.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from ledger.errors import Refusal

BYTES_MAX = 4 * 1024 * 1024
DEPTH_MAX = 20


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at one line of one file."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


class WorldRefused(Refusal):
    """The files have errors; nothing was changed. `problems` lists every one."""

    code = "world_file_has_errors"
    message = "{count} error(s); nothing was changed."
    remedy = "Mend every line that is named and apply the file again."
    http_status = 422

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__(count=len(problems))


Path_ = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class World:
    """A world file that fits the schema: its data, and the line of every value by its path."""

    file: str
    data: dict[str, Any]
    lines: dict[Path_, int]

    def line_of(self, path: Path_) -> int:
        """Return the line of a value, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


@cache
def schema() -> dict[str, Any]:
    """Return the published JSON Schema of a world file."""
    text = (Path(__file__).parent / "world.schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def read(content: bytes, file: str) -> World:
    """Read one world file. Refuses: WorldRefused with every error of form."""
    if len(content) > BYTES_MAX:
        raise WorldRefused([Problem(file, 1, f"the file has more than {BYTES_MAX} bytes")])
    try:
        text = content.decode("utf-8-sig")
        _check_depth(text)
        root = yaml.compose(text, yaml.BaseLoader)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise WorldRefused([Problem(file, line, "not UTF-8: save the file in UTF-8")]) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or "a character that no text has"
        raise WorldRefused([Problem(file, mark.line + 1 if mark else 1, f"not YAML: {reason}")]) from None
    reader = _Reader(file)
    data = reader.plain(root, ())
    problems = reader.problems
    world = World(file, data if isinstance(data, dict) else {}, reader.lines)
    if not isinstance(data, dict):
        problems.append(Problem(file, 1, "a world file is a mapping that begins with `world: quanbu/1`"))
    else:
        problems.extend(_against_schema(world))
    if problems:
        raise WorldRefused(sorted(problems, key=lambda problem: problem.line))
    return world


def _check_depth(text: str) -> None:
    """Stop at the first thing nested deeper than any world file goes, before composing would recurse into it."""
    depth = 0
    for event in yaml.parse(text, yaml.BaseLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEPTH_MAX:
                raise yaml.MarkedYAMLError(problem="nested too deeply", problem_mark=event.start_mark)  # type: ignore[arg-type] # the stub lacks the C mark
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


class _Reader:
    """Turns YAML nodes into dicts, lists and text, and keeps the line of each."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: dict[Path_, int] = {}
        self.problems: list[Problem] = []
        self.seen: set[int] = set()

    def wrong(self, node: yaml.Node, reason: str) -> None:
        """Note a problem at a node's line."""
        self.problems.append(Problem(self.file, node.start_mark.line + 1, reason))

    def plain(self, node: yaml.Node | None, path: Path_) -> Any:
        """Return a node's data. A node reached twice is an alias, which could make a small file huge."""
        if node is None:
            return None
        if id(node) in self.seen:
            self.wrong(node, "anchors and aliases are not used in world files")
            return None
        self.seen.add(id(node))
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            plain: dict[str, Any] = {}
            for key_node, value_node in node.value:
                key = str(key_node.value)
                if key in plain:
                    self.wrong(key_node, f"{key} stands twice")
                self.lines[*path, key] = key_node.start_mark.line + 1
                plain[key] = self.plain(value_node, (*path, key))
            return plain
        if isinstance(node, yaml.SequenceNode):
            return [self.plain(item, (*path, place)) for place, item in enumerate(node.value)]
        return node.value


def _against_schema(world: World) -> list[Problem]:
    errors = jsonschema.Draft202012Validator(schema()).iter_errors(world.data)
    return [
        Problem(world.file, world.line_of(tuple(error.absolute_path)), reason)
        for error in errors
        for reason in _reasons(error)
    ]


def _reasons(error: jsonschema.ValidationError) -> list[str]:
    """Say a schema's error as a civil servant would."""
    name = str(error.absolute_path[-1]) if error.absolute_path else "the file"
    if error.validator == "required":
        return [error.message.split("'")[1] + " is missing"]  # the validator tells each missing field by itself
    if error.validator == "additionalProperties" and isinstance(error.schema, dict):
        assert isinstance(error.instance, dict)
        known = error.schema.get("properties", {})
        return [
            f"{field} is not a field here; the fields are {', '.join(known)}"
            for field in error.instance
            if field not in known
        ]
    if error.validator == "enum":
        assert isinstance(error.validator_value, list)
        return [f"{name} is {error.instance!r}, but must be one of {', '.join(map(str, error.validator_value))}"]
    expected = error.schema.get("description") if isinstance(error.schema, dict) else None
    shown = error.instance if isinstance(error.instance, str) else type(error.instance).__name__
    return [f"{name} is {shown!r}, but must be {expected or error.message}"]
