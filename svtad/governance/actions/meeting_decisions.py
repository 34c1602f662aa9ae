"""What a meeting decided, recorded at one go: all of it, or on choice what can be; looked at first without storing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db import transaction

from svtad.governance.actions.given import Given
from svtad.governance.actions.matters import record_decision
from svtad.governance.actions.meetings import audit_meeting, was_held
from svtad.governance.models import AgendaItem, Decision, Meeting, MeetingDecision, StoredFile
from svtad.governance.queries.meetings import Quorum, common_keys, minutes_of, quorum_of
from svtad.lib.clock import now
from svtad.lib.errors import ActionDenied, FieldError, InvalidInput, Refused
from svtad.lib.text import plain_line
from svtad.parties.actors import Actor
from svtad.parties.audiences import audience_of


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What the body decided on the matter of one item. The meeting's title and its minutes are filled in.

    `expected_state` is the state the person saw the matter in.
    """

    item: AgendaItem
    outcome: str
    given: Given
    expected_state: str | None = None


@dataclass(frozen=True, kw_only=True)
class RowReport:
    """What came of one row: the state that it brings the matter to, or why it is refused."""

    item: AgendaItem
    reference: str
    title: str
    outcome: str
    against_computed: bool = False
    leads_to: str = ""
    effective_at: dt.datetime | None = None
    decision_id: str = ""
    refused: str = ""
    clause: str = ""
    errors: tuple[FieldError, ...] = ()

    @property
    def is_refused(self) -> bool:
        """Whether this row was turned away."""
        return bool(self.refused or self.errors)

    @property
    def reason(self) -> str:
        """Why it was, in words."""
        return self.refused or " ".join(f"{error.field}: {error.message}" for error in self.errors)


class NotRecorded(Refused):
    """Some rows were refused, so none is stored. `rows` says what came of each."""

    def __init__(self, rows: Sequence[RowReport]) -> None:
        turned = [row for row in rows if row.is_refused]
        reasons = " ".join(f"{row.reference}: {row.reason}" for row in turned)
        super().__init__(turned[0].clause, f"Nothing was recorded. {reasons}")
        self.rows = tuple(rows)


@transaction.atomic
def record_meeting_decisions(
    *,
    meeting: Meeting,
    taken: Sequence[Taken],
    by: Actor,
    quorum_reason: str = "",
    leave_out_refused: bool = False,
    at: dt.datetime | None = None,
) -> list[RowReport]:
    """Record what a held meeting decided, in one transaction; return what came of each row.

    Each goes through `record_decision` under the meeting's title, with its minutes as the document where none is given.
    Where one is refused, nothing is stored and NotRecorded says why of each; with `leave_out_refused` the others are.
    A meeting short of its quorum may have decided: `quorum_reason` says why it counts, and each decision is marked.

    Raises ActionDenied, Refused where the meeting was not held, and InvalidInput.
    """
    moment = at or now()
    held = was_held(meeting, by=by)
    quorum = _checked(held, taken, quorum_reason)
    rows = _record(held, taken, quorum, quorum_reason, by=by, at=moment)
    stored = [row for row in rows if not row.is_refused]
    if not stored or (len(stored) < len(rows) and not leave_out_refused):
        raise NotRecorded(rows)
    matters = [row.item.matter for row in stored if row.item.matter]
    audit_meeting(
        held,
        "record_meeting_decisions",
        by=by,
        at=moment,
        audience=audience_of(*common_keys((held.audience, *(matter.audience for matter in matters)))),
        detail={
            "decisions": [row.decision_id for row in stored],
            "quorum": quorum.text,
            "without_quorum": quorum.lacks,
            "reason": plain_line(quorum_reason)[:300] if quorum.lacks else "",
        },
    )
    return rows


@transaction.atomic
def preview_meeting_decisions(
    *, meeting: Meeting, taken: Sequence[Taken], by: Actor, quorum_reason: str = "", at: dt.datetime | None = None
) -> list[RowReport]:
    """Return what `record_meeting_decisions` would come to of each row, by doing it and taking it all back.

    Raises as it does, but for refused rows.
    """
    moment = at or now()
    with transaction.atomic():
        held = was_held(meeting, by=by)
        quorum = _checked(held, taken, quorum_reason)
        rows = _record(held, taken, quorum, quorum_reason, by=by, at=moment)
        transaction.set_rollback(True)
    return [replace(row, decision_id="") for row in rows]


def _checked(meeting: Meeting, taken: Sequence[Taken], quorum_reason: str) -> Quorum:
    """Return how the meeting stands to its quorum. Raises InvalidInput for no row, two of one item, no reason."""
    if not taken:
        raise InvalidInput.one("outcome", "Say what was decided on one matter at least.")
    seen: set[int] = set()
    for row, each in enumerate(taken, start=1):
        if each.item.pk in seen:
            raise InvalidInput.one("item", "This item is here twice.", row=row)
        seen.add(each.item.pk)
    quorum = quorum_of(meeting)
    if quorum.lacks and not quorum_reason.strip():
        raise InvalidInput.one("quorum_reason", f"{quorum.text} Say why the decisions count all the same.")
    return quorum


def _record(
    meeting: Meeting, taken: Sequence[Taken], quorum: Quorum, quorum_reason: str, *, by: Actor, at: dt.datetime
) -> list[RowReport]:
    """Record each row as far as it goes, in the order of the matters, so that two people never wait for each other."""
    minutes = minutes_of(meeting)
    standing = AgendaItem.objects.visible_to(by).standing().filter(meeting=meeting).select_related("matter")
    items = standing.in_bulk([each.item.pk for each in taken])
    reports: dict[int, RowReport] = {}
    for each in sorted(taken, key=lambda row: (row.item.matter_id or 0, row.item.pk)):
        reports[each.item.pk] = _record_one(
            meeting,
            replace(each, item=items.get(each.item.pk, each.item)),
            is_there=each.item.pk in items,
            document=minutes.file if minutes else None,
            mark=(quorum, plain_line(quorum_reason)[:300] if quorum.lacks else ""),
            by=by,
            at=at,
        )
    return [reports[each.item.pk] for each in taken]


def _record_one(
    meeting: Meeting,
    taken: Taken,
    *,
    is_there: bool,
    document: StoredFile | None,
    mark: tuple[Quorum, str],
    by: Actor,
    at: dt.datetime,
) -> RowReport:
    matter = taken.item.matter
    if not is_there or matter is None:
        refused = "This is no matter on the agenda of this meeting."
        return RowReport(item=taken.item, reference="", title=taken.item.title, outcome=taken.outcome, refused=refused)
    given = taken.given
    report = RowReport(
        item=taken.item,
        reference=matter.reference,
        title=matter.title,
        outcome=taken.outcome,
        against_computed=given.against_computed,
    )
    if given.decided_at < meeting.starts_at:
        early = FieldError(None, "decided_at", f"{meeting.title} had not begun.")
        return replace(report, errors=(early,))
    try:
        with transaction.atomic():
            decision = record_decision(
                matter=matter,
                body=meeting.body,
                outcome=taken.outcome,
                decided_at=given.decided_at,
                notified_at=given.notified_at,
                effective_at=given.effective_at,
                rationale=given.rationale,
                meeting=meeting.title,
                document=given.document or document,
                data=given.data,
                against_computed=given.against_computed,
                expected_state=taken.expected_state,
                by=by,
                at=at,
            )
            _mark(taken.item, decision, mark, by=by, at=at)
    except (ActionDenied, Refused) as turned:
        return replace(report, refused=turned.reason, clause=turned.clause)
    except InvalidInput as wrong:
        return replace(report, errors=wrong.errors)
    return replace(
        report,
        leads_to=decision.to_state,
        effective_at=decision.effective_at,
        decision_id=decision.public_id,
        clause=decision.clause,
    )


def _mark(item: AgendaItem, decision: Decision, mark: tuple[Quorum, str], *, by: Actor, at: dt.datetime) -> None:
    quorum, reason = mark
    MeetingDecision.objects.create(
        item=item,
        decision=decision,
        without_quorum=quorum.lacks,
        quorum=quorum.text[:300],
        reason=reason,
        recorded_at=at,
        recorded_by=by.label,
    )
