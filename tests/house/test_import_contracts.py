"""The import contracts hold, and a breach is named with its line."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINT = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", LINT], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def house(tmp_path):
    for name in ("config", "ledger", "vouchers", "billing"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "line", "contract", "breach"),
    [
        ("ledger/units.py", "import billing.codes", "The building", "ledger.units -> billing.codes"),
        ("vouchers/issuance/models.py", "import vouchers.orders.models", "Vouchers' line", "vouchers.issuance.models"),
        (
            "billing/metering/services.py",
            "import billing.settlement.models",
            "Billing's line",
            "billing.metering.services",
        ),
        ("billing/rating/rules.py", "import django.db", "Rules and readers are pure", "billing.rating.rules -> django"),
        ("vouchers/orders/models.py", "import ledger.books.models", "one door", "vouchers.orders.models"),
    ],
)
def test_a_breach_is_named(house, file, line, contract, breach):
    path = house / file
    path.write_text(path.read_text(encoding="utf-8") + f"\n{line}\n", encoding="utf-8")

    found = lint(house)

    assert found.returncode == 1
    assert contract in found.stdout
    assert breach in found.stdout
    assert f"l.{path.read_text(encoding='utf-8').count(chr(10))}" in found.stdout


def test_the_contracts_hold(house):
    assert lint(house).returncode == 0, lint(house).stdout
