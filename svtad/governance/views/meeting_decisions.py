"""What a meeting decided, recorded at one go: filled in, looked at, and then stored as it was looked at."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus

from django.contrib import messages
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, render

from svtad.governance.actions import (
    Given,
    NotRecorded,
    RowReport,
    Taken,
    preview_meeting_decisions,
    record_meeting_decisions,
)
from svtad.governance.models import AgendaItem, Meeting, MeetingState
from svtad.governance.policies import check_can_keep_meeting
from svtad.governance.queries.meetings import AgendaRow, Quorum, agenda_of, minutes_of, quorum_of
from svtad.governance.registry import options_of
from svtad.governance.views.matter import severities_of
from svtad.governance.views.meeting_forms import TakenForm, TakenTogetherForm
from svtad.lib import clock
from svtad.lib.errors import InvalidInput, Refused
from svtad.parties.views.pages import PageRequest, done, page
from svtad.parties.views.reentry import MARK, require_recent_credentials
from svtad.rulebook.procedures import PROCEDURES, Procedure, Transition

#: What the buttons do: look at it, store it all, store what is not refused.
PREVIEW, RECORD, RECORD_OTHERS = "preview", "record", "others"


@dataclass
class Line:
    """A matter of the agenda, with the form of what was decided on it and what came of that."""

    row: AgendaRow
    rules: Procedure
    form: TakenForm | None
    report: RowReport | None = None


@page("GET", "POST")
def decide(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Fill in what a held meeting decided; `act=preview` shows what would come of it, `act=record` stores just that.

    To store is to sign: credentials are asked for again where they were not entered of late.
    """
    found = get_object_or_404(Meeting.objects.visible_to(request.actor), public_id=public_id)
    check_can_keep_meeting(request.actor, found)
    if found.state != MeetingState.HELD:
        raise Refused("", f"{found.title} is {found.get_state_display().lower()}: record that it was held first.")
    to_record = MARK in request.POST or request.POST.get("act") in (RECORD, RECORD_OTHERS)
    if to_record and (asked := require_recent_credentials(request, what="record what this meeting decided")):
        return asked
    quorum = quorum_of(found)
    lines = _lines(request, found)
    data = request.POST if request.method == "POST" else None
    together = TakenTogetherForm(data, lacks_quorum=quorum.lacks, initial={"decided_at": found.starts_at})
    if data is None:
        return _shown(request, found, lines, together, quorum)
    if not all([together.is_valid(), *(line.form.is_valid() for line in lines if line.form)]):
        return _shown(request, found, lines, together, quorum, status=HTTPStatus.BAD_REQUEST)
    chosen = [line for line in lines if line.form and line.form.cleaned_data["outcome"]]
    taken = [_taken(line.row.item, form, together) for line in chosen if (form := line.form)]
    reason = together.cleaned_data.get("quorum_reason", "")
    digest = _digest(taken, reason)
    act = request.POST.get("act", PREVIEW)
    looked_at = request.POST.get("seen") == digest
    try:
        if act in (RECORD, RECORD_OTHERS) and looked_at:
            rows = record_meeting_decisions(
                meeting=found,
                taken=taken,
                quorum_reason=reason,
                leave_out_refused=act == RECORD_OTHERS,
                by=request.actor,
            )
            return _recorded(request, found, rows)
        rows = preview_meeting_decisions(meeting=found, taken=taken, quorum_reason=reason, by=request.actor)
    except NotRecorded as refused:
        _report(chosen, refused.rows, together)
        return _shown(request, found, lines, together, quorum, seen=digest, told=refused, status=HTTPStatus.CONFLICT)
    except InvalidInput as wrong:
        for error in wrong.errors:
            together.add_error(error.field if error.field in together.fields else None, error.message)
        return _shown(request, found, lines, together, quorum, status=HTTPStatus.BAD_REQUEST)
    _report(chosen, rows, together)
    changed = act != PREVIEW and not looked_at
    return _shown(request, found, lines, together, quorum, seen=digest, changed=changed)


def _lines(request: PageRequest, found: Meeting) -> list[Line]:
    """Return the matters of the agenda; a form for each that has a step for the body, or had one when it was sent."""
    lines = []
    for row in agenda_of(found, request.actor, moment=clock.now()):
        if row.matter is None or row.waiting is None:
            continue
        rules = PROCEDURES[row.matter.procedure]
        prefix = row.item.public_id
        sent = request.POST.get(f"{prefix}-expected_state", "") if request.method == "POST" else ""
        steps: Sequence[Transition] = row.waiting.steps
        if sent and sent != row.matter.state:
            # What they chose from: the record itself says that the matter went on meanwhile.
            steps = [step for step in rules.transitions_from(sent) if step.body == found.body]
        form = None
        if steps:
            form = TakenForm(
                request.POST if request.method == "POST" else None,
                procedure=rules.key,
                steps=steps,
                severities=severities_of(rules),
                options=options_of(row.matter),
                prefix=prefix,
                initial={"expected_state": row.matter.state},
            )
        lines.append(Line(row, rules, form))
    return lines


def _taken(item: AgendaItem, form: TakenForm, together: TakenTogetherForm) -> Taken:
    values = form.cleaned_data
    return Taken(
        item=item,
        outcome=values["outcome"],
        expected_state=values["expected_state"] or None,
        given=Given(
            decided_at=together.cleaned_data["decided_at"],
            notified_at=together.cleaned_data["notified_at"],
            rationale=values["rationale"],
            data=form.given,
            against_computed=values.get("against_computed", False),
        ),
    )


def _digest(taken: Sequence[Taken], reason: str) -> str:
    """Return what tells one set of decisions from another: what is stored is what was looked at."""
    rows = []
    for each in taken:
        given = each.given
        said = (given.rationale, given.data, given.decided_at, given.notified_at, given.against_computed)
        rows.append([each.item.public_id, each.outcome, each.expected_state, *said])
    text = json.dumps([rows, reason], cls=DjangoJSONEncoder, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _report(chosen: Sequence[Line], rows: Sequence[RowReport], together: TakenTogetherForm) -> None:
    """Put what came of each row beside its form, what is wrong beside the field, in the page's own words."""
    for line, report in zip(chosen, rows, strict=True):
        line.report = report
        if line.form is None or not report.errors:
            continue
        said = []
        for error in report.errors:
            mine = error.field in line.form.fields
            field = (line.form if mine else together).fields.get(error.field)
            label = str(field.label) if field else error.field
            said.append(error.message if error.message.startswith(label) else f"{label}: {error.message}")
            line.form.add_error(error.field if mine else None, error.message if mine else said[-1])
        line.report = replace(report, errors=(), refused=" ".join(said))


def _recorded(request: PageRequest, found: Meeting, rows: Sequence[RowReport]) -> HttpResponseBase:
    for row in rows:
        if row.is_refused:
            messages.warning(request, f"{row.reference} was left out: {row.reason}")
    stored = sum(not row.is_refused for row in rows)
    count = "1 decision is" if stored == 1 else f"{stored} decisions are"
    return done(request, f"{count} recorded.", "governance:meeting", found.public_id)


def _shown(
    request: PageRequest,
    found: Meeting,
    lines: Sequence[Line],
    together: TakenTogetherForm,
    quorum: Quorum,
    *,
    seen: str = "",
    changed: bool = False,
    told: NotRecorded | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponseBase:
    reports = [line.report for line in lines if line.report]
    context = {
        "title": f"What {found.title} decided",
        "meeting": found,
        "lines": lines,
        "open_count": sum(line.form is not None for line in lines),
        "together": together,
        "quorum": quorum,
        "minutes": minutes_of(found, request.actor),
        "seen": seen,
        "changed": changed,
        "told": told,
        "reports": reports,
        "good": sum(not report.is_refused for report in reports),
        "turned": sum(report.is_refused for report in reports),
        "synthetic": found.is_synthetic,
    }
    return render(request, "governance/meeting_decide.html", context, status=status)
