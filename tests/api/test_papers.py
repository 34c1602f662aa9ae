"""Plans, imports, assessments, reports, jobs and files over REST."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from svtad.governance.actions import open_matter, run_job_now
from svtad.governance.files import address, storage
from svtad.governance.models import Job, StoredFile
from svtad.parties.audiences import GOVERNANCE, audience_of, org_key
from testphases.models import PlannedTest, TestRun
from tests.api.world import make_world
from tests.factories import MAKER, make_dmc, make_issue
from tests.opening import stated

pytestmark = pytest.mark.django_db

MORNING = "2026-03-02T09:00:00Z"


def plan(sit, *rows: dict[str, Any]) -> dict[str, Any]:
    filled = [{"title": "A test", "functional_group": "Update", "provider": "alpha"} | row for row in rows]
    return {"phase": sit.public_id, "source": "jira", "rows": filled}


# --- plans ---------------------------------------------------------------------------------------------


def test_a_plan_is_put_once_and_changed_by_what_reads_otherwise(manager, sit):
    body = plan(sit, {"external_id": "T-1"}, {"external_id": "T-2", "kind": "REGRESSION"})
    assert manager.put("/planned-tests", body).json() == {"created": 2, "changed": 0, "unchanged": 0}
    assert manager.put("/planned-tests", body).json() == {"created": 0, "changed": 0, "unchanged": 2}
    body["rows"][0]["title"] = "Another title"
    assert manager.post("/planned-tests", body).json() == {"created": 0, "changed": 1, "unchanged": 1}
    [regression] = manager.all("/planned-tests", phase=sit.public_id, kind="REGRESSION")
    assert (regression["external_id"], regression["provider"], regression["source"]) == ("T-2", "alpha", "jira")


def test_every_bad_row_of_a_plan_is_named_and_nothing_is_planned(manager, sit):
    body = plan(
        sit,
        {"external_id": "T-1"},
        {"external_id": "T-2", "dmc": "DMC-Z"},
        {"external_id": "T-3", "provider": "nobody"},
    )
    answer = manager.put("/planned-tests", body)
    assert answer.status_code == 400
    assert [(error["row"], error["field"]) for error in answer.json()["errors"]] == [(2, "dmc"), (3, "provider")]
    assert not PlannedTest.objects.exists()


def test_planned_tests_are_filtered(manager, house, sit):
    house.plan(sit, "T-1", "T-2", dmc=make_dmc("DMC-A"))
    tests = house.plan(sit, "T-3")
    house.run(tests[0], "FAILED")
    for params, expected in (
        ({"dmc": "DMC-A"}, {"T-1", "T-2"}),
        ({"dmc": "none"}, {"T-3"}),
        ({"outcome": "FAILED"}, {"T-3"}),
        ({"outcome": "NOT_RUN"}, {"T-1", "T-2"}),
        ({"outcome": "PASSED"}, set()),
        ({"external_id": "T-2"}, {"T-2"}),
        ({"provider": "alpha"}, {"T-1", "T-2", "T-3"}),
        ({"provider": "none"}, set()),
    ):
        found = {row["external_id"] for row in manager.all("/planned-tests", phase=sit.public_id, **params)}
        assert found == expected, params


def test_a_phase_is_counted_whole_for_the_dcc_and_by_its_own_for_a_provider(manager, caller, house, sit):
    house.run(house.plan(sit, "T-1", "T-2")[0], "PASSED")
    manager.put("/planned-tests", plan(sit, {"external_id": "B-1", "provider": "beta"}))
    path = f"/phases/{sit.public_id}/counts"
    alpha, beta = (caller("provider_tester", each).get(path).json() for each in (house.alpha, house.beta))
    assert {row["provider"]: (row["planned"], row["passed"], row["not_run"]) for row in manager.get(path).json()} == {
        "alpha": (2, 1, 1),
        "beta": (1, 0, 1),
    }
    assert [row["provider"] for row in alpha] == ["alpha"]
    assert [row["provider"] for row in beta] == ["beta"]


def test_a_phase_is_shown_with_who_takes_part(manager, sit):
    body = manager.get(f"/phases/{sit.public_id}").json()
    assert (body["kind"], body["release"], body["document"], body["version"]) == ("SIT", "MOC", "SVTAD", "1.23")
    assert sorted(body["participants"]) == ["alpha", "beta"]
    assert [row["id"] for row in manager.get("/phases", kind="SIT").json()["results"]] == [sit.public_id]
    assert manager.get("/phases", kind="PIT").json()["count"] == 0


# --- imports -------------------------------------------------------------------------------------------


def test_a_file_is_previewed_then_committed_by_jobs(tooling, house, sit):
    house.plan(sit, "T-1")
    upload = SimpleUploadedFile("r.csv", f"external_id,outcome,occurred_at\nT-1,PASSED,{MORNING}\n".encode())
    body = {"phase": sit.public_id, "importer": "results", "source": "jenkins", "file": upload}
    sent = tooling.post("/imports", body, format="multipart")
    assert sent.status_code == 201, sent.content
    path = f"/imports/{sent.json()['id']}"
    run_job_now(Job.objects.get(public_id=sent.json()["job"]))
    previewed = tooling.get(path).json()
    assert (previewed["state"], previewed["counts"]["recorded"], previewed["error_count"]) == ("PREVIEWED", 1, 0)
    assert not TestRun.objects.exists()
    job = tooling.post(f"{path}/commit")
    assert job.status_code == 202
    run_job_now(Job.objects.get(public_id=job.json()["id"]))
    assert tooling.get(f"/jobs/{job.json()['id']}").json()["state"] == "DONE"
    assert tooling.get(path).json()["state"] == "COMMITTED"
    assert TestRun.objects.count() == 1
    assert tooling.post(f"{path}/cancel").status_code == 409


def test_a_file_with_errors_lists_them_and_is_not_committed(tooling, sit):
    upload = SimpleUploadedFile("r.csv", b"external_id,outcome,occurred_at\nT-1,GREEN,today\n")
    body = {"phase": sit.public_id, "importer": "results", "source": "jenkins", "file": upload}
    sent = tooling.post("/imports", body, format="multipart").json()
    run_job_now(Job.objects.get(public_id=sent["job"]))
    path = f"/imports/{sent['id']}"
    [error] = tooling.get(f"{path}/errors").json()["results"]
    assert (error["row"], error["field"], error["value"]) == (2, "outcome", "GREEN")
    assert tooling.post(f"{path}/commit").status_code == 409
    assert tooling.post(f"{path}/cancel").json()["state"] == "CANCELLED"


def test_a_file_is_imported_at_once_where_that_is_asked(tooling, sit):
    def send(text: str) -> Any:
        upload = SimpleUploadedFile("plan.csv", text.encode())
        body = {"phase": sit.public_id, "importer": "planned_tests", "source": "jira", "commit": "true", "file": upload}
        return tooling.post("/imports", body, format="multipart")

    header = "external_id,title,kind,functional_group\n"
    answer = send(header + "T-1,Title,FUNCTIONAL,Update\n")
    assert (answer.status_code, answer.json()["state"]) == (201, "COMMITTED")
    assert answer.json()["counts"]["created"] == 1
    wrong = send(header + "T-2,,FUNCTIONAL,Update\n")
    assert (wrong.status_code, wrong.json()["errors"][0]["row"], wrong.json()["errors"][0]["field"]) == (
        400,
        2,
        "title",
    )
    refused = send("colour\nred\n")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "file")
    assert PlannedTest.objects.count() == 1


def test_the_importers_tell_what_they_take(tooling):
    kinds = {each["key"]: each for each in tooling.get("/importers").json()}
    assert {"junit", "results", "planned_tests", "issues_csv"} <= set(kinds)
    assert kinds["junit"]["takes_run_id"]
    assert "dmc" in {parameter["key"] for parameter in kinds["junit"]["parameters"]}
    assert kinds["junit"]["columns"] == []
    assert {"external_id", "outcome"} <= {each["name"] for each in kinds["results"]["columns"] if each["needed"]}


# --- assessments and reports ------------------------------------------------------------------------------


@pytest.mark.clause("SVTAD 1.23", "12.6(c)")
def test_a_phase_is_judged_on_demand_and_unchanged_facts_store_nothing_new(manager, house, sit):
    for _ in range(16):
        make_issue(sit, raised_by=house.supplier, severity="3", provider=house.alpha)
    body = {"phase": sit.public_id, "step": "REPORTS"}
    assert manager.get("/assessments/latest", **body).status_code == 404
    first = manager.post("/assessments", body)
    assert first.status_code == 201, first.content
    again = manager.post("/assessments", body)
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    latest = manager.get("/assessments/latest", **body).json()
    assert latest["id"] == first.json()["id"]
    [threshold] = [finding for finding in latest["findings"] if finding["key"] == "12.6(c)"]
    assert threshold["verdict"] == "NOT_MET"
    assert len(manager.all("/assessments", phase=sit.public_id)) == 1


def test_a_judgement_of_a_past_moment_stands_apart(manager, sit):
    present = manager.post("/assessments", {"phase": sit.public_id, "step": "REPORTS"}).json()
    body = {"phase": sit.public_id, "step": "REPORTS", "as_at": "2026-03-02T12:00:00Z"}
    past = manager.post("/assessments", body).json()
    assert (past["of_the_present"], past["as_at"]) == (False, "2026-03-02T12:00:00Z")
    assert manager.get("/assessments/latest", phase=sit.public_id, step="REPORTS").json()["id"] == present["id"]
    ahead = manager.post("/assessments", body | {"as_at": "2099-01-01T00:00:00Z"})
    assert (ahead.status_code, ahead.json()["errors"][0]["field"]) == (400, "as_at")


def test_a_report_is_asked_for_made_by_a_job_and_downloaded(manager, sit):
    assert manager.post("/reports", {"phase": sit.public_id}).status_code == 409, "nothing is judged yet"
    assessment = manager.post("/assessments", {"phase": sit.public_id, "step": "PANEL"}).json()["id"]
    asked = manager.post("/reports", {"assessment": assessment})
    assert asked.status_code == 202, asked.content
    job = run_job_now(Job.objects.get(public_id=asked.json()["id"]))
    [report] = manager.all("/reports", phase=sit.public_id)
    assert job.result
    assert report["id"] == job.result["report"]
    assert (report["assessment"], report["job"]) == (assessment, job.public_id)
    answer = manager.get(f"/reports/{report['id']}/content")
    content = b"".join(answer.streaming_content)
    assert content.startswith(b"%PDF-")
    assert hashlib.sha256(content).hexdigest() == report["sha256"] == answer.headers["X-Content-SHA256"]
    assert manager.post("/reports", {"assessment": assessment, "phase": sit.public_id}).status_code == 400
    assert manager.post("/reports", {"assessment": "A" * 22}).status_code == 403


# --- matters, files, jobs -----------------------------------------------------------------------------------


def test_a_document_is_kept_and_named_in_a_decision(caller, house, sit):
    registrar = caller("registrar")
    kept = registrar.post("/files", {"file": SimpleUploadedFile("minutes.pdf", b"%PDF minutes")}, format="multipart")
    assert kept.status_code == 201, kept.content
    opened = registrar.post(f"/phases/{sit.public_id}/matters", {"procedure": "SIT_COMPLETION"})
    assert opened.status_code == 201, opened.content
    path = f"/matters/{opened.json()['id']}/decisions"
    body = {"body": "DCC", "outcome": "SEND_PACKAGE", "decided_at": "2026-03-03T10:00:00Z"}
    assert registrar.post(path, body).json()["errors"][0]["field"] == "document"
    assert registrar.post(path, body | {"document": "A" * 22}).status_code == 400
    recorded = registrar.post(path, body | {"document": kept.json()["id"], "meeting": "SIT board 3"})
    assert recorded.status_code == 201, recorded.content
    assert recorded.json()["document"] == kept.json()["id"]
    assert registrar.post(path, body | {"outcome": "DANCE"}).status_code == 409
    [matter] = registrar.all("/matters", procedure="SIT_COMPLETION", phase=sit.public_id)
    assert matter["state"] == "PACKAGE_SENT"


def test_a_certificate_is_drafted_only_on_a_judgement_that_lets_it(manager, sit):
    body = {"procedure": "TEST_COMPLETION_CERTIFICATE", "provider": "alpha"}
    assert manager.post(f"/phases/{sit.public_id}/matters", body).status_code == 409
    del body["provider"]
    assert manager.post(f"/phases/{sit.public_id}/matters", body).json()["errors"][0]["field"] == "provider"


def test_a_download_is_never_shown_as_what_it_says_it_is(caller, house):
    registrar = caller("registrar")
    evil = SimpleUploadedFile('x".html', b"<script>alert(1)</script>", "text/html")
    kept = registrar.post("/files", {"file": evil}, format="multipart").json()
    answer = registrar.get(f"/files/{kept['id']}/content")
    assert b"".join(answer.streaming_content) == b"<script>alert(1)</script>"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_file_whose_bytes_are_gone_is_not_found(caller, house):
    registrar = caller("registrar")
    kept = registrar.post("/files", {"file": SimpleUploadedFile("m.pdf", b"m")}, format="multipart").json()
    storage().delete(address(StoredFile.objects.get().sha256))
    assert registrar.get(f"/files/{kept['id']}/content").status_code == 404


def test_a_waiting_job_is_taken_back_by_who_asked_for_it(tooling, manager, house):
    world = make_world(house)
    assert manager.delete(f"/jobs/{world.job.public_id}").status_code == 403
    assert tooling.delete(f"/jobs/{world.job.public_id}").json()["state"] == "CANCELLED"
    assert tooling.delete(f"/jobs/{world.job.public_id}").status_code == 409
    assert [job["state"] for job in tooling.all("/jobs", kind="import_preview")] == ["CANCELLED"]


# --- documents of a matter -----------------------------------------------------------------------------


def kept(caller, **more: Any) -> Any:
    upload = SimpleUploadedFile("letter.pdf", b"QZXJ7Canary")
    return caller.post("/files", {"file": upload, **more}, format="multipart")


def test_a_document_is_seen_by_who_may_see_its_matter_and_by_nobody_else(house, caller):
    mine = audience_of(*GOVERNANCE, org_key(house.supplier))
    dispute, report = (
        open_matter(
            procedure=key,
            document="SVTAD",
            version="1.23",
            title=key,
            audience=audience,
            rationale="So.",
            by=MAKER,
            data=stated(key),
        )
        for key, audience in (("SEVERITY_DISPUTE", mine), ("ASSURANCE_REPORT", audience_of("dcc", "tab")))
    )
    registrar = caller("registrar")
    letter, assured, plain = (
        kept(registrar, **more).json()["id"]
        for more in ({"matter": dispute.public_id}, {"matter": report.public_id}, {})
    )

    def opens(role: str, file: str, organisation: Any = None) -> bool:
        return caller(role, organisation).get(f"/files/{file}/content").status_code == 200

    assert [opens("participant", file) for file in (letter, assured, plain)] == [True, False, False]
    assert not opens("participant", letter, house.other_supplier)
    assert [opens("tag_member", file) for file in (letter, assured, plain)] == [True, False, True]
    assert [opens("tab_member", file) for file in (letter, assured, plain)] == [True, True, True]
    for other in ("x" * 22, "no id"):
        assert kept(registrar, matter=other).status_code == 400


def test_a_document_is_kept_for_no_matter_that_one_may_not_see(house, caller):
    hidden = open_matter(
        procedure="ASSURANCE_REPORT", document="SVTAD", version="1.23", title="Hidden", audience=audience_of("tab"),
        by=MAKER,
    )  # fmt: skip
    refused = kept(caller("test_manager"), matter=hidden.public_id)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "matter")
    assert not StoredFile.objects.filter(purpose="decision").exists()
