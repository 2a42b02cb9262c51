"""docs/reference/openapi.json is what the code says, and a validator finds nothing to warn of."""

from __future__ import annotations

import json
from pathlib import Path

from django.core.management import call_command

from config.api import openapi_document, openapi_text
from ledger.api.answers import PROBLEM_TYPE
from tests.api.test_everybody_sees_only_their_own import endpoints

PUBLISHED = Path(__file__).resolve().parents[2] / "docs" / "reference" / "openapi.json"


def operations() -> dict[tuple[str, str], dict[str, object]]:
    """Return every operation by (address, method)."""
    return {
        (address, method.upper()): operation
        for address, methods in openapi_document()["paths"].items()
        for method, operation in methods.items()
    }


def test_the_published_schema_is_current() -> None:
    assert PUBLISHED.read_text(encoding="utf-8") == openapi_text(), "run `manage.py generate_docs`"


def test_the_schema_is_valid_and_raises_no_warning(tmp_path: Path) -> None:
    file = tmp_path / "schema.json"

    call_command("spectacular", validate=True, fail_on_warn=True, format="openapi-json", file=str(file))

    assert json.loads(file.read_text())["paths"] == openapi_document()["paths"]


def test_every_endpoint_is_in_the_schema() -> None:
    assert len(operations()) == len([address for address, _ in endpoints() if not address.startswith("<path:")])


def test_every_operation_documents_its_problems() -> None:
    for (address, method), operation in operations().items():
        answers = operation["responses"]
        problems = {status for status in answers if status >= "400"}
        for status in problems:
            assert set(answers[status]["content"]) == {PROBLEM_TYPE}
        assert "401" in problems
        assert ("404" in problems) == (address not in {"/api/v1/me", "/api/v1/log"})
        if method == "POST":
            assert {"400", "403", "404", "409", "415", "422"} <= problems
            assert any(parameter["name"] == "Idempotency-Key" for parameter in operation["parameters"])
        assert operation["description"]
