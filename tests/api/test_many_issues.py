"""REST: bulk edits, a tracker's mirror, its words, what left the count; links, comments and files of an issue."""

from __future__ import annotations

import hashlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from issues.actions import determine_severity
from issues.models import IssueComment, SeverityDetermination, TestingIssue
from svtad.audit.models import AuditEvent
from tests.factories import MAKER, make_issue

pytestmark = pytest.mark.django_db
CLAUSE = "SVTAD 1.23"


@pytest.fixture
def sit(house):
    return house.scope("SIT", "MOC")


@pytest.fixture
def manager(caller):
    return caller("test_manager")


@pytest.fixture
def tooling(caller):
    return caller("test_tooling")


@pytest.fixture
def issue(house, sit):
    return make_issue(sit, raised_by=house.supplier, severity="3", provider=house.alpha, state="IN_FIX")


@pytest.mark.clause(CLAUSE, "14.1", "13.19")
def test_a_bulk_edit_is_previewed_and_confirmed_and_a_stale_preview_refused(house, sit, issue, manager):
    other = make_issue(sit, raised_by=house.supplier, severity="4", provider=house.beta, state="CLOSED")
    body = {
        "issues": [issue.public_id, other.public_id, "x" * 22],
        "severity": "4",
        "state": "FIXED",
        "reason": "Seen.",
    }
    plan = manager.post("/issues/bulk/preview", body).json()
    assert (plan["changed"], plan["refused"], plan["missing"]) == (1, 1, ["x" * 22])
    assert {"field": "severity", "before": "3", "after": "4"} in plan["rows"][0]["changes"]
    assert {(cell["severity"], cell["before"], cell["after"], cell["limit"]) for cell in plan["counts"]} == {
        ("3", 1, 0, 15), ("4", 0, 1, 30)
    }  # fmt: skip
    done = manager.post("/issues/bulk", body | {"preview": plan["preview"]})
    assert (done.status_code, done.json()["changed"]) == (200, 1)
    again = manager.post("/issues/bulk", body | {"preview": plan["preview"]})
    assert again.status_code == 409
    assert "out of date" in again.json()["detail"]


TOLD = {
    "external_id": "J-1", "title": "Alert lost", "raised_by": "dcc", "severity": "3", "provider": "alpha",
    "cause": "DCC_SYSTEM", "state": "IN_FIX",
}  # fmt: skip


@pytest.mark.clause(CLAUSE, "9.2")
def test_a_tracker_is_mirrored_in_one_call_and_the_same_again_changes_nothing(house, sit, tooling):
    body = {"phase": sit.public_id, "source": "jira", "rows": [TOLD, TOLD | {"external_id": "J-2"}]}
    first = tooling.post("/issues/mirror", body).json()
    assert (first["created"], [row["outcome"] for row in first["rows"]]) == (2, ["CREATED", "CREATED"])
    events = AuditEvent.objects.count()
    again = tooling.post("/issues/mirror", body).json()
    assert (again["unchanged"], [row["id"] for row in again["rows"]]) == (2, [row["id"] for row in first["rows"]])
    assert AuditEvent.objects.count() == events


def test_one_issue_is_mirrored_at_its_own_address(house, sit, tooling):
    told = {name: value for name, value in TOLD.items() if name != "external_id"} | {"phase": sit.public_id}
    made = tooling.put("/issues/mirror/jira/PROJ/7", told).json()["rows"][0]
    assert (made["outcome"], made["external_id"]) == ("CREATED", "PROJ/7")
    moved = tooling.put("/issues/mirror/jira/PROJ/7", told | {"state": "FIXED"}).json()["rows"][0]
    assert (moved["outcome"], moved["changes"], moved["id"]) == ("CHANGED", ["moved to Fixed"], made["id"])


@pytest.mark.clause(CLAUSE, "14.1", "14.2")
def test_what_the_dcc_determined_stays_and_the_answer_says_so(house, sit, tooling):
    body = {"phase": sit.public_id, "source": "jira", "rows": [TOLD]}
    tooling.post("/issues/mirror", body)
    determine_severity(issue=TestingIssue.objects.get(external_id="J-1"), severity="2", by=MAKER)
    row = tooling.post("/issues/mirror", body).json()["rows"][0]
    assert (row["outcome"], row["kept"][0]["field"], row["kept"][0]["held"]) == ("UNCHANGED", "severity", "2")


def test_wrong_rows_are_named_and_nothing_is_stored(house, sit, tooling):
    rows = [TOLD, TOLD | {"external_id": "J-2", "severity": "9"}, TOLD | {"external_id": "J-3", "state": "Blocked"}]
    answer = tooling.post("/issues/mirror", {"phase": sit.public_id, "source": "jira", "rows": rows})
    assert answer.status_code == 400
    assert [(error["row"], error["field"]) for error in answer.json()["errors"]] == [(2, "severity"), (3, "state")]
    assert not TestingIssue.objects.filter(source="jira").exists()
    assert not SeverityDetermination.objects.exists()


def test_a_trackers_words_are_set_by_the_dcc_and_read_by_its_tooling(house, sit, manager, tooling):
    term = {"source": "jira", "kind": "state", "theirs": "Blocked", "ours": "IN_FIX"}
    assert tooling.post("/tracker-terms", term).status_code == 403
    assert manager.post("/tracker-terms", term).json()["ours"] == "IN_FIX"
    assert [each["theirs"] for each in tooling.get("/tracker-terms", source="jira").json()] == ["Blocked"]
    body = {"phase": sit.public_id, "source": "jira", "rows": [TOLD | {"state": "blocked"}]}
    assert tooling.post("/issues/mirror", body).json()["created"] == 1


@pytest.mark.clause(CLAUSE, "13.18", "13.19")
def test_what_left_the_count_is_listed_for_tab_and_tag_with_reasons(house, sit, caller):
    made = make_issue(
        sit, raised_by=house.supplier, severity="3", provider=house.alpha, state="REJECTED", reasons="Twice"
    )
    for role in ("tab_chair", "tag_chair"):
        [row] = caller(role).get("/issues/left", phase=sit.public_id).json()["results"]
        assert (row["reference"], row["left"], row["reasons"]) == (made.reference, "REJECTED", "Twice")
    assert caller("tag_chair").get("/issues/left", as_at="2026-01-01T00:00:00Z").json()["count"] == 0


def test_links_are_made_seen_from_both_ends_and_taken_back(house, sit, issue, manager):
    other = make_issue(sit, raised_by=house.supplier, severity="4", provider=house.alpha)
    body = {"kind": "DUPLICATE_OF", "issue": other.public_id}
    [link] = manager.post(f"/issues/{issue.public_id}/links", body).json()
    [back] = manager.get(f"/issues/{other.public_id}/links").json()
    assert (link["is_duplicate"], back["is_duplicate"], back["reference"]) == (True, False, issue.reference)
    assert manager.post(f"/issues/{other.public_id}/links", body | {"issue": issue.public_id}).status_code == 409
    assert manager.post(f"/issues/{issue.public_id}/links", body | {"issue": issue.public_id}).status_code == 400
    ended = manager.post(f"/issues/{other.public_id}/links/{link['id']}/end", {"reasons": "A slip."})
    assert (ended.status_code, ended.json()) == (200, [])


def test_comments_are_read_by_whom_they_are_for_and_corrected_beside_themselves(house, issue, manager, caller):
    at = f"/issues/{issue.public_id}/comments"
    first = manager.post(at, {"text": "For us.", "reach": "OWN"}).json()
    assert caller("participant").get(at).json() == []
    second = manager.post(at, {"text": "For us, at noon.", "corrects": first["id"]}).json()
    rows = manager.get(at).json()
    assert [(row["text"], row["corrected_by"], row["reach"]) for row in rows] == [
        ("For us.", second["id"], "OWN"), ("For us, at noon.", None, "OWN")
    ]  # fmt: skip
    assert caller("participant").post(at, {"text": "x", "corrects": first["id"]}).status_code == 400
    assert IssueComment.objects.count() == 2


def test_a_file_is_kept_listed_and_handed_out_as_a_download_until_it_is_withdrawn(house, issue, caller):
    supplier, at = caller("participant"), f"/issues/{issue.public_id}/attachments"
    content = b"12:00 no answer\n"
    made = supplier.post(at, {"file": SimpleUploadedFile("a.log", content, "text/html")}, format="multipart").json()
    assert (made["sha256"], made["media_type"]) == (hashlib.sha256(content).hexdigest(), "text/plain")
    answer = caller("provider_tester").get(f"{at}/{made['id']}/content")
    assert b"".join(answer.streaming_content) == content
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    for foreign in (caller("participant", house.other_supplier), caller("provider_tester", house.beta)):
        assert foreign.get(f"{at}/{made['id']}/content").status_code == 404
    refused = supplier.post(at, {"file": SimpleUploadedFile("a.html", b"<b>")}, format="multipart")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "file")
    assert supplier.post(f"{at}/{made['id']}/withdrawal", {"reasons": "Wrong."}).json()["withdrawn"] == "Wrong."
    assert supplier.get(f"{at}/{made['id']}/content").status_code == 404
    assert [row["sha256"] for row in supplier.get(at).json()] == [made["sha256"]]


def test_the_list_is_narrowed_by_environment_requirement_and_what_left(house, sit, issue, manager):
    manager.patch(f"/issues/{issue.public_id}", {"environment": "UIT-2", "requirement": "R-7"})
    make_issue(sit, raised_by=house.supplier, state="REJECTED", severity="3", provider=house.alpha, reasons="Twice")
    for asked in ({"environment": "UIT-2"}, {"requirement": "R-7"}, {"left": "no"}):
        [row] = manager.get("/issues", **asked).json()["results"]
        assert (row["id"], row["requirement"]) == (issue.public_id, "R-7"), asked
