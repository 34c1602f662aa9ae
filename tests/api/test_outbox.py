"""Where notices are, over REST: by hand, tried again, taken back; and when the caller is told."""

from __future__ import annotations

import pytest

from svtad.governance.models import Delivery
from svtad.governance.queries.recipients import Addressee
from svtad.lib.clock import now
from svtad.parties.models import Person
from tests.factories import make_paper, make_person
from tests.governance.mailing import give

pytestmark = pytest.mark.django_db

SENT = "2026-03-03T09:00:00Z"
SOS = Addressee(key="SOS", told_as="SOS", name="Secretary of State", by_hand="No e-mail address is set.")


@pytest.fixture
def registrar(caller):
    return caller("registrar")


def test_the_outbox_says_what_waits_and_what_goes_by_hand(house, caller, registrar):
    give(make_person("tag_member", house.tag))
    notice = give(addressees=[SOS])
    letter = notice.deliveries.get()
    state = registrar.get("/outbox").json()
    assert (state["waiting"], state["for_hand"], state["failed"]) == (1, 1, 0)
    assert {row["state"] for row in registrar.all("/deliveries")} == {"QUEUED"}
    assert [row["id"] for row in registrar.all("/deliveries", state="BY_HAND")] == [letter.public_id]
    assert len(registrar.all("/deliveries", state="QUEUED")) == 1
    assert registrar.all("/deliveries", state="FAILED") == []
    assert len(registrar.all("/deliveries", notice=notice.public_id)) == 1
    assert registrar.get("/deliveries", state="LOST").status_code == 400
    assert caller("test_manager").get("/deliveries").status_code == 403


def test_a_notice_by_hand_is_recorded_with_the_document_that_shows_it(caller, registrar):
    letter = give(addressees=[SOS]).deliveries.get()
    address = f"/deliveries/{letter.public_id}/by-hand"
    body = {"how": "Letter ref. 12", "sent_at": SENT, "document": make_paper("letter.pdf").public_id}
    assert caller("administrator").post(address, body).status_code == 403, "sees the outbox, records nothing"
    assert registrar.post(address, body | {"document": "x" * 22}).json()["errors"][0]["field"] == "document"
    assert registrar.post(address, body | {"sent_at": "2096-01-01T00:00:00Z"}).status_code == 400
    answer = registrar.post(address, body)
    assert answer.status_code == 201, answer.content
    assert answer.json()["state"] == "SENT"
    assert answer.json()["proof"].startswith("By hand: Letter ref. 12 (letter.pdf, SHA-256 ")
    assert registrar.post(address, body).status_code == 409


def test_a_failed_e_mail_is_tried_again_under_its_own_message_id(house, registrar):
    held = give(make_person("tag_member", house.tag)).deliveries.get()
    assert registrar.post(f"/deliveries/{held.public_id}/retry").status_code == 409
    Delivery.objects.filter(pk=held.pk).update(state="FAILED", attempts=72, uncertain_at=now())
    again = registrar.post(f"/deliveries/{held.public_id}/retry").json()
    assert (again["state"], again["attempts"], again["message_id"]) == ("UNCERTAIN", 0, held.message_id)


def test_what_is_not_sent_is_taken_back_one_or_all(house, registrar):
    notice = give(*(make_person("tag_member", house.tag) for _ in range(3)))
    first = notice.deliveries.earliest("pk")
    one = registrar.post(f"/deliveries/{first.public_id}/withdrawal", {"reason": "Not theirs."})
    assert (one.status_code, one.json()["state"]) == (201, "WITHDRAWN")
    assert registrar.post(f"/notices/{notice.public_id}/withdrawal", {"reason": ""}).status_code == 400
    assert registrar.post(f"/notices/{notice.public_id}/withdrawal", {"reason": "A slip."}).json() == {"withdrawn": 2}
    assert registrar.post(f"/notices/{notice.public_id}/withdrawal", {"reason": "A slip."}).status_code == 409


def test_everybody_says_when_they_are_told_and_for_nobody_else(house, caller):
    member = caller("tag_member")
    assert member.get("/notice-timing").json() == {"timing": "AT_ONCE"}
    assert member.put("/notice-timing", {"timing": "DAILY"}).json() == {"timing": "DAILY"}
    assert member.get("/notice-timing").json() == {"timing": "DAILY"}
    assert caller("tag_chair").get("/notice-timing").json() == {"timing": "AT_ONCE"}
    for wrong in ({}, {"timing": "NEVER"}, {"timing": "DAILY", "person": member.person.public_id}):
        assert member.put("/notice-timing", wrong).status_code == 400
    assert Person.objects.get(pk=member.person.pk).is_active
