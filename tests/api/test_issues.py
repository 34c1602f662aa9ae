"""Testing Issues over REST: raised once, determined, moved, put before boards."""

from __future__ import annotations

from typing import Any

import pytest

from issues.models import TestingIssue
from tests.factories import make_dmc, make_issue

pytestmark = pytest.mark.django_db


@pytest.fixture
def supplier(caller):
    return caller("participant")


def raised(sit, **more: Any) -> dict[str, Any]:
    return {"phase": sit.public_id, "title": "Meter lost after update", "raised_by": "supplier"} | more


def test_an_issue_is_raised_once_however_often_it_is_sent(supplier, sit):
    body = raised(sit, source="jira", external_id="J-1", description="At night.")
    first = supplier.post("/issues", body)
    assert first.status_code == 201, first.content
    assert (first.json()["state"], first.json()["severity"], first.json()["raised_by"]) == ("RAISED", "", "supplier")
    again = supplier.post("/issues", body)
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    mended = supplier.post("/issues", body | {"title": "Meter lost"})
    assert (mended.status_code, mended.json()["title"]) == (200, "Meter lost")
    assert TestingIssue.objects.count() == 1


def test_the_dcc_determines_and_works_an_issue_and_each_step_stays_in_its_history(manager, supplier, sit):
    issue = supplier.post("/issues", raised(sit)).json()["id"]
    determined = {"severity": "3", "priority": "high", "cause": "DCC_SYSTEM", "provider": "alpha"}
    answer = manager.post(f"/issues/{issue}/determination", determined)
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert {key: body[key] for key in determined} == determined
    assert manager.post(f"/issues/{issue}/state", {"state": "DETERMINED"}).json()["state"] == "DETERMINED"
    assert manager.post(f"/issues/{issue}/determination", {"severity": "4", "reasons": "Milder"}).status_code == 200
    history = manager.get(f"/issues/{issue}").json()["history"]
    assert [(row["what"], row["value"]) for row in history] == [
        ("state", "RAISED"),
        ("severity", "3"),
        ("attribution", "DCC_SYSTEM"),
        ("state", "DETERMINED"),
        ("severity", "4"),
    ]
    assert history[2]["provider"] == "alpha"


def test_a_severity_and_a_cause_are_determined_together_or_not_at_all(manager, sit, house):
    issue = make_issue(sit, raised_by=house.supplier)
    answer = manager.post(
        f"/issues/{issue.public_id}/determination", {"severity": "3", "cause": "DCC_SYSTEM", "provider": "gamma"}
    )
    assert answer.status_code == 400
    issue.refresh_from_db()
    assert issue.severity == ""


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "severity"),
        ({"reasons": "None"}, "severity"),
        ({"priority": "high", "cause": "DEVICE"}, "priority"),
        ({"provider": "alpha", "severity": "3"}, "provider"),
        ({"severity": "9"}, "severity"),
        ({"cause": "WEATHER"}, "cause"),
        ({"cause": "DEVICE"}, "reasons"),
        ({"cause": "DCC_SYSTEM", "provider": "nobody"}, "provider"),
    ],
)
def test_a_determination_that_cannot_be_is_named_by_its_field(manager, sit, house, body, field):
    issue = make_issue(sit, raised_by=house.supplier)
    answer = manager.post(f"/issues/{issue.public_id}/determination", body)
    assert answer.status_code == 400, answer.content
    assert field in {error["field"] for error in answer.json()["errors"]}


def test_a_move_that_is_not_listed_or_comes_too_late_is_refused(manager, sit, house):
    issue = make_issue(sit, raised_by=house.supplier, severity="3", provider=house.alpha, state="IN_FIX")
    path = f"/issues/{issue.public_id}/state"
    assert manager.post(path, {"state": "CLOSED"}).status_code == 409
    assert manager.post(path, {"state": "FIXED", "expected_state": "DETERMINED"}).status_code == 409
    assert manager.post(path, {"state": "FIXED", "expected_state": "IN_FIX"}).status_code == 200


def test_words_are_mended_and_a_dmc_is_taken_off(supplier, manager, sit, house):
    make_dmc("DMC-A")
    issue = manager.post("/issues", raised(sit, dmc="DMC-A")).json()
    assert issue["dmc"] == "DMC-A"
    path = f"/issues/{issue['id']}"
    assert supplier.patch(path, {"title": "Mended"}).json()["dmc"] == "DMC-A"
    body = manager.patch(path, {"dmc": None}).json()
    assert (body["title"], body["dmc"]) == ("Mended", None)
    assert manager.patch(path, {"state": "CLOSED"}).status_code == 400
    assert manager.patch(path, {"dmc": "DMC-Z"}).status_code == 400


def test_issues_are_filtered_and_come_page_by_page(manager, sit, house):
    for number in range(7):
        make_issue(
            sit,
            raised_by=house.supplier,
            severity=str(3 + number % 2),
            provider=(house.alpha, house.beta)[number % 2],
            state="IN_FIX" if number < 5 else "CLOSED",
        )
    assert len(manager.all("/issues", page_size=2)) == 7
    assert len(manager.all("/issues", open="yes", provider="alpha")) == 3
    assert len(manager.all("/issues", severity="4", phase=sit.public_id)) == 3
    assert len(manager.all("/issues", state="CLOSED")) == 2
    assert manager.all("/issues", provider="none") == []
    assert manager.all("/issues", q="no such words") == []
    assert len(manager.all("/issues", raised_from="2026-03-02", raised_to="2026-03-02")) == 7


def test_a_list_of_issues_costs_one_query_besides_the_sign_in(manager, sit, house, django_assert_max_num_queries):
    for _ in range(30):
        make_issue(sit, raised_by=house.supplier, severity="3", provider=house.alpha)
    with django_assert_max_num_queries(4):
        assert len(manager.get("/issues").json()["results"]) == 30


@pytest.mark.clause("SVTAD 1.23", "14.2", "14.4")
def test_a_supplier_disputes_a_severity_and_tags_decision_takes_effect(supplier, caller, sit, house):
    issue = make_issue(sit, raised_by=house.supplier, severity="4", provider=house.alpha, state="IN_FIX")
    disputed = supplier.post(
        f"/issues/{issue.public_id}/disputes", {"raised_by": "supplier", "severity": "2", "reasons": "It is worse."}
    )
    assert disputed.status_code == 201, disputed.content
    matter = disputed.json()
    assert matter["state"] == "RAISED"
    registrar = caller("registrar")
    decided = registrar.post(
        f"/matters/{matter['id']}/decisions",
        {
            "body": "TAG",
            "outcome": "DECIDE",
            "decided_at": "2026-03-03T10:00:00Z",
            "notified_at": "2026-03-04T10:00:00Z",
            "data": {"severity": "3"},
            "expected_state": "RAISED",
        },
    )
    assert decided.status_code == 201, decided.content
    assert decided.json()["effective_at"] == "2026-03-04T10:00:00Z"
    assert registrar.get(f"/issues/{issue.public_id}").json()["severity"] == "3"


@pytest.mark.clause("SVTAD 1.23", "13.20")
def test_an_exclusion_is_proposed_decided_and_takes_the_issue_out_of_the_count(manager, caller, sit, house):
    issue = make_issue(sit, raised_by=house.supplier, severity="3", provider=house.alpha, state="IN_FIX")
    proposed = manager.post(
        f"/issues/{issue.public_id}/exclusions", {"phase": sit.public_id, "rationale": "One device only."}
    )
    assert proposed.status_code == 201, proposed.content
    assert manager.all("/issues", excluded="yes") == []
    path = f"/matters/{proposed.json()['id']}"
    shown = manager.get(path).json()
    assert [(step["body"], step["outcome"]) for step in shown["steps"]] == [("TAG", "AGREE"), ("TAG", "REJECT")]
    body = {"body": "TAG", "outcome": "AGREE", "decided_at": "2026-03-03T10:00:00Z"}
    assert manager.post(f"{path}/decisions", body).status_code == 403
    assert caller("registrar").post(f"{path}/decisions", body).status_code == 201
    assert len(manager.all("/issues", excluded="yes")) == 1
    assert manager.get(path).json()["decisions"][0]["to_state"] == "TAG_AGREED"
    again = caller("registrar").post(f"{path}/decisions", body | {"outcome": "REJECT", "expected_state": "PROPOSED"})
    assert again.status_code == 409
    assert "decided meanwhile" in again.json()["detail"]
