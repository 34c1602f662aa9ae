"""Results over REST: rows and files, once and only once, by whom they may be sent."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from svtad.intake.models import ImportBatch
from testphases.models import TestRun, UnmatchedResult
from tests.at_once import at_once
from tests.factories import make_dmc

pytestmark = pytest.mark.django_db

MORNING = "2026-03-02T09:00:00Z"


@pytest.fixture
def planned(house, sit):
    return house.plan(sit, "TC-1", "TC-2", "TC-3")


def row(external_id: str, outcome: str = "PASSED", **more: Any) -> dict[str, Any]:
    return {"external_id": external_id, "outcome": outcome, "occurred_at": MORNING} | more


def sent(sit, *rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"phase": sit.public_id, "source": "jenkins", "run_id": "night-1", "rows": list(rows)} | more


def junit(*cases: str, name: str = "night.xml") -> SimpleUploadedFile:
    text = f'<testsuite name="s" timestamp="2026-03-02T09:00:00">{"".join(cases)}</testsuite>'
    return SimpleUploadedFile(name, text.encode(), "application/xml")


def test_rows_are_recorded_as_runs_through_the_import_engine(tooling, sit, planned):
    answer = tooling.post(
        "/results",
        sent(sit, row("TC-1", versions="DSP=5.2", tester="Sam"), row("TC-2", "FAILED"), row("TC-3", "SKIPPED")),
    )
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert body["state"] == "COMMITTED"
    assert {key: body["counts"][key] for key in ("results", "recorded", "already", "unmatched")} == {
        "results": 3,
        "recorded": 3,
        "already": 0,
        "unmatched": 0,
    }
    assert ImportBatch.objects.get().run_id == "night-1"
    assert set(TestRun.objects.values_list("outcome", flat=True)) == {"PASSED", "FAILED", "SKIPPED"}
    listed = tooling.all("/planned-tests", phase=sit.public_id)
    assert {each["external_id"]: each["outcome"] for each in listed} == {"TC-1": "PASSED", "TC-2": "FAILED", "TC-3": ""}


def test_the_same_body_twice_changes_nothing(tooling, sit, planned):
    body = sent(sit, row("TC-1"), row("TC-2", "FAILED"))
    assert tooling.post("/results", body).status_code == 201
    again = tooling.post("/results", body)
    assert again.status_code == 200
    assert (again.json()["counts"]["recorded"], again.json()["counts"]["already"]) == (0, 2)
    assert TestRun.objects.count() == 2
    another = tooling.post("/results", body | {"run_id": "night-2"})
    assert another.status_code == 201
    assert TestRun.objects.count() == 4


def test_the_same_run_id_with_other_rows_is_refused_and_changes_nothing(tooling, sit, planned):
    assert tooling.post("/results", sent(sit, row("TC-1", "FAILED"))).status_code == 201
    answer = tooling.post("/results", sent(sit, row("TC-1", "PASSED")))
    assert answer.status_code == 409
    assert "use a new run id" in answer.json()["detail"]
    assert TestRun.objects.get().outcome == "FAILED"


def test_a_result_that_no_plan_knows_is_kept_and_counted(tooling, sit, planned):
    answer = tooling.post("/results", sent(sit, row("TC-1"), row("TC-99", "FAILED")))
    assert answer.status_code == 201
    assert answer.json()["counts"]["unmatched"] == 1
    [unmatched] = tooling.all("/unmatched-results", phase=sit.public_id)
    assert (unmatched["external_id"], unmatched["outcome"]) == ("TC-99", "FAILED")


def test_errors_name_the_row_as_it_was_sent_and_nothing_is_stored(tooling, sit, planned):
    answer = tooling.post(
        "/results",
        sent(sit, row("TC-1"), row("TC-2", versions="DSP=1; DSP=2"), row("TC-3", duration_seconds=1e12)),
    )
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert [(error["row"], error["field"]) for error in answer.json()["errors"]] == [
        (2, "versions"),
        (3, "duration_seconds"),
    ]
    assert not TestRun.objects.exists()
    assert not UnmatchedResult.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"outcome": "GREEN"}, "rows.0.outcome"),
        ({"occurred_at": "yesterday"}, "rows.0.occurred_at"),
        ({"occurred_at": "1970-01-01T00:00:00Z"}, "rows.0.occurred_at"),
        ({"external_id": "a\x00b"}, "rows.0.external_id"),
        ({"installation_type": "HOUSEBOAT"}, "rows.0.installation_type"),
        ({"colour": "red"}, "rows.0.colour"),
    ],
)
def test_a_row_that_is_none_is_named_by_its_field(tooling, sit, planned, wrong, field):
    answer = tooling.post("/results", sent(sit, row("TC-1") | wrong))
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_a_junit_file_is_imported_with_its_run_id(tooling, sit, planned):
    upload = {"phase": sit.public_id, "source": "jenkins", "run_id": "n1"}
    case = (
        '<testcase name="TC-1"/><testcase name="TC-2"><failure/></testcase><testcase name="TC-3"><skipped/></testcase>'
    )
    answer = tooling.post("/results", upload | {"file": junit(case)}, format="multipart")
    assert answer.status_code == 201, answer.content
    assert answer.json()["importer"] == "junit"
    assert answer.json()["counts"]["recorded"] == 3
    again = tooling.post("/results", upload | {"file": junit(case)}, format="multipart")
    assert (again.status_code, again.json()["counts"]["already"]) == (200, 3)


def test_a_parameter_of_the_importer_goes_with_the_file(tooling, house, sit):
    dmc = make_dmc("DMC-A")
    house.plan(sit, "TC-1", dmc=dmc)
    upload = {"phase": sit.public_id, "source": "jenkins", "file": junit('<testcase name="TC-1"/>')}
    answer = tooling.post("/results", upload | {"params": '{"dmc": "DMC-A"}'}, format="multipart")
    assert answer.status_code == 201, answer.content
    [run] = tooling.all("/results", phase=sit.public_id)
    assert (run["external_id"], run["dmc"]) == ("TC-1", "DMC-A")


@pytest.mark.parametrize(
    ("upload", "field", "message"),
    [
        ({"file": SimpleUploadedFile("night.xml", b"<testsuite><testcase")}, "file", "XML"),
        ({"file": SimpleUploadedFile("night.exe", b"MZ")}, "file", "neither JUnit XML"),
        ({"params": "[1]"}, "params", "object is wanted"),
        ({"params": '{"colour": "red"}'}, "colour", "does not ask"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_with_the_reason(tooling, sit, planned, upload, field, message):
    body = {"phase": sit.public_id, "source": "jenkins", "file": junit('<testcase name="TC-1"/>')} | upload
    answer = tooling.post("/results", body, format="multipart")
    assert answer.status_code == 400, answer.content
    [error] = answer.json()["errors"]
    assert error["field"] == field
    assert message in error["message"]
    assert not TestRun.objects.exists()


def test_a_provider_sends_results_for_its_own_tests_only(caller, house, sit, planned):
    beta = caller("provider_tester", house.beta)
    answer = beta.post("/results", sent(sit, row("TC-1")))
    assert answer.status_code == 201
    assert answer.json()["counts"]["recorded"] == 0, "Alpha's test is unknown to Beta"
    assert answer.json()["counts"]["unmatched"] == 1
    assert not TestRun.objects.exists()
    alpha = caller("provider_tester", house.alpha)
    assert alpha.post("/results", sent(sit, row("TC-1"))).json()["counts"]["recorded"] == 1
    assert beta.all("/results", phase=sit.public_id) == []
    assert len(alpha.all("/results", phase=sit.public_id)) == 1


def test_runs_are_filtered_and_come_page_by_page_each_once_while_others_arrive(tooling, sit, planned):
    rows = [row("TC-1", "FAILED" if number % 3 else "PASSED") for number in range(9)]
    tooling.post("/results", sent(sit, *rows))
    first = tooling.get("/results", phase=sit.public_id, page_size=4).json()
    tooling.post("/results", sent(sit, row("TC-2"), run_id="later"))
    following = tooling.client.get(first["next"]).json()
    last = tooling.client.get(following["next"]).json()
    seen = [each["id"] for page in (first, following, last) for each in page["results"]]
    assert len(seen) == len(set(seen)) == 9
    assert seen == sorted(seen, reverse=True)
    assert last["next"] is None
    failed = tooling.all("/results", phase=sit.public_id, outcome="FAILED", external_id="TC-1")
    assert len(failed) == 6
    assert tooling.all("/results", phase=sit.public_id, recorded_since="2099-01-01T00:00:00Z") == []


def test_a_list_of_runs_costs_the_same_queries_however_many_there_are(
    tooling, sit, planned, django_assert_max_num_queries
):
    tooling.post("/results", sent(sit, *[row("TC-1") for _ in range(60)]))
    with django_assert_max_num_queries(8):
        assert len(tooling.get("/results", phase=sit.public_id).json()["results"]) == 60
    with django_assert_max_num_queries(8):
        tooling.get("/planned-tests", phase=sit.public_id)


@pytest.mark.services
@pytest.mark.usefixtures("postgres_only", "transactional_db")
def test_one_run_id_sent_many_times_at_once_has_one_effect(tooling, sit, planned):
    body = sent(sit, row("TC-1"), row("TC-2", "FAILED"), row("TC-99"))

    def post(_: int) -> Any:
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=tooling.authorization)
        return client.post("/api/v1/results", body, format="json")

    answers = at_once(10, post)
    assert {answer.status_code for answer in answers} <= {200, 201}, [answer.content for answer in answers]
    assert sum(answer.json()["counts"]["recorded"] for answer in answers) == 2
    assert TestRun.objects.count() == 2
    assert UnmatchedResult.objects.count() == 1
