"""Meetings over REST: planned, listed, and their agendas filled; nobody reads of a matter that is not theirs."""

from __future__ import annotations

import pytest

from svtad.governance.actions import Attendee, hold_meeting, open_matter, plan_meeting, record_attendance, set_body_rule
from svtad.parties.audiences import GOVERNANCE, audience_of
from tests.api.world import make_world
from tests.factories import MAKER, at

pytestmark = pytest.mark.django_db

PLANNED = {"body": "TAG", "title": "TAG 42", "starts_at": "2026-03-16T10:00:00Z", "link": "https://meet.example.org/42"}


def test_a_meeting_is_planned_shown_and_listed(house, caller):
    registrar = caller("registrar")
    answer = registrar.post("/meetings", PLANNED | {"ends_at": "2026-03-16T12:00:00"})
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert (made["state"], made["items"], made["minutes"]) == ("PLANNED", 0, None)
    assert made["quorum"] == {"state": "NOT_SET", "text": "No quorum is set for TAG. 0 members present."}
    assert registrar.get(f"/meetings/{made['id']}").json() == made
    assert [each["title"] for each in caller("tag_member").all("/meetings", body="TAG")] == ["TAG 42"]
    assert registrar.all("/meetings", state="HELD") == []
    assert registrar.get("/meetings", body="DCC").status_code == 400
    assert registrar.get("/meetings", wanted="all").status_code == 400


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"body": "DCC"}, "body"), ({"title": ""}, "title"), ({"starts_at": "soon"}, "starts_at"),
        ({"starts_at": "1026-03-16T10:00:00Z"}, "starts_at"), ({"ends_at": "2026-03-16T09:00:00Z"}, "ends_at"),
        ({"link": "javascript:alert(1)"}, "link"), ({"chair": "Ann"}, "chair"),
    ],
)  # fmt: skip
def test_bad_input_names_the_field(caller, wrong, field):
    answer = caller("registrar").post("/meetings", PLANNED | wrong)
    assert answer.status_code == 400
    assert {error["field"] for error in answer.json()["errors"]} == {field}


def test_matters_are_put_on_an_agenda_or_drawn(house, caller):
    world = make_world(house)
    registrar = caller("registrar")
    address = f"/meetings/{world.meeting.public_id}/agenda"
    for body in ({}, {"draw": True, "matters": [world.matter.public_id]}, {"matters": ["x" * 22]}, {"matters": "M-1"}):
        answer = registrar.post(address, body)
        assert answer.status_code == 400, body
        assert {error["field"].split(".")[0] for error in answer.json()["errors"]} == {"matters"}
    [row] = registrar.post(address, {"matters": [world.matter.public_id]}).json()
    assert (row["number"], row["matter"], row["steps"]) == (1, world.matter.public_id, ["AGREE", "REJECT"])
    again = registrar.post(address, {"matters": [world.matter.public_id]})
    assert again.status_code == 409
    assert world.matter.reference in again.json()["detail"]
    asked = open_matter(
        procedure="SCT_COUNT", document="SVTAD", version="1.23", title="Count it", by=MAKER,
        audience=audience_of(*GOVERNANCE), at=at(days=1),
    )  # fmt: skip
    drawn = registrar.post(address, {"draw": True}).json()
    assert asked.public_id in {each["matter"] for each in drawn}
    assert registrar.get(address).json() == drawn
    assert caller("test_manager").post(address, {"draw": True}).status_code == 403


def test_an_agenda_lists_what_the_caller_may_see_and_counts_nothing_else(house, caller):
    world = make_world(house)
    hidden = open_matter(
        procedure="EXCLUSION", document="SVTAD", version="1.23", title="QZXJ7Canary", rationale="So.", by=MAKER,
        audience=audience_of("dcc"), at=at(days=1),
    )  # fmt: skip
    address = f"/meetings/{world.meeting.public_id}"
    ids = [hidden.public_id, world.matter.public_id]
    assert caller("registrar").post(f"{address}/agenda", {"matters": ids}).status_code == 201
    member = caller("tag_member")
    assert [(row["number"], row["matter"]) for row in member.get(f"{address}/agenda").json()] == [
        (1, world.matter.public_id)
    ]
    assert member.get(address).json()["items"] == 1
    assert caller("registrar").get(address).json()["items"] == 2
    for foreign in (caller("participant"), caller("tab_member"), caller("provider_tester")):
        assert foreign.get(address).status_code == foreign.get(f"{address}/agenda").status_code == 404
        assert foreign.all("/meetings") == []


def test_who_was_there_and_the_quorum_are_shown(house, caller):
    set_body_rule(body="TAG", quorum=2, source="Terms, 4.2", by=MAKER, at=at(days=1))
    meeting = plan_meeting(body="TAG", title="TAG 40", starts_at=at(days=2), by=MAKER, at=at(days=1))
    record_attendance(
        meeting=meeting, attendees=[Attendee(name="Ann", presence="PRESENT", in_chair=True)], by=MAKER, at=at(days=2)
    )
    hold_meeting(meeting=meeting, by=MAKER, at=at(days=3))
    shown = caller("tag_member").get(f"/meetings/{meeting.public_id}").json()
    assert shown["quorum"] == {"state": "SHORT", "text": "1 member present, 2 needed."}
    assert [(row["name"], row["in_chair"]) for row in shown["attendance"]] == [("Ann", True)]
