"""What becomes of a meeting, over REST: changed, held, attended, minuted; papers, interests, and what it decided."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from svtad.governance.actions import Attendee, open_matter, record_attendance, set_body_rule
from svtad.governance.models import Decision, StoredFile
from svtad.parties.actions import issue_token
from svtad.parties.audiences import GOVERNANCE, audience_of
from svtad.parties.models import Person
from tests.api.conftest import Caller
from tests.factories import MAKER, House, at
from tests.opening import name_issue, stated

pytestmark = pytest.mark.django_db

BEGAN, LATER = "2026-03-16T10:00:00Z", "2026-03-16T11:00:00Z"


@pytest.fixture
def house(world) -> House:
    return world.house


@pytest.fixture
def registrar(caller) -> Caller:
    return caller("registrar")


@pytest.fixture
def planned(world) -> str:
    return f"/meetings/{world.sitting.public_id}"


@pytest.fixture
def held(world) -> str:
    return f"/meetings/{world.held.public_id}"


def sent(caller: Caller, path: str, **fields: Any) -> Any:
    return caller.post(path, {"file": SimpleUploadedFile("p.pdf", b"%PDF")} | fields, format="multipart")


# --- the meeting itself --------------------------------------------------------------------------------


def test_a_meeting_is_changed_as_it_was_seen_held_and_then_stands(registrar, planned):
    seen = registrar.get(planned).json()
    body = {"title": "TAG 40a", "starts_at": BEGAN, "place": "Room 2", "expected_revision": seen["revision"]}
    changed = registrar.post(f"{planned}/change", body)
    assert changed.status_code == 201, changed.content
    assert (changed.json()["title"], changed.json()["revision"]) == ("TAG 40a", seen["revision"] + 1)
    assert registrar.post(f"{planned}/change", body | {"title": "TAG 40b"}).status_code == 409
    assert registrar.post(f"{planned}/change", {"title": "", "starts_at": "soon"}).status_code == 400
    assert registrar.post(f"{planned}/held").json()["state"] == "HELD"
    for act, more in (("change", body), ("cancellation", {"reason": "Snow."}), ("held", {})):
        assert registrar.post(f"{planned}/{act}", more).status_code == 409, act


def test_a_meeting_is_cancelled_with_its_reason(registrar, planned):
    assert registrar.post(f"{planned}/cancellation", {}).status_code == 400
    gone = registrar.post(f"{planned}/cancellation", {"reason": "Snow."}).json()
    assert (gone["state"], gone["reason"]) == ("CANCELLED", "Snow.")


def test_who_was_there_is_recorded_by_id_or_name_and_corrected_with_a_reason(registrar, caller, planned, house):
    chair = caller("tag_chair").person.public_id
    [member] = [row for row in registrar.get(f"{planned}/members").json() if row["person"] == chair]
    assert member["role"] == "tag_chair"
    rows = [
        {"person": member["person"], "presence": "PRESENT", "in_chair": True},
        {"name": "Ann Example", "capacity": "OBSERVER", "presence": "APOLOGIES", "represents": "Example Ltd"},
    ]
    there = registrar.post(f"{planned}/attendance", {"attendees": rows}).json()["attendance"]
    assert [(row["person"], row["presence"], row["in_chair"]) for row in there] == [
        (member["person"], "PRESENT", True), (None, "APOLOGIES", False),
    ]  # fmt: skip
    registrar.post(f"{planned}/held")
    gone = {"attendees": [{"name": "ann example", "presence": ""}]}
    answer = registrar.post(f"{planned}/attendance", gone)
    assert {error["field"] for error in answer.json()["errors"]} == {"reason"}
    assert len(registrar.post(f"{planned}/attendance", gone | {"reason": "Not she."}).json()["attendance"]) == 1
    stranger = caller("tab_member").person.public_id
    wrong = registrar.post(f"{planned}/attendance", {"attendees": [{"person": stranger, "presence": "PRESENT"}]})
    assert [(error["row"], error["field"]) for error in wrong.json()["errors"]] == [(1, "person")]


def test_minutes_are_attached_as_a_draft_and_approved_once(registrar, caller, held):
    answer = sent(registrar, f"{held}/minutes")
    assert answer.status_code == 201, answer.content
    minutes = answer.json()["minutes"]
    assert minutes["approved_at"] is None
    assert caller("tag_member").get(f"/files/{minutes['file']}/content").status_code == 200
    assert caller("tab_member").get(f"/files/{minutes['file']}/content").status_code == 404
    assert registrar.post(f"{held}/minutes/approval", {"approved_at": LATER}).json()["minutes"]["approved_at"]
    assert registrar.post(f"{held}/minutes/approval", {"approved_at": LATER}).status_code == 409
    assert sent(caller("tag_member"), f"{held}/minutes").status_code == 403


# --- the agenda ----------------------------------------------------------------------------------------


def test_an_agenda_is_filled_ordered_and_taken_from(registrar, planned):
    titles = [row["title"] for row in registrar.post(f"{planned}/agenda/items", {"title": "Dates"}).json()]
    assert titles == ["Any other business", "Dates"]
    ids = [row["id"] for row in registrar.get(f"{planned}/agenda").json()]
    turned = registrar.post(f"{planned}/agenda/order", {"items": ids[::-1]})
    assert [row["title"] for row in turned.json()] == titles[::-1]
    assert registrar.post(f"{planned}/agenda/order", {"items": ids[:1]}).status_code == 409
    assert registrar.post(f"{planned}/agenda/order", {"items": ["x" * 22]}).status_code == 400
    left = registrar.post(f"{planned}/agenda/{ids[0]}/removal", {"reason": "Later."})
    assert [row["title"] for row in left.json()] == ["Dates"]
    assert registrar.post(f"{planned}/agenda/{ids[0]}/removal", {"reason": "Later."}).status_code == 404


def test_a_paper_is_for_the_item_s_readers_or_the_dcc_alone_and_taken_back(registrar, caller, planned, world):
    address = f"{planned}/agenda/{world.item.public_id}/papers"
    whole, own = sent(registrar, address, title="For all").json(), sent(registrar, address, seen_by="dcc").json()
    member = caller("tag_member")
    assert member.get(f"/files/{whole['file']}/content").status_code == 200
    assert member.get(f"/files/{own['file']}/content").status_code == 404
    [row] = member.get(f"{planned}/agenda").json()
    assert {paper["id"] for paper in row["papers"]} == {world.handout.public_id, whole["id"]}
    assert registrar.post(f"{planned}/papers/{whole['id']}/removal", {"reason": ""}).status_code == 400
    [row] = registrar.post(f"{planned}/papers/{whole['id']}/removal", {"reason": "Old."}).json()
    assert whole["id"] not in {paper["id"] for paper in row["papers"]}
    assert sent(registrar, address, seen_by="public").status_code == 400
    assert sent(member, address).status_code == 403


def test_an_interest_is_declared_for_oneself_and_by_the_registrar_for_others(registrar, caller, world):
    mine = caller("tag_member").post("/interests", {"matter": world.matter.public_id, "text": "I own shares."})
    assert mine.status_code == 201, mine.content
    assert mine.json()["name"] == caller("tag_member").person.name
    other = {"item": world.taken.public_id, "name": "Ann Example", "text": "She sells it."}
    assert caller("tag_member").post("/interests", other).status_code == 403
    declared = registrar.post("/interests", other).json()
    assert (declared["matter"], declared["item"]) == (world.matter.public_id, None), "of an item's matter"
    tag = {"matter": world.matter.public_id, "organisation": world.house.tag.code, "text": "All of us."}
    assert caller("tag_chair").post("/interests", tag).status_code == 201
    rows = registrar.get("/interests", matter=world.matter.public_id).json()
    assert [row["withdrawn"] for row in rows] == [False, False, False]
    assert registrar.post(f"/interests/{declared['id']}/withdrawal", {"reason": "Sold."}).json()["withdrawn"]
    assert registrar.post(f"/interests/{declared['id']}/withdrawal", {"reason": "Sold."}).status_code == 409
    assert caller("tag_chair").post(f"/interests/{mine.json()['id']}/withdrawal", {"reason": "So."}).status_code == 403
    for wrong in ({}, {"matter": "x" * 22}, {"matter": world.matter.public_id, "item": world.item.public_id},
                  {"matter": world.matter.public_id, "organisation": "nobody"}):  # fmt: skip
        assert registrar.post("/interests", {"text": "So."} | wrong).status_code == 400, wrong
    assert registrar.get("/interests").status_code == 400


# --- what it decided -----------------------------------------------------------------------------------


def taken(world, **more: Any) -> dict[str, Any]:
    row = {"item": world.taken.public_id, "outcome": "AGREE", "rationale": "As discussed."}
    return {"decided_at": BEGAN, "decisions": [row | more]}


def test_what_a_meeting_decided_is_looked_at_first_and_recorded_at_one_go(registrar, caller, held, world):
    before = Decision.objects.count()
    [row] = registrar.post(f"{held}/decisions/preview", taken(world)).json()
    assert (row["leads_to"], row["decision"], row["refused"]) == ("TAG_AGREED", None, "")
    assert Decision.objects.count() == before
    answer = registrar.post(f"{held}/decisions", taken(world, expected_state="PROPOSED"))
    assert answer.status_code == 201, answer.content
    made = Decision.objects.get(public_id=answer.json()[0]["decision"])
    assert (made.meeting, made.outcome, made.document) == ("TAG 39", "AGREE", StoredFile.objects.get(purpose="minutes"))
    [on_agenda] = registrar.get(f"{held}/agenda").json()
    assert on_agenda["decisions"] == [made.public_id]
    again = registrar.post(f"{held}/decisions", taken(world))
    assert again.status_code == 409
    assert world.matter.reference in again.json()["detail"]


def test_a_refused_row_stores_nothing_unless_it_is_to_be_left_out(registrar, held, world):
    bad = taken(world, outcome="DISSOLVE")
    assert registrar.post(f"{held}/decisions", bad | {"leave_out_refused": True}).status_code == 409
    [row] = registrar.post(f"{held}/decisions/preview", bad).json()
    assert "is not a step" in row["refused"]
    early = taken(world) | {"decided_at": "2026-03-01T10:00:00Z"}
    [row] = registrar.post(f"{held}/decisions/preview", early).json()
    assert [error["field"] for error in row["errors"]] == ["decided_at"]
    for wrong, field in (({"item": "x" * 22}, "item"), ({"document": "x" * 22}, "document")):
        answer = registrar.post(f"{held}/decisions", taken(world, **wrong))
        assert [(error["row"], error["field"]) for error in answer.json()["errors"]] == [(1, field)]
    assert registrar.post(f"{held}/decisions", {"decided_at": BEGAN, "decisions": []}).status_code == 400


def test_a_meeting_short_of_its_quorum_needs_a_reason(registrar, world):
    set_body_rule(body="TAG", quorum=2, source="Terms, 4.2", by=MAKER, at=at())
    meeting = registrar.post("/meetings", {"body": "TAG", "title": "TAG 38", "starts_at": BEGAN}).json()["id"]
    matter = open_matter(
        procedure="INTERFACE_COUNT", document="SVTAD", version="1.23", title="It", rationale="So.",
        audience=audience_of(*GOVERNANCE), by=MAKER, at=at(days=1), data=stated("INTERFACE_COUNT"),
    )  # fmt: skip
    name_issue(matter, world.house)
    [item] = registrar.post(f"/meetings/{meeting}/agenda", {"matters": [matter.public_id]}).json()
    registrar.post(f"/meetings/{meeting}/held")
    rows = {"decided_at": BEGAN, "decisions": [{"item": item["id"], "outcome": "CONFIRM_SEVERITY"}]}
    answer = registrar.post(f"/meetings/{meeting}/decisions", rows)
    assert [error["field"] for error in answer.json()["errors"]] == ["quorum_reason"]
    counted = registrar.post(f"/meetings/{meeting}/decisions", rows | {"quorum_reason": "All agreed by mail."})
    assert counted.status_code == 201, counted.content


def test_decisions_of_a_meeting_are_signed_and_a_look_at_them_is_not(house, held, world):
    person = Person.objects.get(pk=house.actor("registrar").person_pk)
    unsigned = Caller()
    _, token = issue_token(person=person, by=MAKER)
    unsigned.client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    assert unsigned.post(f"{held}/decisions", taken(world)).status_code == 403
    assert unsigned.post(f"{held}/decisions/preview", taken(world)).status_code == 200


def test_attendance_is_of_who_keeps_the_meetings(caller, planned, world):
    record_attendance(meeting=world.sitting, attendees=[Attendee(name="Ann", presence="PRESENT")], by=MAKER)
    for role in ("tag_member", "test_manager"):
        assert caller(role).post(f"{planned}/attendance", {"attendees": []}).status_code == 403
    assert caller("tag_secretary").post(f"{planned}/attendance", {"attendees": []}).status_code == 201
