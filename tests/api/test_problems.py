"""Whatever is turned away is a problem that says why, in one shape."""

from __future__ import annotations

import pytest

from tests.api.conftest import V1

pytestmark = pytest.mark.django_db


def problem(answer, status: int) -> dict:
    assert answer.status_code == status, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    return body


@pytest.mark.parametrize("path", ["/coffee", "/phases/", "/phases/x/y/z", "/"])
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_an_address_that_nothing_serves(client, path, method):
    problem(getattr(client, method)(f"{V1}{path}"), 404)


@pytest.mark.parametrize(
    "public_id", ["x", "A" * 22, "A" * 5000, "%00", "..%2f..", "null", "0", "' or 1=1 --", "%F0%9F%92%A9"]
)
def test_an_id_that_names_nothing(tooling, public_id):
    problem(tooling.get(f"/phases/{public_id}"), 404)


def test_a_method_that_is_not_served(tooling):
    answer = tooling.delete("/phases")
    problem(answer, 405)
    assert "GET" in answer.headers["Allow"]


def test_no_token(client):
    answer = client.get(f"{V1}/me")
    problem(answer, 401)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b'{"phase": NaN}',
        b"\xff\xfe",
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        b"1" * 100_000,
    ],
)
@pytest.mark.parametrize("path", ["/results", "/rulebook/judge", "/planned-tests"])
def test_a_body_that_is_no_json(tooling, path, body):
    answer = tooling.client.generic("POST", f"{V1}{path}", body, content_type="application/json")
    problem(answer, 400)


@pytest.mark.parametrize("body", [[], 1, "text", None, {"rows": "none"}, {"rows": [1]}, {"phase": {"a": 1}}])
@pytest.mark.parametrize("path", ["/results", "/planned-tests", "/issues", "/assessments", "/reports"])
def test_a_body_of_another_shape(tooling, path, body):
    problem(tooling.post(path, body), 400)


def test_a_media_type_that_is_not_read(tooling):
    problem(tooling.client.generic("POST", f"{V1}/results", b"a=1", content_type="text/plain"), 415)


def test_a_media_type_that_is_not_served(tooling):
    problem(tooling.client.get(f"{V1}/me", HTTP_ACCEPT="text/html"), 406)


@pytest.mark.parametrize("path", ["/results", "/rulebook/judge"])
def test_more_than_is_taken_at_once(tooling, settings, path):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    answer = tooling.client.generic("POST", f"{V1}{path}", b" " * 101, content_type="application/json")
    assert "send it in parts" in problem(answer, 413)["detail"]


def test_a_file_over_the_limit(tooling, sit, settings):
    from django.core.files.uploadedfile import SimpleUploadedFile

    settings.STORED_FILE_MAX_BYTES = 100
    body = {"phase": sit.public_id, "source": "j", "file": SimpleUploadedFile("r.csv", b"x" * 101)}
    [error] = problem(tooling.post("/results", body, format="multipart"), 400)["errors"]
    assert (error["field"], "larger than 100 bytes" in error["message"]) == ("file", True)


@pytest.mark.parametrize(
    ("path", "params", "field"),
    [
        ("/phases", {"colour": "red"}, "colour"),
        ("/phases", {"state": "ASLEEP"}, "state"),
        ("/phases", {"kind": "a\x00b"}, "kind"),
        ("/issues", {"q": "\x00"}, "q"),
        ("/issues", {"raised_to": "9999-12-31"}, "raised_to"),
        ("/issues", {"raised_from": "today"}, "raised_from"),
        ("/results", {}, "phase"),
        ("/results", {"recorded_since": "0001-01-01T00:00:00+14:00"}, "recorded_since"),
        ("/matters", {"procedure": "COFFEE"}, "procedure"),
    ],
)
def test_a_filter_that_is_none_is_named(tooling, sit, path, params, field):
    given = params if field == "phase" else ({"phase": sit.public_id} if path == "/results" else {}) | params
    [error] = problem(tooling.get(path, **given), 400)["errors"]
    assert error["field"] == field


@pytest.mark.parametrize("params", [{"cursor": "nonsense"}, {"cursor": "cD0x\x00"}, {"cursor": "cD1h"}])
def test_a_cursor_that_leads_nowhere(tooling, params):
    assert tooling.get("/jobs", **params).status_code in (400, 404)


@pytest.mark.parametrize("params", [{"page": "0"}, {"page": "99"}, {"page": "x"}, {"page_size": "-1", "page": "5"}])
def test_a_page_that_is_not_there(tooling, sit, params):
    problem(tooling.get("/phases", **params), 404)


def test_a_rule_that_turned_it_away_is_named(caller, house, sit):
    house.plan(sit, "TC-1")
    answer = caller("tag_member").post("/planned-tests", {
        "phase": sit.public_id, "source": "plan",
        "rows": [{"external_id": "TC-1", "title": "T", "functional_group": "G"}],
    })  # fmt: skip
    assert problem(answer, 403)["clause"] == "SVTAD 9.1"
