"""What a meeting decided, recorded at one go, and its minutes."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from svtad.audit.models import AuditEvent
from svtad.governance import actions
from svtad.governance.actions import Given, NotRecorded
from svtad.governance.models import (
    AgendaItem,
    Decision,
    Matter,
    MeetingDecision,
    Minutes,
)
from svtad.governance.queries.matters import state_at
from svtad.governance.queries.meetings import (
    agenda_of,
    minutes_of,
)
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from tests.governance.boards import AFTER, T0, TAG_DAY, fields, rule, take, there

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_handlers")]


# --- decisions at one go -----------------------------------------------------------------------------


@pytest.mark.clause("SVTAD 1.23", "13.20", "13.21")
def test_clause_13_20_what_a_meeting_decided_is_recorded_at_one_go_with_its_title_and_minutes(on_agenda, registrar):
    meeting, items = on_agenda()
    minutes = actions.attach_minutes(meeting=meeting, content=b"m", name="minutes.pdf", by=registrar, at=AFTER)
    taken = [take(items[2], "REJECT"), take(items[0]), take(items[1])]
    rows = actions.record_meeting_decisions(meeting=meeting, taken=taken, by=registrar, at=AFTER)
    assert [(row.item, row.leads_to) for row in rows] == [
        (items[2], "TAG_REJECTED"), (items[0], "TAG_AGREED"), (items[1], "TAG_AGREED"),
    ]  # fmt: skip
    decisions = Decision.objects.all()
    assert {decision.public_id for decision in decisions} == {row.decision_id for row in rows}
    assert {(each.meeting, each.document_id, each.body) for each in decisions} == {("TAG 41", minutes.file_id, "TAG")}
    assert {(mark.without_quorum, mark.quorum) for mark in MeetingDecision.objects.all()} == {
        (False, "No quorum is set for TAG. 0 members present.")
    }
    assert [event.action for event in AuditEvent.objects.order_by("pk")][-4:] == [
        "record_decision", "record_decision", "record_decision", "record_meeting_decisions",
    ]  # fmt: skip
    seen = agenda_of(meeting, registrar, moment=AFTER)
    assert [row.decisions[0].decision.outcome for row in seen] == ["AGREE", "AGREE", "REJECT"]
    assert all(row.waiting and row.waiting.steps == () for row in seen)


def test_one_refused_row_names_its_matter_and_reason_and_nothing_is_stored(on_agenda, registrar):
    meeting, items = on_agenda()
    gone = items[1].matter
    actions.record_decision(matter=gone, body="TAG", outcome="AGREE", decided_at=TAG_DAY, by=registrar, at=AFTER)
    counts = (Decision.objects.count(), AuditEvent.objects.count())
    taken = [take(items[0]), take(items[1], "REJECT"), take(items[2], decided_at=TAG_DAY - dt.timedelta(days=1))]
    with pytest.raises(NotRecorded) as refused:
        actions.record_meeting_decisions(meeting=meeting, taken=taken, by=registrar, at=AFTER)
    told = {row.reference: row.reason for row in refused.value.rows if row.is_refused}
    assert set(told) == {gone.reference, items[2].matter.reference}
    assert "decided meanwhile" in told[gone.reference]
    assert "had not begun" in told[items[2].matter.reference]
    assert gone.reference in refused.value.reason
    assert (Decision.objects.count(), AuditEvent.objects.count()) == counts
    assert not MeetingDecision.objects.exists()
    assert {item.matter.state for item in AgendaItem.objects.exclude(matter=gone)} == {"PROPOSED"}


def test_on_choice_the_others_are_recorded(on_agenda, registrar):
    meeting, items = on_agenda()
    taken = [take(items[0]), take(items[1], "DISSOLVE"), take(items[2])]
    rows = actions.record_meeting_decisions(
        meeting=meeting, taken=taken, by=registrar, leave_out_refused=True, at=AFTER
    )
    assert [row.is_refused for row in rows] == [False, True, False]
    assert rows[1].clause == "13.20-13.21"
    assert Decision.objects.count() == MeetingDecision.objects.count() == 2
    with pytest.raises(NotRecorded):
        actions.record_meeting_decisions(
            meeting=meeting, taken=[taken[1]], by=registrar, leave_out_refused=True, at=AFTER
        )


def test_a_preview_says_what_would_come_of_it_and_stores_nothing(on_agenda, registrar):
    meeting, items = on_agenda(2)
    before = AuditEvent.objects.count()
    taken = [take(items[0], "REJECT"), take(items[1], "DISSOLVE")]
    rows = actions.preview_meeting_decisions(meeting=meeting, taken=taken, by=registrar, at=AFTER)
    assert [(row.leads_to, row.is_refused, row.decision_id) for row in rows] == [
        ("TAG_REJECTED", False, ""), ("", True, ""),
    ]  # fmt: skip
    assert (Decision.objects.count(), AuditEvent.objects.count()) == (0, before)
    assert Matter.objects.get(pk=items[0].matter_id).state == "PROPOSED"
    assert state_at(items[0].matter, AFTER) == "PROPOSED"


@pytest.mark.clause("SVTAD 1.23", "14.4")
def test_what_a_step_needs_is_named_by_field_of_its_row(plan, open_matter, registrar):
    meeting = plan()
    dispute = open_matter("SEVERITY_DISPUTE", proposer="PARTICIPANT")
    [item] = actions.put_on_agenda(meeting=meeting, matters=[dispute], by=registrar, at=T0)
    held = actions.hold_meeting(meeting=meeting, by=registrar, at=AFTER)
    decide = replace(take(item, "DECIDE"), expected_state="RAISED")
    with pytest.raises(NotRecorded) as refused:
        actions.record_meeting_decisions(meeting=held, taken=[decide], by=registrar, at=AFTER)
    assert {error.field for error in refused.value.rows[0].errors} == {"severity", "notified_at"}
    given = Given(decided_at=TAG_DAY, notified_at=AFTER, data={"severity": "3"})
    [row] = actions.record_meeting_decisions(meeting=held, taken=[replace(decide, given=given)], by=registrar, at=AFTER)
    assert (row.leads_to, row.effective_at) == ("DECIDED", AFTER)


def test_no_row_two_of_one_item_and_what_is_no_matter_are_refused(on_agenda, plan, registrar):
    meeting, [item] = on_agenda(1, held=False)
    talk = actions.add_item(meeting=meeting, title="Any other business", by=registrar, at=T0)
    held = actions.hold_meeting(meeting=meeting, by=registrar, at=AFTER)
    for taken, field in (([], "outcome"), ([take(item), take(item)], "item")):
        with pytest.raises(InvalidInput) as error:
            actions.record_meeting_decisions(meeting=held, taken=taken, by=registrar, at=AFTER)
        assert fields(error) == {field}
    _, [elsewhere] = on_agenda(1, title="TAG 40")
    for other in (talk, elsewhere):
        with pytest.raises(NotRecorded) as refused:
            actions.record_meeting_decisions(meeting=held, taken=[take(other)], by=registrar, at=AFTER)
        assert "no matter on the agenda" in refused.value.reason
        assert other.matter is None or other.matter.title not in refused.value.reason


def test_who_may_keep_a_meeting_but_not_record_is_told_row_by_row(on_agenda, chair, registrar, monkeypatch):
    """Whether a chair records is the decision's policy; the bulk goes through it and round nothing."""
    from svtad.governance.actions import matters as module

    def never(actor, matter, *, step):
        raise ActionDenied(step.clause, "You may not.")

    meeting, items = on_agenda(2)
    monkeypatch.setattr(module, "check_can_record_decision", never)
    with pytest.raises(NotRecorded) as refused:
        actions.record_meeting_decisions(meeting=meeting, taken=[take(item) for item in items], by=chair, at=AFTER)
    assert [row.refused for row in refused.value.rows] == ["You may not."] * 2
    assert not Decision.objects.exists()


def test_a_meeting_short_of_its_quorum_records_with_the_reason_and_is_marked(on_agenda, registrar):
    rule(3)
    meeting, [item] = on_agenda(1)
    record = {"meeting": meeting, "taken": [take(item)], "by": registrar, "at": AFTER}
    with pytest.raises(InvalidInput) as error:
        actions.record_meeting_decisions(**record)
    assert fields(error) == {"quorum_reason"}
    with pytest.raises(InvalidInput):
        actions.preview_meeting_decisions(**record)
    actions.record_meeting_decisions(**record, quorum_reason="The others agreed in writing.")
    mark = MeetingDecision.objects.get()
    assert (mark.without_quorum, mark.quorum, mark.reason) == (
        True, "0 members present, 3 needed.", "The others agreed in writing.",
    )  # fmt: skip
    assert AuditEvent.objects.get(action="record_meeting_decisions").detail["without_quorum"] is True


def test_with_its_quorum_no_reason_is_asked_and_none_is_kept(on_agenda, registrar):
    rule(1)
    meeting, [item] = on_agenda(1)
    actions.record_attendance(meeting=meeting, attendees=there("Ann"), reason="From the list.", by=registrar, at=AFTER)
    actions.record_meeting_decisions(
        meeting=meeting, taken=[take(item)], quorum_reason="Not needed.", by=registrar, at=AFTER
    )
    mark = MeetingDecision.objects.get()
    assert (mark.without_quorum, mark.reason) == (False, "")


# --- minutes -----------------------------------------------------------------------------------------


def test_minutes_are_kept_as_drafts_and_approved_by_a_later_row(plan, registrar):
    meeting = plan(held=True)
    with pytest.raises(Refused):
        actions.approve_minutes(meeting=meeting, approved_at=AFTER, by=registrar, at=AFTER)
    draft = actions.attach_minutes(meeting=meeting, content=b"m", name="minutes.pdf", by=registrar, at=AFTER)
    for wrong in (TAG_DAY - dt.timedelta(days=1), AFTER + dt.timedelta(days=1)):
        with pytest.raises(InvalidInput) as error:
            actions.approve_minutes(meeting=meeting, approved_at=wrong, by=registrar, at=AFTER)
        assert fields(error) == {"approved_at"}
    approved = actions.approve_minutes(meeting=meeting, approved_at=AFTER, by=registrar, at=AFTER)
    assert (approved.file, approved.approved_at) == (draft.file, AFTER)
    assert minutes_of(meeting) == approved
    with pytest.raises(Refused):
        actions.approve_minutes(meeting=meeting, approved_at=AFTER, by=registrar, at=AFTER)
    assert Minutes.objects.count() == 2
