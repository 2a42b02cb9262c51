"""Whatever is sent, the answer is a problem document with a code, and nothing is stored."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings
from django.urls import path
from rest_framework.test import APIClient

from billing.metering.models import UsageFile
from ledger.documents.models import Document
from ledger.models import Request
from tests.api.conftest import DEMO, client_of
from vouchers.api.base import Endpoint
from vouchers.people.models import User

Client = Callable[[str], APIClient]
FILES = "/api/v1/usage-files"
GOOD = (DEMO / "north-n1-2026-10.sacct").read_bytes()


def check_problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """Check the form that RFC 9457 and docs/reference/api.md promise."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["type"] == f"urn:quanbu:problem:{code}"
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["title"]
    assert problem["instance"].startswith("urn:quanbu:request:req_")
    assert set(problem) <= {"type", "title", "status", "detail", "code", "instance", "errors"}
    return problem


def send(client: APIClient, content: bytes, *, name: str = "f.sacct", **changed: Any) -> Any:
    body = {"file": SimpleUploadedFile(name, content), "centre": "north", "cluster": "n1", "format": "slurm-sacct"}
    return client.post(FILES, body | changed, format="multipart", HTTP_IDEMPOTENCY_KEY="hostile-1")


@pytest.mark.parametrize("dry_run", ["false", "true"])
@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\n\n\n", "usage_file_is_empty"),
        (b"\x00\xff\xfe\x80" * 4096, "usage_file_is_not_in_its_encoding"),
        (b"PK\x03\x04" + bytes(range(256)) * 64, "usage_file_is_not_in_its_encoding"),
        (b"JobID|Nothing|Useful\n1|2|3\n", "usage_file_lacks_columns"),
        (b"<html><body>not found</body></html>", "usage_file_has_no_header"),
    ],
    ids=["blank", "binary", "zip", "columns", "html"],
)
def test_what_is_no_usage_file_is_refused_with_its_reason(as_: Client, content: bytes, code: str, dry_run: str) -> None:
    before = UsageFile.objects.count(), Document.objects.count()

    answer = send(as_("north-ops"), content, dry_run=dry_run)

    check_problem(answer, 422, code)
    assert (UsageFile.objects.count(), Document.objects.count()) == before
    assert not Request.objects.exists()


@pytest.mark.parametrize(
    ("dry_run", "code"), [("false", "document_must_not_be_empty"), ("true", "usage_file_is_empty")]
)
def test_an_empty_file_is_refused(as_: Client, dry_run: str, code: str) -> None:
    check_problem(send(as_("north-ops"), b"", dry_run=dry_run), 422, code)


def test_a_row_with_bytes_that_are_no_text_comes_back_and_the_others_go_in(as_: Client) -> None:
    header, row, *_ = GOOD.splitlines()
    good, bad, null = (row.replace(b"41004", job) for job in (b"90001", b"90002", b"90003"))
    content = b"\n".join([header, good, bad.replace(b"lan01", b"\xff\xfe"), null.replace(b"lan01", b"a\0b"), b""])

    slip = send(as_("north-ops"), content).json()

    assert slip["rows"] == 3
    assert slip["accepted"] + sum(slip["rejected"].values()) == 3
    assert slip["accepted"] >= 1


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"file": "no file at all"}, "file"),
        ({"centre": ""}, "centre"),
        ({"cluster": "a\0b"}, "cluster"),
        ({"format": ""}, "format"),
        ({"dry_run": "perhaps"}, "dry_run"),
    ],
    ids=str,
)
def test_a_submission_with_wrong_fields_names_them(as_: Client, changed: dict[str, Any], field: str) -> None:
    problem = check_problem(send(as_("north-ops"), GOOD, **changed), 400, "request_is_invalid")

    assert [error["field"] for error in problem["errors"]] == [field]
    assert all(set(error) == {"field", "code", "message"} for error in problem["errors"])


def test_a_submission_without_format_and_profile_names_the_format(as_: Client) -> None:
    body = {"file": SimpleUploadedFile("f", GOOD), "centre": "north", "cluster": "n1"}

    answer = as_("north-ops").post(FILES, body, format="multipart", HTTP_IDEMPOTENCY_KEY="k")

    assert check_problem(answer, 400, "request_is_invalid")["errors"][0]["field"] == "format"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"format": "xlsx"}, "usage_format_is_unknown"),
        ({"format": "usage-csv"}, "usage_file_has_no_header"),
        ({"profile": SimpleUploadedFile("p", b"")}, "profile_is_malformed"),
        ({"profile": SimpleUploadedFile("p", b"\xff\0")}, "profile_is_malformed"),
        ({"profile": SimpleUploadedFile("p", b"format: usage-csv\n")}, "profile_is_for_another_format"),
        ({"profile": SimpleUploadedFile("p", b"&a [*a]")}, "profile_is_malformed"),
    ],
    ids=lambda changed: str(changed)[:40],
)
def test_the_wrong_format_or_profile_is_refused(as_: Client, changed: dict[str, Any], code: str) -> None:
    check_problem(send(as_("north-ops"), GOOD, dry_run="true", **changed), 422, code)


def test_a_profile_may_name_the_format(as_: Client) -> None:
    body = {
        "file": SimpleUploadedFile("f", GOOD),
        "profile": SimpleUploadedFile("p", b"format: slurm-sacct\n"),
        "centre": "north",
        "cluster": "n1",
        "dry_run": "true",
    }

    assert as_("north-ops").post(FILES, body, format="multipart").status_code == 200


def test_a_file_that_is_kept_on_disk_while_it_comes_in_is_read_like_any_other(as_: Client) -> None:
    with override_settings(FILE_UPLOAD_MAX_MEMORY_SIZE=1):
        slip = send(as_("north-ops"), GOOD, name="again.sacct").json()

    assert slip["digest"] == UsageFile.objects.get(source=None).document_id
    assert slip["duplicate"] > 0


def test_a_request_that_is_too_large_is_refused_unread(as_: Client) -> None:
    with override_settings(API_UPLOAD_BYTES_MAX=2000):
        problem = check_problem(send(as_("north-ops"), GOOD), 413, "request_is_too_large")
        by_nobody = check_problem(send(APIClient(), GOOD), 413, "request_is_too_large")

    assert "at most 2000" in problem["title"]
    assert problem["title"] == by_nobody["title"]


@pytest.mark.parametrize("stated", ["", "-1", "many", "٣"])
def test_a_request_that_does_not_state_its_length_brings_nothing(as_: Client, stated: str) -> None:
    answer = as_("north-ops").generic(
        "POST", FILES, GOOD, content_type="multipart/form-data; boundary=b", CONTENT_LENGTH=stated
    )

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("content_type", "body", "status", "code"),
    [
        ("multipart/form-data", b"x", 400, "parse_error"),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data; name=", 400, "request_is_invalid"),
        ("application/json", b"{}", 415, "unsupported_media_type"),
        ("text/csv", GOOD, 415, "unsupported_media_type"),
        ("nonsense", b"", 400, "request_is_invalid"),
    ],
)
def test_a_body_that_is_no_form_is_refused(as_: Client, content_type: str, body: bytes, status: int, code: str) -> None:
    check_problem(as_("north-ops").generic("POST", FILES, body, content_type=content_type), status, code)


def test_a_form_of_too_many_fields_is_refused(as_: Client) -> None:
    body = {f"f{number}": "x" for number in range(1100)}

    check_problem(as_("north-ops").post(FILES, body, format="multipart"), 400, "parse_error")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "request_is_invalid"),
        (b"{", "parse_error"),
        (b"\xff\xfe", "parse_error"),
        (b"[" * 100_000, "parse_error"),
        (b'{"kind": NaN}', "parse_error"),
        (b"[]", "request_is_invalid"),
        (b'"confirmed"', "request_is_invalid"),
        (b'{"kind": "paid"}', "request_is_invalid"),
        (b'{"kind": ["confirmed"]}', "request_is_invalid"),
        (b'{"kind": "disputed", "reason": "a\\u0000b"}', "request_is_invalid"),
        (b'{"kind": "disputed", "reason": "\\ud800"}', "request_is_invalid"),
        (b'{"kind": "disputed", "reason": {"a": 1}}', "request_is_invalid"),
    ],
    ids=lambda body: str(body[:40]),
)
def test_an_answer_that_says_nothing_is_refused(as_: Client, body: bytes, code: str) -> None:
    answer = as_("north-ops").generic(
        "POST",
        "/api/v1/statements/QC26:2026-10:S1:north/answer",
        body,
        content_type="application/json",
        HTTP_IDEMPOTENCY_KEY="k",
    )

    check_problem(answer, 400, code)


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options", "trace"])
@pytest.mark.parametrize(
    "address", ["vouchers", "statements/QC26:2026-10:S1:north", "me", "no/such/thing", "entries/1", "trial-balance"]
)
def test_methods_that_nobody_offers_are_refused(as_: Client, method: str, address: str) -> None:
    answer = as_("auditor").generic(method.upper(), f"/api/v1/{address}")

    check_problem(answer, 405, "method_not_allowed")


@pytest.mark.parametrize("address", ["vouchers/V%00", "vouchers/V lanling", "vouchers/../me", "vouchers/", "钥匙", ""])
def test_an_address_that_does_not_exist_is_a_problem_too(as_: Client, address: str) -> None:
    answer = as_("auditor").get(f"/api/v1/{address}")

    if address:
        check_problem(answer, 404, "not_found")
    else:
        assert answer.status_code == 404


def credentials(text: bytes) -> str:
    return "Basic " + b64encode(text).decode()


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic !!!",
        "Basic a b",
        credentials(b"no colon"),
        credentials(b"north-ops:wrong"),
        credentials(b"nobody:wrong"),
        credentials(b"a\0b:wrong"),
        credentials(b"\xff\xfe:x"),
        "Bearer token",
    ],
)
def test_wrong_credentials_are_nobody(as_: Client, header: str) -> None:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=header)

    answer = client.get("/api/v1/me")

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Basic ")
    assert answer.json()["code"] in {"authentication_failed", "not_authenticated"}


def test_right_credentials_are_somebody_by_password_and_by_session(as_: Client) -> None:
    person = User.objects.get(login="north-ops")
    person.set_password("a-long-password")
    person.save()
    by_password, by_session = APIClient(), APIClient(enforce_csrf_checks=True)
    by_password.credentials(HTTP_AUTHORIZATION=credentials(b"north-ops:a-long-password"))
    by_session.force_login(person)

    assert by_password.get("/api/v1/me").json()["login"] == "north-ops"
    assert by_session.get("/api/v1/me").json()["login"] == "north-ops"
    answer = by_session.post("/api/v1/statements/QC26:2026-10:S1:north/answer", {"kind": "confirmed"}, format="json")
    check_problem(answer, 403, "permission_denied")


class Bug(Endpoint):
    """An endpoint with a bug in it."""

    def get(self, request: Any) -> Any:
        raise RuntimeError("nobody foresaw this")


urlpatterns = [path("bug", Bug.as_view())]


def test_a_bug_stays_a_bug(as_: Client) -> None:
    client = client_of("auditor")
    client.raise_request_exception = False

    with override_settings(ROOT_URLCONF=__name__):
        answer = client.get("/bug")

    assert answer.status_code == 500
    assert b"nobody foresaw this" not in answer.content
