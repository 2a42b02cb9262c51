"""What the application imports, it declares: `make demo` installs the runtime lock and nothing else."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("config", "ledger", "vouchers", "billing")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imported() -> set[str]:
    names: set[str] = set()
    for path in (path for floor in FLOORS for path in (ROOT / floor).rglob("*.py")):
        if path.name == "settings_test.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names.add((node.module or "").partition(".")[0])
    return names - set(sys.stdlib_module_names) - {*FLOORS, "bench"}


def declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {normal(re.match(r"[A-Za-z0-9._-]+", requirement)[0]) for requirement in project["dependencies"]}


def test_everything_imported_is_declared():
    distributions = packages_distributions()
    wanted = {name: {normal(dist) for dist in distributions[name]} for name in imported()}
    missing = {name: found for name, found in wanted.items() if not found & declared()}
    assert not missing


def test_locks_pin_everything_with_hashes_and_name_no_host():
    runtime, development = (
        (ROOT / "requirements" / f"{name}.lock").read_text(encoding="utf-8") for name in ("runtime", "development")
    )
    pins = {text: set(re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.MULTILINE)) for text in (runtime, development)}
    assert declared() <= {name for name, _ in pins[runtime]}
    assert pins[runtime] <= pins[development], "the two locks agree"
    for text in (runtime, development):
        assert "://" not in text
        assert text.count("==") <= text.count("--hash=sha256:")
