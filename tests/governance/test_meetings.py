"""Meetings of the boards: who plans and sees them, when, and what stands on their agendas."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from svtad.audit.models import AuditEvent
from svtad.governance import actions
from svtad.governance.actions import Attendee
from svtad.governance.models import (
    Matter,
    Meeting,
    MeetingState,
    StoredFile,
)
from svtad.governance.queries.meetings import (
    agenda_of,
    candidates_for,
    interests_in,
    keys_of,
    meetings_for,
    meetings_of,
    minutes_of,
    open_meetings_for,
)
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from svtad.parties.audiences import GOVERNANCE, audience_of
from svtad.parties.models import Audience
from tests.governance.boards import AFTER, T0, TAG_DAY, fields, somebody, take

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_handlers")]


# --- who may, and when -------------------------------------------------------------------------------


def test_a_meeting_is_planned_changed_and_held_each_with_one_audit_event(plan, registrar):
    meeting = plan(place="Room 2", link="https://meet.example.org/41")
    moved = actions.change_meeting(
        meeting=meeting, title="TAG 41", starts_at=TAG_DAY + dt.timedelta(hours=1), place="Room 3", by=registrar,
        expected_revision=0, at=T0,
    )  # fmt: skip
    assert (moved.place, moved.link, moved.revision, moved.state) == ("Room 3", "", 1, MeetingState.PLANNED)
    held = actions.hold_meeting(meeting=moved, by=registrar, at=AFTER)
    assert (held.state, held.closed_at) == (MeetingState.HELD, AFTER)
    events = AuditEvent.objects.filter(subject_id=meeting.public_id).order_by("pk")
    assert [event.action for event in events] == ["plan_meeting", "change_meeting", "hold_meeting"]
    assert events[1].detail["from"]["place"] == "Room 2"
    assert {event.audience_id for event in events} == {meeting.audience_id}
    assert keys_of(meeting.audience) == {"dcc", "tag"}


def test_nothing_changed_is_no_act(plan, registrar):
    meeting = plan()
    actions.change_meeting(meeting=meeting, title="TAG 41", starts_at=TAG_DAY, by=registrar)
    assert not AuditEvent.objects.filter(action="change_meeting").exists()


@pytest.mark.parametrize(
    ("actor", "may"),
    [
        (somebody("r", "dcc", kinds=("DCC",), permissions=("record_decision",)), True),
        (somebody("c", "tag", kinds=("TAG",), permissions=("decide_as_tag",)), True),
        (somebody("x", "tab", kinds=("TAB",), permissions=("decide_as_tag",)), False),
        (somebody("b", "tab", kinds=("TAB",), permissions=("decide_as_tab",)), False),
        (somebody("m", "tag", kinds=("TAG",), permissions=("see_all_phases",)), False),
        (somebody("t", "dcc", kinds=("DCC",), permissions=("propose",)), False),
        (somebody("a", "dcc", kinds=("DCC",), permissions=("set_parameter",)), False),
        (somebody("s", "parties", "org:s", kinds=("SUPPLIER_PARTY",), permissions=("dispute_severity",)), False),
    ],
    ids=["registrar", "chair", "decides for TAG elsewhere", "another board", "member", "manager", "admin", "Supplier"],
)
def test_the_registrar_and_who_decides_for_the_body_keep_its_meetings(
    plan, open_matter, actor, may, proposer, registrar
):
    meeting = plan()
    matter = open_matter()
    [item] = actions.put_on_agenda(meeting=meeting, matters=[matter], by=registrar, at=T0)
    paper = actions.add_paper(item=item, content=b"x", name="a.pdf", by=registrar, at=T0)
    held = plan("TAG 40", held=True)
    there = Attendee(name="Jo", presence="PRESENT")
    acts = {
        "plan": lambda: actions.plan_meeting(body="TAG", title="TAG 42", starts_at=TAG_DAY, by=actor),
        "change": lambda: actions.change_meeting(meeting=meeting, title="TAG 41a", starts_at=TAG_DAY, by=actor),
        "draw": lambda: actions.draw_agenda(meeting=meeting, by=actor),
        "add": lambda: actions.add_item(meeting=meeting, title="Minutes of TAG 40", by=actor),
        "paper": lambda: actions.add_paper(item=item, content=b"y", name="b.pdf", by=actor),
        "back": lambda: actions.take_back_paper(paper=paper, reason="Wrong one.", by=actor),
        "attend": lambda: actions.record_attendance(meeting=meeting, attendees=[there], by=actor),
        "take off": lambda: actions.take_off_agenda(item=item, reason="Not ready.", by=actor),
        "put": lambda: actions.put_on_agenda(meeting=meeting, matters=[matter], by=actor),
        "minutes": lambda: actions.attach_minutes(meeting=held, content=b"z", name="m.pdf", by=actor),
        "hold": lambda: actions.hold_meeting(meeting=meeting, by=actor),
    }
    for name, act in acts.items():
        if may:
            act()
            continue
        with pytest.raises(ActionDenied) as denied:
            act()
        assert denied.value.reason, name
    other = plan("TAG 43")
    if may:
        actions.cancel_meeting(meeting=other, reason="Easter.", by=actor)
    else:
        with pytest.raises(ActionDenied):
            actions.cancel_meeting(meeting=other, reason="Easter.", by=actor)
        others = (registrar.actor_id, proposer.actor_id)
        assert AuditEvent.objects.exclude(actor_id__in=others).count() == 0


@pytest.mark.parametrize("state", ["HELD", "CANCELLED"])
def test_once_held_or_cancelled_an_agenda_stands(on_agenda, open_matter, registrar, state):
    meeting, [item] = on_agenda(1, held=False)
    paper = actions.add_paper(item=item, content=b"x", name="a.pdf", by=registrar, at=T0)
    if state == "HELD":
        actions.hold_meeting(meeting=meeting, by=registrar, at=AFTER)
    else:
        actions.cancel_meeting(meeting=meeting, reason="Easter.", by=registrar, at=AFTER)
    before = AuditEvent.objects.count()
    for act in (
        lambda: actions.change_meeting(meeting=meeting, title="Other", starts_at=TAG_DAY, by=registrar),
        lambda: actions.put_on_agenda(meeting=meeting, matters=[open_matter()], by=registrar),
        lambda: actions.draw_agenda(meeting=meeting, by=registrar),
        lambda: actions.add_item(meeting=meeting, title="More", by=registrar),
        lambda: actions.reorder_agenda(meeting=meeting, items=[item], by=registrar),
        lambda: actions.take_off_agenda(item=item, reason="So.", by=registrar),
        lambda: actions.add_paper(item=item, content=b"x", name="a.pdf", by=registrar),
        lambda: actions.take_back_paper(paper=paper, reason="So.", by=registrar),
        lambda: actions.hold_meeting(meeting=meeting, by=registrar),
        lambda: actions.cancel_meeting(meeting=meeting, reason="So.", by=registrar),
    ):
        with pytest.raises(Refused) as refused, transaction.atomic():
            act()
        assert state.lower() in refused.value.reason
    assert AuditEvent.objects.count() == before


def test_what_only_a_held_meeting_has_is_refused_before(on_agenda, registrar):
    meeting, [item] = on_agenda(1, held=False)
    for act in (
        lambda: actions.attach_minutes(meeting=meeting, content=b"x", name="m.pdf", by=registrar),
        lambda: actions.approve_minutes(meeting=meeting, approved_at=TAG_DAY, by=registrar),
        lambda: actions.record_meeting_decisions(meeting=meeting, taken=[take(item)], by=registrar),
        lambda: actions.preview_meeting_decisions(meeting=meeting, taken=[take(item)], by=registrar),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert "record that it was held first" in refused.value.reason
    with pytest.raises(Refused) as early:
        actions.hold_meeting(meeting=meeting, by=registrar, at=TAG_DAY - dt.timedelta(minutes=1))
    assert "has not begun" in early.value.reason


def test_two_people_do_not_overwrite_each_others_change(plan, registrar):
    meeting = plan()
    change = {"meeting": meeting, "title": "TAG 41", "by": registrar, "expected_revision": 0}
    actions.change_meeting(**change, starts_at=TAG_DAY + dt.timedelta(days=1))
    with pytest.raises(Refused) as refused:
        actions.change_meeting(**change, starts_at=TAG_DAY + dt.timedelta(days=2))
    assert "changed meanwhile" in refused.value.reason


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"body": "DCC"}, "body"),
        ({"body": "NOBODY"}, "body"),
        ({"title": " \x00 "}, "title"),
        ({"title": "x" * 121}, "title"),
        ({"title": "tag 41"}, "title"),
        ({"ends_at": TAG_DAY}, "ends_at"),
        ({"starts_at": dt.datetime(1019, 4, 18, tzinfo=dt.UTC)}, "starts_at"),
        ({"place": "x" * 201}, "place"),
        ({"link": "javascript:alert(1)"}, "link"),
        ({"link": "https://"}, "link"),
        ({"link": f"https://example.org/{'x' * 500}"}, "link"),
    ],
)
def test_a_meeting_that_cannot_be_is_refused_by_field(plan, wrong, field):
    plan()
    with pytest.raises(InvalidInput) as error:
        plan(**({"title": "TAG 42"} | wrong))
    assert fields(error) == {field}
    assert Meeting.objects.count() == 1


def test_the_title_of_a_cancelled_meeting_is_free_again(plan, registrar):
    actions.cancel_meeting(meeting=plan(), reason="Easter.", by=registrar)
    assert plan().title == "TAG 41"
    assert plan(body="TAB").title == "TAG 41"


# --- agendas -----------------------------------------------------------------------------------------


def test_only_what_the_procedure_puts_before_the_body_now_goes_on_its_agenda(plan, open_matter, registrar):
    tag, tab = plan(), plan(body="TAB")
    step, view, neither = open_matter(), open_matter("SCT_COUNT"), open_matter("WORK_OFF_PLAN")
    done = open_matter()
    actions.record_decision(matter=done, body="TAG", outcome="AGREE", decided_at=T0, by=registrar, at=T0)
    items = actions.put_on_agenda(meeting=tag, matters=[view, step], by=registrar)
    assert [(item.position, item.matter) for item in items] == [(1, view), (2, step)]
    for matter in (neither, done, step):
        with pytest.raises(Refused) as refused:
            actions.put_on_agenda(meeting=tag, matters=[matter], by=registrar)
        assert matter.reference in refused.value.reason
    with pytest.raises(Refused) as both:
        actions.put_on_agenda(meeting=tab, matters=[neither, step, done], by=registrar)
    assert neither.reference not in both.value.reason
    assert step.reference in both.value.reason
    assert done.reference in both.value.reason
    assert not tab.items.exists(), "all or none"


def test_one_matter_stands_once_on_an_agenda_however_it_is_asked(plan, open_matter, registrar):
    meeting, matter = plan(), open_matter()
    with pytest.raises(Refused):
        actions.put_on_agenda(meeting=meeting, matters=[matter, matter], by=registrar)
    assert not meeting.items.exists()


def test_an_agenda_is_drawn_from_what_waits_for_the_body_the_most_urgent_first(plan, open_matter, registrar):
    meeting, other = plan(), plan("TAG 42", starts_at=TAG_DAY + dt.timedelta(days=14))
    plain, asked = open_matter(), open_matter("SCT_COUNT")
    actions.ask_view(matter=asked, body="TAG", respond_by=dt.date(2019, 4, 3), by=registrar, at=T0)
    taken = open_matter()
    actions.put_on_agenda(meeting=other, matters=[taken], by=registrar, at=T0)
    tabs = open_matter("WORK_OFF_PLAN")
    shown = candidates_for(meeting, registrar, moment=TAG_DAY)
    assert [(each.matter, each.elsewhere) for each in shown] == [(asked, None), (plain, None), (taken, other)]
    items = actions.draw_agenda(meeting=meeting, by=registrar, at=TAG_DAY)
    assert [item.matter for item in items] == [asked, plain]
    assert tabs not in {item.matter for item in items}
    assert actions.draw_agenda(meeting=meeting, by=registrar, at=TAG_DAY) == [], "again changes nothing"
    assert AuditEvent.objects.filter(action="put_on_agenda").count() == 3
    actions.cancel_meeting(meeting=other, reason="Easter.", by=registrar)
    assert [item.matter for item in actions.draw_agenda(meeting=meeting, by=registrar, at=TAG_DAY)] == [taken]


def test_a_view_asked_of_a_matter_that_went_on_is_not_drawn(plan, open_matter, registrar):
    matter = open_matter("SIT_COMPLETION")
    actions.record_decision(matter=matter, body="PANEL", outcome="CONFIRM", decided_at=T0, by=registrar, at=T0)
    assert candidates_for(plan(), registrar, moment=TAG_DAY) == []


def test_items_are_ordered_taken_off_and_can_come_again(on_agenda, registrar):
    meeting, [first, second, third] = on_agenda(held=False)
    actions.reorder_agenda(meeting=meeting, items=[third, first, second], by=registrar, at=T0)
    assert [row.item for row in agenda_of(meeting, registrar, moment=T0)] == [third, first, second]
    with pytest.raises(InvalidInput) as error:
        actions.take_off_agenda(item=first, reason=" ", by=registrar)
    assert fields(error) == {"reason"}
    actions.take_off_agenda(item=first, reason="Not ready.", by=registrar)
    rows = agenda_of(meeting, registrar, moment=T0)
    assert [(row.number, row.item) for row in rows] == [(1, third), (2, second)]
    with pytest.raises(Refused):
        actions.take_off_agenda(item=first, reason="Again.", by=registrar)
    with pytest.raises(Refused) as stale:
        actions.reorder_agenda(meeting=meeting, items=[first, second, third], by=registrar)
    assert "changed meanwhile" in stale.value.reason
    [again] = actions.put_on_agenda(meeting=meeting, matters=[first.matter], by=registrar, at=T0)
    assert again.position == 4
    first.refresh_from_db()
    assert first.removed_reason == "Not ready."


def test_an_agenda_costs_the_same_however_much_is_on_it(on_agenda, open_matter, registrar, chair):
    meeting, items = on_agenda(2, held=False)
    costs = []
    for _ in range(2):
        for item in items:
            actions.add_paper(item=item, content=b"x", name="a.pdf", by=registrar, at=T0)
            actions.declare_interest(item=item, name="Jo", text="A friend's device.", by=registrar, at=T0)
        with CaptureQueriesContext(connection) as asked:
            agenda_of(meeting, chair, moment=TAG_DAY)
        costs.append(len(asked))
        items = actions.put_on_agenda(
            meeting=meeting, matters=[open_matter("SCT_COUNT") for _ in range(4)], by=registrar, at=T0
        )
    assert costs[0] == costs[1] <= 9


# --- who sees what -----------------------------------------------------------------------------------


def test_an_agenda_shows_nobody_a_matter_or_a_paper_that_is_not_theirs(plan, open_matter, registrar, member):
    meeting = plan()
    seen, unseen, last = open_matter(), open_matter(audience=audience_of("dcc", "org:a")), open_matter()
    items = actions.put_on_agenda(meeting=meeting, matters=[seen, unseen, last], by=registrar, at=T0)
    for item in items:
        actions.add_paper(item=item, content=b"x", name=f"{item.heading.split()[0]}.pdf", by=registrar, at=T0)
    actions.add_paper(
        item=items[0], content=b"y", name="dcc.pdf", audience=audience_of("dcc"), by=registrar, at=T0
    )  # fmt: skip
    rows = agenda_of(meeting, member, moment=T0)
    assert [(row.number, row.matter) for row in rows] == [(1, seen), (2, last)], "and no gap tells of another"
    assert [len(row.papers) for row in rows] == [1, 1]
    assert [each.item_count for each in meetings_for(member)] == [2]
    assert [each.item_count for each in meetings_for(registrar)] == [3]
    assert [len(row.papers) for row in agenda_of(meeting, registrar, moment=T0)] == [2, 1, 1]
    files = StoredFile.objects.visible_to(member)
    assert {file.name for file in files} == {f"{seen.reference}.pdf", f"{last.reference}.pdf"}
    audiences = Audience.objects.in_bulk()
    by_member = {
        event.subject_label
        for event in AuditEvent.objects.all()
        if keys_of(audiences[event.audience_id]) & member.audience_keys
    }
    assert any(seen.reference in label for label in by_member)
    assert not any(unseen.reference in label for label in by_member)


def test_suppliers_learn_nothing_of_meetings_papers_or_one_anothers_interests(plan, open_matter, registrar):
    mine = audience_of(*GOVERNANCE, "org:a")
    matter = open_matter(audience=mine)
    supplier = somebody("a", "parties", "org:a", kinds=("SUPPLIER_PARTY",))
    other = somebody("b", "parties", "org:b", kinds=("SUPPLIER_PARTY",))
    meeting = plan()
    [item] = actions.put_on_agenda(meeting=meeting, matters=[matter], by=registrar, at=T0)
    actions.add_paper(item=item, content=b"x", name="paper.pdf", by=registrar, at=T0)
    actions.declare_interest(matter=matter, name="Bo of B Ltd", text="We make the device.", by=registrar, at=T0)
    for actor in (supplier, other):
        assert not meetings_for(actor).exists()
        assert agenda_of(meeting, actor, moment=T0) == []
        assert meetings_of(matter, actor) == []
        assert open_meetings_for(matter, actor, moment=T0) == []
        assert interests_in(actor, matters=[matter.pk], items=[item.pk]) == []
        assert not StoredFile.objects.visible_to(actor).exists()
    held = actions.hold_meeting(meeting=meeting, by=registrar, at=AFTER)
    minutes = actions.attach_minutes(meeting=held, content=b"m", name="minutes.pdf", by=registrar, at=AFTER)
    actions.record_meeting_decisions(meeting=held, taken=[take(item)], by=registrar, at=AFTER)
    assert Matter.objects.visible_to(supplier).get().state == "TAG_AGREED"
    assert not StoredFile.objects.visible_to(supplier).filter(pk=minutes.file_id).exists()


def test_minutes_are_for_those_alone_who_may_see_every_matter(plan, open_matter, registrar, member):
    meeting = plan()
    matters = [open_matter(), open_matter(audience=audience_of("dcc", "org:a"))]
    actions.put_on_agenda(meeting=meeting, matters=matters, by=registrar, at=T0)
    held = actions.hold_meeting(meeting=meeting, by=registrar, at=AFTER)
    minutes = actions.attach_minutes(meeting=held, content=b"m", name="minutes.pdf", by=registrar, at=AFTER)
    assert keys_of(minutes.audience) == keys_of(minutes.file.audience) == {"dcc"}
    assert minutes_of(held, member) is None
    assert minutes_of(held, registrar) == minutes


def test_a_paper_is_never_for_more_than_its_item(on_agenda, registrar):
    _, [item] = on_agenda(1, held=False)
    for audience in (audience_of("dcc", "tag", "org:a"), audience_of("public"), audience_of()):
        with pytest.raises(InvalidInput) as error:
            actions.add_paper(item=item, content=b"x", name="a.pdf", audience=audience, by=registrar, at=T0)
        assert fields(error) == {"audience"}


def test_a_matter_that_nobody_of_the_meeting_may_see_does_not_go_on_its_agenda(plan, open_matter, registrar):
    both = replace(registrar, audience_keys=frozenset({"dcc", "org:a"}))
    matter = open_matter(audience=audience_of("org:a"))
    with pytest.raises(Refused) as refused:
        actions.put_on_agenda(meeting=plan(), matters=[matter], by=both, at=T0)
    assert "nobody in common" in refused.value.reason
    with pytest.raises(ActionDenied):
        actions.put_on_agenda(meeting=plan("TAG 42"), matters=[matter], by=registrar, at=T0)
