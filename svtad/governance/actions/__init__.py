"""What is written here: matters and their decisions, notices, jobs, files, the calendar's corrections."""

from __future__ import annotations

from svtad.governance.actions.agendas import (
    add_item,
    add_paper,
    draw_agenda,
    put_on_agenda,
    reorder_agenda,
    take_back_paper,
    take_off_agenda,
)
from svtad.governance.actions.attending import (
    Attendee,
    record_attendance,
)
from svtad.governance.actions.consulting import ask_view, record_view
from svtad.governance.actions.deadlines import move_deadlines
from svtad.governance.actions.digests import queue_digests
from svtad.governance.actions.documents import audience_for_document, audience_for_upload
from svtad.governance.actions.duties import Duty, keep_duties
from svtad.governance.actions.given import Given
from svtad.governance.actions.holidays import add_override, remove_override
from svtad.governance.actions.interests import (
    declare_interest,
    withdraw_interest,
)
from svtad.governance.actions.matters import correct_decision, record_decision
from svtad.governance.actions.meeting_decisions import (
    NotRecorded,
    RowReport,
    Taken,
    preview_meeting_decisions,
    record_meeting_decisions,
)
from svtad.governance.actions.meetings import (
    approve_minutes,
    attach_minutes,
    cancel_meeting,
    change_meeting,
    hold_meeting,
    plan_meeting,
    set_body_rule,
)
from svtad.governance.actions.notices import (
    mark_all_read,
    mark_read,
    notify,
    record_sent_by_hand,
    retry_delivery,
    set_notice_address,
    set_notice_timing,
    withdraw_notice,
)
from svtad.governance.actions.opening import open_matter
from svtad.governance.actions.queueing import cancel_job, enqueue_job, run_job_now
from svtad.governance.actions.references import next_reference, next_references
from svtad.governance.actions.telling import queue_due_notices
from svtad.governance.files import keep_upload, store_file

__all__ = [
    "Attendee",
    "Duty",
    "Given",
    "NotRecorded",
    "RowReport",
    "Taken",
    "add_item",
    "add_override",
    "add_paper",
    "approve_minutes",
    "ask_view",
    "attach_minutes",
    "audience_for_document",
    "audience_for_upload",
    "cancel_job",
    "cancel_meeting",
    "change_meeting",
    "correct_decision",
    "declare_interest",
    "draw_agenda",
    "enqueue_job",
    "hold_meeting",
    "keep_duties",
    "keep_upload",
    "mark_all_read",
    "mark_read",
    "move_deadlines",
    "next_reference",
    "next_references",
    "notify",
    "open_matter",
    "plan_meeting",
    "preview_meeting_decisions",
    "put_on_agenda",
    "queue_digests",
    "queue_due_notices",
    "record_attendance",
    "record_decision",
    "record_meeting_decisions",
    "record_sent_by_hand",
    "record_view",
    "remove_override",
    "reorder_agenda",
    "retry_delivery",
    "run_job_now",
    "set_body_rule",
    "set_notice_address",
    "set_notice_timing",
    "store_file",
    "take_back_paper",
    "take_off_agenda",
    "withdraw_interest",
    "withdraw_notice",
]
