"""Evidence of a phase over REST: attached, answered, presented to TAB, read, withdrawn."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from svtad.gates.models import EvidenceItem, EvidenceWithdrawal
from svtad.governance.models import Decision, StoredFile
from svtad.parties.actions import issue_token
from tests.api.conftest import Caller
from tests.factories import MAKER, House

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(world) -> House:
    return world.house


def attached(caller: Caller, world: Any, key: str = "", content: bytes = b"%PDF", **fields: Any) -> Any:
    more = {"HTTP_IDEMPOTENCY_KEY": key} if key else {}
    body = {"file": SimpleUploadedFile("evidence.pdf", content), "kind": "TEST_RESULT"} | fields
    return caller.post(f"/phases/{world.sit.public_id}/evidence", body, format="multipart", **more)


def fields_of(answer: Any) -> set[str]:
    assert answer.status_code == 400, answer.content
    return {error["field"] for error in answer.json()["errors"]}


@pytest.mark.clause("SVTAD 1.23", "9.4", "12.5(a)")
def test_evidence_is_attached_by_whose_it_is_answered_by_the_dcc_and_stands_in_the_list(world, caller, manager):
    tester = caller("provider_tester")
    answer = attached(tester, world, kind="PROVIDER_REPORT", provider="alpha", note="Final.")
    assert answer.status_code == 201, answer.content
    shown = answer.json()
    assert (shown["state"], shown["provider"], shown["withdrawn"]) == ("SUBMITTED", "alpha", False)
    assert b"".join(tester.get(f"/evidence/{shown['id']}/content").streaming_content) == b"%PDF"
    assert tester.post(f"/evidence/{shown['id']}/review", {"state": "ACCEPTED"}).status_code == 403
    address = f"/evidence/{shown['id']}/review"
    assert fields_of(manager.post(address, {"state": "RETURNED"})) == {"reasons"}
    assert fields_of(manager.post(address, {"state": "FINE"})) == {"state"}
    returned = manager.post(address, {"state": "RETURNED", "reasons": "Page 3 is missing."})
    assert returned.json()["state"] == "RETURNED"
    assert manager.post(address, {"state": "ACCEPTED"}).status_code == 409
    rows = tester.all(f"/phases/{world.sit.public_id}/evidence")
    assert next(row for row in rows if row["id"] == shown["id"]) == returned.json()
    assert all(row["provider"] == "alpha" for row in rows)


def test_what_is_wrong_with_evidence_is_named_by_field_and_nothing_is_kept(world, caller, manager):
    before = StoredFile.objects.count()
    assert fields_of(attached(manager, world, kind="LUCK")) == {"kind"}
    assert fields_of(attached(manager, world, kind="PROVIDER_REPORT")) == {"provider"}
    assert fields_of(attached(manager, world, provider="nobody")) == {"provider"}
    assert fields_of(attached(manager, world, kind="PROVIDER_REPORT", provider="alpha", state="DRAFT")) == {"state"}
    assert fields_of(attached(manager, world, statements="[1]")) == {"statements"}
    assert fields_of(attached(manager, world, file="")) == {"file"}
    assert "luck" in fields_of(attached(manager, world, kind="READINESS", statements='{"luck": true}'))
    assert attached(manager, world, kind="ISSUE_LOG").status_code == 409
    assert attached(caller("provider_tester"), world, provider="beta").status_code in (400, 403)
    assert attached(caller("tag_member"), world).status_code == 403
    assert StoredFile.objects.count() == before


@pytest.mark.clause("SVTAD 1.23", "19.4", "19.6")
def test_what_an_audit_report_confirms_is_sent_as_json(world, caller):
    auditor = caller("sit_auditor")
    said = {"19.4(a)": True, "19.4(b)": False}
    answer = attached(auditor, world, kind="SIT_AUDIT_REPORT", state="INTERIM", statements=json.dumps(said))
    assert answer.status_code == 201, answer.content
    assert (answer.json()["statements"], answer.json()["state"]) == (said, "INTERIM")
    whole = attached(auditor, world, kind="SIT_AUDIT_REPORT", statements=json.dumps(said), content=b"2")
    assert fields_of(whole) == {f"19.4({letter})" for letter in "cdef"}


@pytest.mark.clause("SVTAD 1.23", "9.5", "9.6")
def test_an_assurance_report_is_presented_signed_and_tag_reads_it_once_tab_has_approved(world, caller, manager):
    address = f"/evidence/{world.assurance.public_id}"
    tag, tab = caller("tag_member"), caller("tab_member")
    assert [each.get(address).status_code for each in (tag, tab)] == [404, 200]
    unsigned = Caller(manager.person)
    _, token = issue_token(person=manager.person, by=MAKER)
    unsigned.client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    assert unsigned.post(f"{address}/presentation", {}).status_code == 403
    assert tab.post(f"{address}/presentation", {}).status_code == 403
    assert fields_of(manager.post(f"{address}/presentation", {"decided_at": "soon"})) == {"decided_at"}
    presented = manager.post(f"{address}/presentation", {}, HTTP_IDEMPOTENCY_KEY="p-1")
    assert presented.status_code == 201, presented.content
    matter = presented.json()
    assert (matter["procedure"], matter["state"]) == ("ASSURANCE_REPORT", "PRESENTED")
    [decision] = matter["decisions"]
    assert (decision["outcome"], decision["document"]) == ("PRESENT", world.assurance.file.public_id)
    again = manager.post(f"{address}/presentation", {}, HTTP_IDEMPOTENCY_KEY="p-1")
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (matter, "true")
    assert Decision.objects.filter(matter__public_id=matter["id"]).count() == 1
    assert manager.post(f"{address}/presentation", {}).status_code == 409
    assert manager.post(f"/evidence/{world.submitted.public_id}/presentation", {}).status_code == 409
    approved = caller("tab_chair").post(
        f"/matters/{matter['id']}/decisions",
        {"body": "TAB", "outcome": "APPROVE", "decided_at": decision["recorded_at"]},
    )
    assert approved.status_code == 201, approved.content
    assert [each.get(address).json().get("state") for each in (tag, tab)] == ["APPROVED", "APPROVED"]
    assert tag.get(f"{address}/content").status_code == 200
    assert manager.post(f"{address}/withdrawal", {"reason": "A slip."}).status_code == 409


def test_evidence_is_withdrawn_once_with_its_reason(world, caller, manager):
    address = f"/evidence/{world.submitted.public_id}/withdrawal"
    assert fields_of(manager.post(address, {})) == {"reason"}
    assert caller("provider_tester", world.house.beta).post(address, {"reason": "Not mine."}).status_code == 404
    gone = [manager.post(address, {"reason": "Another was meant."}, HTTP_IDEMPOTENCY_KEY="w-1") for _ in range(2)]
    assert [(each.status_code, each.json()["withdrawn"]) for each in gone] == [(201, True), (201, True)]
    assert EvidenceWithdrawal.objects.count() == 1
    assert manager.post(address, {"reason": "Again."}).status_code == 409


def test_the_same_attachment_under_the_same_key_is_one(world, manager):
    answers = [attached(manager, world, key="e-1", provider="alpha") for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert attached(manager, world, key="e-1", provider="alpha", content=b"other").status_code == 409
    assert EvidenceItem.objects.filter(public_id=answers[0].json()["id"]).count() == 1
