"""REST: stages, approach documents, eligibility and releases, as a tool would use them."""

from __future__ import annotations

import pytest

from svtad.lib.clock import london_date, now
from testphases.models import TestScope

pytestmark = pytest.mark.django_db
CLAUSE = "SVTAD 1.23"
EARLY = "2026-01-04T09:00:00Z"
NEVER = "2096-01-04T09:00:00Z"


@pytest.mark.clause(CLAUSE, "12.4")
def test_a_stage_is_planned_answered_started_and_looked_back_on(house, caller):
    sit = house.scope("SIT", "MOC")
    TestScope.objects.filter(pk=sit.pk).update(state="IN_PROGRESS")
    manager = caller("test_manager")
    made = manager.post(f"/phases/{sit.public_id}/stages", {"name": "Install"})
    assert (made.status_code, made.json()["state"]) == (201, "PLANNED")
    stage = f"/stages/{made.json()['id']}"
    plan = {"starts_on": "2026-03-09", "has_entry_gate": True, "test_plan": "Plan 4"}
    planned = manager.client.put(f"/api/v1{stage}/plan", plan, format="json").json()
    assert (planned["starts_on"], planned["entry"]["verdict"]) == ("2026-03-09", "CANNOT_EVALUATE")
    refused = manager.post(f"{stage}/state", {"state": "RUNNING"})
    assert (refused.status_code, refused.json()["clause"]) == (409, "SVTAD 12.4")
    held = manager.post(f"{stage}/criteria", {"gate": "ENTRY", "text": "The rig is wired"}).json()
    [criterion] = held["entry"]["criteria"]
    answered = manager.post(f"/stage-criteria/{criterion['id']}/answers", {"met": True, "reasons": "Wired."}).json()
    assert (answered["entry"]["verdict"], answered["entry"]["criteria"][0]["met"]) == ("MET", True)
    assert manager.post(f"{stage}/state", {"state": "RUNNING"}).json()["started_at"]
    tester = caller("provider_tester")
    assert [row["name"] for row in tester.get(f"/phases/{sit.public_id}/stages").json()] == ["Solution Test", "Install"]
    assert tester.get(f"/phases/{sit.public_id}/stages", as_at=EARLY).json() == []
    assert tester.get(f"/phases/{sit.public_id}/stages", as_at=NEVER).status_code == 400


@pytest.mark.clause(CLAUSE, "12.3", "3.4")
def test_an_approach_document_is_entered_comes_into_force_and_its_criterion_is_answered(house, caller):
    sct, sit = house.scope("SCT", "MOC"), house.scope("SIT", "MOC")
    admin, manager = caller("administrator"), caller("test_manager")
    assert admin.post("/document-versions", {"document": "LAW", "version": "1.0"}).status_code == 400
    made = admin.post("/document-versions", {"document": "SCTAD", "version": "1.0"}).json()
    assert (made["rules_held"], made["in_effect"], made["criteria"]) == (False, False, [])
    day = london_date(now()).isoformat()
    standing = {"route": "APPROVED", "decided_on": day, "effective_from": day, "source": "Letter 9."}
    address = f"/api/v1/document-versions/{made['id']}/standing"
    assert admin.client.put(address, standing | {"route": "GUESSED"}, format="json").status_code == 400
    assert admin.client.put(address, standing, format="json").json()["in_effect"] is True
    entered = {"phase_kind": "SCT", "gate": "EXIT", "clause": "9.1", "text": "Peak load is carried"}
    criterion = admin.post(f"/document-versions/{made['id']}/criteria", entered).json()
    held = manager.get(f"/phases/{sct.public_id}/criteria").json()
    assert (held["document"], held["version"], [row["met"] for row in held["criteria"]]) == ("SCTAD", "1.0", [None])
    answers = f"/phases/{sct.public_id}/criteria/{criterion['id']}/answers"
    assert manager.post(answers, {"met": True, "reasons": "Run 7."}).status_code == 201
    assert manager.get(f"/phases/{sct.public_id}/criteria").json()["criteria"][0]["reasons"] == "Run 7."
    assert manager.get(f"/phases/{sct.public_id}/criteria", as_at=EARLY).json()["version"] is None
    assert manager.get(f"/phases/{sct.public_id}/criteria", as_at=NEVER).status_code == 400
    assert manager.get(f"/phases/{sit.public_id}/criteria").status_code == 404
    listed = caller("participant").get("/document-versions").json()
    assert {(row["document"], row["in_effect"]) for row in listed} == {("SCTAD", True), ("SVTAD", False)}
    assert caller("participant").get("/document-versions", as_at=EARLY).json() == []
    assert admin.get("/document-versions", as_at=NEVER).status_code == 400


@pytest.mark.clause(CLAUSE, "13.25")
def test_eligibility_is_recorded_and_a_party_is_answered_its_own(house, caller):
    manager = caller("test_manager")
    assert manager.post("/eligibility", {"organisation": "nobody", "role": "Import Supplier"}).status_code == 400
    made = manager.post("/eligibility", {"organisation": house.supplier.code, "role": "Import Supplier"}).json()
    manager.post("/eligibility", {"organisation": house.other_supplier.code, "role": "Import Supplier"})
    state = f"/eligibility/{made['id']}/state"
    assert manager.post(state, {"state": "COMPLETE", "basis": "Report 7."}).status_code == 409
    assert manager.post(state, {"state": "IN_PROGRESS"}).json()["state"] == "IN_PROGRESS"
    assert manager.post(state, {"state": "COMPLETE", "basis": "Report 7."}).json()["eligible"] == "CANNOT_EVALUATE"
    own = caller("participant").get("/eligibility").json()
    assert [(row["organisation"], row["state"]) for row in own] == [(house.supplier.code, "COMPLETE")]
    assert len(manager.get("/eligibility").json()) == 2
    assert manager.get("/eligibility", as_at=EARLY).json() == []


@pytest.mark.clause(CLAUSE, "7.2", "7.3")
def test_the_readiness_of_a_release_is_judged_with_its_clauses(house, caller):
    house.scope("SIT", "MOC")
    moc = house.releases["MOC"].public_id
    manager = caller("test_manager")
    answer = manager.get(f"/releases/{moc}/readiness").json()
    assert (answer["state"], answer["verdict"]) == ("PLANNED", "NOT_MET")
    assert [(row["key"], row["citation"]["clause"]) for row in answer["findings"]] == [
        ("7.2-PIT", "7.2"), ("7.2-SIT", "7.2"), ("7.2-SCT", "7.2"), ("7.2-MT", "7.2"), ("7.3", "7.3"),
    ]  # fmt: skip
    assert [row["key"] for row in answer["live"]] == ["9.8"]
    assert manager.get(f"/releases/{moc}/readiness", as_at=EARLY).status_code == 409, "no phase was set up then"
    assert manager.get(f"/releases/{moc}/readiness", as_at=NEVER).status_code == 400
    assert manager.post(f"/releases/{moc}/state", {"state": "READY"}).status_code == 409
    change = {"procedure": "INTERFACE_REPEAT", "data": {"change": "A new alert."}}
    assert manager.post(f"/releases/{moc}/matters", change).json()["procedure"] == "INTERFACE_REPEAT"
    assert caller("provider_tester").get(f"/releases/{moc}/readiness").status_code == 403
