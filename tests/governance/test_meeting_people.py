"""Who was at a meeting, whether that was a quorum, and who declared an interest."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from django.db import DatabaseError, connection, transaction

from svtad.audit.models import AuditEvent
from svtad.governance import actions
from svtad.governance.actions import Attendee
from svtad.governance.models import (
    Attendance,
    BodyRule,
    Interest,
)
from svtad.governance.queries.meetings import (
    agenda_of,
    attendance_of,
    interests_in,
    is_withdrawn,
    quorum_of,
)
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from svtad.parties.audiences import GOVERNANCE, audience_of, org_key
from tests.factories import make_organisation, make_person
from tests.governance.boards import AFTER, T0, fields, rule, somebody, there

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_handlers")]


# --- who was there -----------------------------------------------------------------------------------


def test_attendance_is_recorded_and_corrected_with_its_reason(plan, registrar):
    meeting = plan()
    actions.record_attendance(
        meeting=meeting, attendees=[*there("Ann", in_chair=True), *there("Bob")], by=registrar, at=T0
    )
    actions.record_attendance(meeting=meeting, attendees=there("Bob", capacity="DEPUTY"), by=registrar, at=T0)
    held = actions.hold_meeting(meeting=meeting, by=registrar, at=AFTER)
    wrong = [Attendee(name="bob", presence="")]
    with pytest.raises(InvalidInput) as error:
        actions.record_attendance(meeting=held, attendees=wrong, by=registrar)
    assert fields(error) == {"reason"}
    assert actions.record_attendance(meeting=held, attendees=there("Ann", in_chair=True), by=registrar) == []
    actions.record_attendance(meeting=held, attendees=wrong, reason="He was not there.", by=registrar)
    assert [row.name for row in attendance_of(held)] == ["Ann"]
    rows = Attendance.objects.filter(meeting=meeting, name__iexact="bob").order_by("pk")
    assert [(row.capacity, row.is_void) for row in rows] == [("MEMBER", False), ("DEPUTY", False), ("DEPUTY", True)]
    event = AuditEvent.objects.filter(action="record_attendance").latest("pk")
    assert event.detail["reason"] == "He was not there."
    actions.record_attendance(meeting=held, attendees=there("Bob"), reason="He was, after all.", by=registrar)
    assert [row.name for row in attendance_of(held)] == ["Ann", "Bob"]


@pytest.mark.parametrize(
    ("attendees", "wanted"),
    [
        ([Attendee(name=" ", presence="PRESENT")], {(1, "name")}),
        (there("Ann", "ann"), {(2, "name")}),
        (there("Ann", capacity="KING"), {(1, "capacity")}),
        ([Attendee(name="Ann", presence="ASLEEP")], {(1, "presence")}),
        ([Attendee(name="Ann", presence="APOLOGIES", in_chair=True)], {(1, "in_chair")}),
        (there("Ann", "Bob", in_chair=True), {(None, "in_chair")}),
        (there("x" * 121), {(1, "name")}),
        (there("Ann", represents="x" * 121), {(1, "represents")}),
    ],
)
def test_attendance_that_cannot_be_is_refused_by_row_and_field(plan, registrar, attendees, wanted):
    with pytest.raises(InvalidInput) as error:
        actions.record_attendance(meeting=plan(), attendees=attendees, by=registrar)
    assert {(each.row, each.field) for each in error.value.errors} == wanted
    assert not Attendance.objects.exists()


def test_nobody_was_at_a_cancelled_meeting(plan, registrar):
    meeting = actions.cancel_meeting(meeting=plan(), reason="Easter.", by=registrar)
    with pytest.raises(Refused):
        actions.record_attendance(meeting=meeting, attendees=there("Ann"), by=registrar)


@pytest.mark.parametrize(
    ("set_", "members", "deputies", "chair_there", "state", "says"),
    [
        (None, 5, 0, True, "NOT_SET", "No quorum is set for TAG."),
        ({"quorum": None}, 5, 0, True, "NOT_SET", "No quorum is set for TAG."),
        ({"quorum": 3}, 3, 0, True, "MET", "3 members present, 3 needed."),
        ({"quorum": 3}, 2, 0, True, "SHORT", "2 members present, 3 needed."),
        ({"quorum": 3}, 2, 1, True, "UNSURE", "2 members and 1 deputy present, 3 needed. Whether deputies count"),
        ({"quorum": 3, "deputies_count": True}, 2, 1, True, "MET", "2 members and 1 deputy present, 3 needed."),
        ({"quorum": 3, "deputies_count": False}, 2, 2, True, "SHORT", "2 members and 2 deputies present, 3 needed."),
        ({"quorum": 4}, 2, 1, True, "SHORT", "4 needed."),
        ({"quorum": 2, "chair_needed": True}, 3, 0, False, "SHORT", "A chair is needed and none is recorded."),
        ({"quorum": 2, "chair_needed": True}, 3, 0, True, "MET", "3 members present, 2 needed."),
        ({"quorum": None, "chair_needed": True}, 3, 0, False, "SHORT", "A chair is needed and none is recorded."),
    ],
)
def test_a_quorum_is_what_was_set_and_is_never_guessed(
    plan, registrar, set_, members, deputies, chair_there, state, says
):
    if set_ is not None:
        rule(**set_)
    meeting = plan()
    people = [Attendee(name=f"M{n}", presence="PRESENT", in_chair=chair_there and not n) for n in range(members)]
    people += [Attendee(name=f"D{n}", presence="PRESENT", capacity="DEPUTY") for n in range(deputies)]
    people += [Attendee(name="Observer", presence="PRESENT", capacity="OBSERVER")]
    people += [Attendee(name="Away", presence="APOLOGIES")]
    actions.record_attendance(meeting=meeting, attendees=people, by=registrar, at=T0)
    quorum = quorum_of(meeting)
    assert (quorum.state, quorum.lacks) == (state, state in ("SHORT", "UNSURE"))
    assert says in quorum.text


def test_a_quorum_set_later_changes_no_past_meeting(plan, registrar):
    rule(1)
    meeting = plan(held=True)
    actions.record_attendance(meeting=meeting, attendees=there("Ann"), reason="Late.", by=registrar)
    rule(5, at=AFTER)
    assert quorum_of(meeting).state == "MET"
    later = plan("TAG 42", starts_at=AFTER + dt.timedelta(days=1))
    assert quorum_of(later).text == "0 members present, 5 needed."
    assert BodyRule.objects.count() == 2
    assert BodyRule.objects.current().get().quorum == 5


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"quorum": 0}, "quorum"), ({"quorum": 101}, "quorum"), ({"source": " "}, "source"), ({"body": "SOS"}, "body")],
)
def test_a_rule_needs_a_body_that_meets_a_source_and_a_number_that_can_be(db, wrong, field):
    with pytest.raises(InvalidInput) as error:
        rule(**({"quorum": 3} | wrong))
    assert fields(error) == {field}
    assert not BodyRule.objects.exists()


def test_only_an_administrator_sets_a_rule(db, registrar, chair):
    administrator = somebody("a", "dcc", kinds=("DCC",), permissions=("set_parameter",))
    assert rule(3, by=administrator).recorded_by == administrator.label
    for actor in (registrar, chair):
        with pytest.raises(ActionDenied):
            rule(2, by=actor)


# --- interests ---------------------------------------------------------------------------------------


def test_an_interest_is_shown_until_a_later_row_withdraws_it(on_agenda, registrar, chair):
    meeting, [item] = on_agenda(1)
    interest = actions.declare_interest(item=item, name="Jo", text="Her firm makes it.", by=registrar, at=T0)
    assert (interest.matter, interest.item) == (item.matter, None), "of the matter, wherever it is decided"
    [row] = agenda_of(meeting, chair, moment=T0)
    assert row.standing_interests == (interest,)
    with pytest.raises(InvalidInput):
        actions.withdraw_interest(interest=interest, reason="", by=registrar)
    gone = actions.withdraw_interest(interest=interest, reason="She left the firm.", by=registrar, at=AFTER)
    [row] = agenda_of(meeting, chair, moment=T0)
    assert (row.interests, row.standing_interests) == ((interest,), ())
    assert is_withdrawn(row.interests[0])
    assert (gone.withdraws, gone.text) == (interest, "She left the firm.")
    for again in (interest, gone):
        with pytest.raises(Refused):
            actions.withdraw_interest(interest=again, reason="Again.", by=registrar)
    with pytest.raises(DatabaseError), transaction.atomic():
        connection.cursor().execute("UPDATE governance_interest SET text = 'nothing'")
    assert Interest.objects.count() == 2


def test_everybody_declares_their_own_and_the_registrar_anybodys(open_matter, registrar, system):
    matter = open_matter()
    tag = make_organisation("TAG", "tag")
    person = make_person("tag_member", tag)
    other = make_person("tag_member", tag)
    actor = replace(somebody("p", "tag", kinds=("TAG",)), person_pk=person.pk, organisation_pks=frozenset({tag.pk}))
    mine = actions.declare_interest(matter=matter, person=person, text="My employer's device.", by=actor)
    actions.declare_interest(matter=matter, organisation=tag, text="A member's device.", by=actor)
    assert (mine.name, mine.person) == (person.name, person)
    for who in ({"person": other}, {"name": "Somebody"}):
        with pytest.raises(ActionDenied):
            actions.declare_interest(matter=matter, text="x", by=actor, **who)
    theirs = actions.declare_interest(matter=matter, person=other, text="So they said.", by=registrar)
    with pytest.raises(ActionDenied):
        actions.withdraw_interest(interest=theirs, reason="x", by=actor)
    actions.withdraw_interest(interest=mine, reason="Not any more.", by=actor)
    stranger = replace(actor, audience_keys=frozenset({"public"}))
    with pytest.raises(ActionDenied):
        actions.declare_interest(matter=matter, person=person, text="x", by=stranger)
    with pytest.raises(ActionDenied):
        actions.withdraw_interest(interest=theirs, reason="x", by=replace(registrar, audience_keys=frozenset()))


@pytest.mark.parametrize(
    ("wrong", "wanted"),
    [
        ({"name": ""}, {"name"}),
        ({"text": " "}, {"text"}),
        ({"declared_at": AFTER + dt.timedelta(days=1)}, {"declared_at"}),
        ({"matter": None}, {"matter"}),
    ],
)
def test_an_interest_says_whose_in_what_and_when(open_matter, registrar, wrong, wanted):
    given = {"matter": open_matter(), "name": "Jo", "text": "Hers.", "by": registrar, "at": AFTER}
    with pytest.raises(InvalidInput) as error:
        actions.declare_interest(**(given | wrong))
    assert fields(error) == wanted


def test_an_interest_in_what_is_no_matter_stays_with_its_item(plan, registrar, chair):
    meeting = plan()
    item = actions.add_item(meeting=meeting, title="Choice of the test house", by=registrar, at=T0)
    interest = actions.declare_interest(item=item, name="Jo", text="Hers.", by=registrar, at=T0)
    assert (interest.item, interest.matter, interest.audience) == (item, None, meeting.audience)
    [row] = agenda_of(meeting, chair, moment=T0)
    assert row.interests == (interest,)


def test_the_supplier_that_declares_sees_its_own_and_nobody_elses(open_matter):
    mine, other = make_organisation("SUPPLIER_PARTY", "mine"), make_organisation("SUPPLIER_PARTY", "other")
    matter = open_matter(audience=audience_of(*GOVERNANCE, org_key(mine), org_key(other)))
    actors = [
        replace(
            somebody(org.code[0], "parties", org_key(org), kinds=("SUPPLIER_PARTY",)),
            person_pk=make_person("participant", org).pk,
            organisation_pks=frozenset({org.pk}),
        )
        for org in (mine, other)
    ]
    interest = actions.declare_interest(matter=matter, organisation=mine, text="Our device.", by=actors[0])
    assert interests_in(actors[0], matters=[matter.pk]) == [interest]
    assert interests_in(actors[1], matters=[matter.pk]) == []
