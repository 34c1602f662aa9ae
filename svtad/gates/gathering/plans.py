"""Where Work Off Plans stand: their items and days, what is overdue, what burnt down by when (15.1, 15.2)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from svtad.gates.gathering.papers import Timescale, corrected_days
from svtad.gates.gathering.rulings import Rulings
from svtad.gates.models import (
    CorrectionPlan,
    TestCompletionCertificate,
    WorkOffPlan,
    WorkOffPlanItem,
    WorkOffPlanItemChange,
)
from svtad.gates.queries.corrections import ON_ITS_WAY, corrections_of
from svtad.gates.queries.phases import edition_for
from svtad.gates.queries.resolution import resolution_dates
from svtad.governance.calendar import non_working_days, reading_of
from svtad.governance.models import Matter
from svtad.lib.clock import london_date
from svtad.parties.actors import Actor
from svtad.rulebook.case import as_read
from svtad.rulebook.findings import DueLine
from svtad.rulebook.vocabulary import WorkOffItemState, WorkOffPlanState
from testphases.models import TestScope
from testphases.queries import scopes_for

_DONE = ("CLOSED", "REJECTED")
IN_FORCE = (WorkOffPlanState.TAB_APPROVED, WorkOffPlanState.IN_PROGRESS)


@dataclass(frozen=True)
class ItemRow:
    """One item of a Work Off Plan: how far it is, and by which London day it is to be resolved.

    `first_due` is the day that TAB's approval of a correction plan put another in place of (15.2). `closed` are the
    days on which it was closed (True) or opened again (False), in order.
    """

    item: WorkOffPlanItem
    state: str
    due: dt.date | None
    first_due: dt.date | None
    note: str
    closed: tuple[tuple[dt.date, bool], ...]
    today: dt.date

    @property
    def overdue(self) -> bool:
        """Whether its day is over and its Testing Issue is open: derived, never a state (15.1)."""
        if self.state != WorkOffItemState.OPEN or self.item.issue.state in _DONE:
            return False
        return self.due is not None and self.due < self.today

    def open_on(self, day: dt.date) -> bool:
        """Whether it was still open at the end of `day`."""
        made = [is_closed for when, is_closed in self.closed if when <= day]
        return not (made and made[-1])


@dataclass(frozen=True)
class Point:
    """One day of a burndown: how many items were open at its end, and how many the days of 15.1 allow to be."""

    day: dt.date
    open: int | None
    allowed: int
    what: str


@dataclass(frozen=True)
class PlanStanding:
    """A Work Off Plan with its items, its correction plans, and what is overdue of it on `today`."""

    plan: WorkOffPlan
    rows: tuple[ItemRow, ...]
    corrections: tuple[CorrectionPlan, ...]
    today: dt.date

    @property
    def items(self) -> int:
        """How many items it has."""
        return len(self.rows)

    @property
    def closed(self) -> int:
        """How many are closed, re-run or not."""
        return sum(row.state != WorkOffItemState.OPEN for row in self.rows)

    @property
    def rerun(self) -> int:
        """How many are closed and re-run with success (12.6(h))."""
        return sum(row.state == WorkOffItemState.RERUN_PASSED for row in self.rows)

    @property
    def in_force(self) -> bool:
        """Whether TAB approved it, and it is not complete."""
        return self.plan.matter.state in IN_FORCE

    @property
    def overdue(self) -> int:
        """How many items are open though their day is over. A plan that TAB has not approved binds nobody yet."""
        return sum(row.overdue for row in self.rows) if self.in_force else 0

    @property
    def next_due(self) -> dt.date | None:
        """The next day by which something is to be resolved, None where nothing open has one to come."""
        days = [row.due for row in self.rows if row.state == WorkOffItemState.OPEN and row.due and not row.overdue]
        return min(days) if days and self.in_force else None

    @property
    def waiting(self) -> CorrectionPlan | None:
        """The correction plan that is on its way: drafted, before TAB, or sent back by it to be revised."""
        held = [each for each in self.corrections if each.matter.state in (*ON_ITS_WAY, "REJECTED")]
        return held[-1] if held else None

    @property
    def wants_correction(self) -> bool:
        """Whether something is overdue and no correction plan for it is drafted or before TAB (15.2)."""
        return self.overdue > 0 and not (self.waiting and self.waiting.matter.state in ON_ITS_WAY)

    @property
    def points(self) -> list[Point]:
        """The days of the burndown on which anything changes: drawn up, due, closed, opened again, today."""
        begun = london_date(self.plan.recorded_at)
        words: dict[dt.date, list[str]] = {begun: ["Plan drawn up"]}
        for row in self.rows:
            reference = row.item.issue.reference
            for day, is_closed in row.closed:
                words.setdefault(max(day, begun), []).append(f"{reference} {'closed' if is_closed else 'opened again'}")
            if row.due is not None:  # the line of the dates falls there, whether or not it was closed before
                still = row.open_on(row.due - dt.timedelta(days=1))
                words.setdefault(max(row.due, begun), []).extend([f"{reference} due"] if still else [])
        words.setdefault(max(self.today, begun), []).append("Today")
        return [self._point(day, words[day]) for day in sorted(words)]

    def _point(self, day: dt.date, what: list[str]) -> Point:
        known = day <= self.today
        return Point(
            day=day,
            open=sum(row.open_on(day) for row in self.rows) if known else None,
            allowed=sum(row.due is None or row.due > day for row in self.rows),
            what="; ".join(what),
        )


def standings(plans: Iterable[WorkOffPlan], *, moment: dt.datetime) -> list[PlanStanding]:
    """Return where each of `plans` stands at `moment`, as far as is recorded now.

    The days of open items are those of the phase's last judgement, with what TAB has approved since; of the others
    they are counted here likewise. A fixed number of queries for each phase.
    """
    held = list(plans)
    corrections = corrections_of(held)
    flat = [each for rows in corrections.values() for each in rows]
    by_scope = {plan.scope_id: plan.scope for plan in held}
    certificates = list(TestCompletionCertificate.objects.filter(scope__in=by_scope))
    rulings = Rulings(
        [
            *(plan.matter_id for plan in held),
            *(each.matter_id for each in flat),
            *(each.matter_id for each in certificates),
        ],
        moment,
    )
    issued = {(each.scope_id, each.provider_id): rulings.first_day(each.matter_id, "ISSUE") for each in certificates}
    corrected = corrected_days(flat, rulings)
    items: defaultdict[int, list[WorkOffPlanItem]] = defaultdict(list)
    kept = WorkOffPlanItem.objects.filter(plan__in=[plan.pk for plan in held]).select_related("issue__provider")
    for item in kept.prefetch_related("changes"):
        items[item.plan_id].append(item)
    lines = {pk: resolution_dates(scope) for pk, scope in by_scope.items()}
    today = london_date(moment)
    found = []
    for plan in held:
        approved = rulings.last(plan.matter_id, "APPROVE")
        days = _Days(
            plan.scope,
            issued={provider: day for (scope, provider), day in issued.items() if scope == plan.scope_id and day},
            data=approved.data if approved else {},
            corrected=corrected.get(plan.pk, {}),
            lines=lines[plan.scope_id],
            moment=moment,
        )
        rows = [_row(item, days, today=today, moment=moment) for item in items[plan.pk]]
        rows.sort(key=lambda row: (row.item.severity or "9", as_read(row.item.issue.reference)))
        found.append(PlanStanding(plan, tuple(rows), tuple(corrections.get(plan.pk, ())), today))
    return found


def late_plans(actor: Actor, *, moment: dt.datetime, scopes: Sequence[TestScope] | None = None) -> list[PlanStanding]:
    """Return the Work Off Plans of which something is overdue, among those that `actor` may see; of `scopes` only."""
    rows = WorkOffPlan.objects.filter(
        scope__in=scopes_for(actor), matter__in=Matter.objects.visible_to(actor), matter__state__in=IN_FORCE
    )
    if scopes is not None:
        rows = rows.filter(scope__in=[scope.pk for scope in scopes])
    plans = rows.select_related("scope__release", "scope__governed_by__document", "provider", "matter").order_by("pk")
    return [each for each in standings(plans, moment=moment) if each.overdue]


class _Days:
    """The days of one plan's items: judged, set or approved by TAB, or counted as 15.1 says."""

    def __init__(
        self,
        scope: TestScope,
        *,
        issued: dict[int, dt.date],
        data: dict[str, object],
        corrected: dict[str, dt.date],
        lines: dict[str, DueLine],
        moment: dt.datetime,
    ) -> None:
        self.scope, self.issued, self.data = scope, issued, data
        self.corrected, self.lines, self.moment = corrected, lines, moment

    def of(self, item: WorkOffPlanItem) -> tuple[dt.date | None, dt.date | None, str]:
        """Return (the day that holds, the day before it where TAB approved another, why there is none)."""
        line = self.lines.get(item.issue.public_id)
        if line is not None:
            first = line.first_due if line.first_due is not None or self._is_corrected(line) else line.due
            own, note = dt.date.fromisoformat(first) if first else None, line.note
        else:
            own, note = self._counted(item), ""
        corrected = self.corrected.get(item.issue.reference)
        if corrected is None:
            return own, None, note
        return corrected, own, "approved by TAB with a correction plan (15.2)"

    @staticmethod
    def _is_corrected(line: DueLine) -> bool:
        return "(15.2)" in line.note

    def _counted(self, item: WorkOffPlanItem) -> dt.date | None:
        set_by_tab = self.data.get("due")
        if isinstance(set_by_tab, dict) and set_by_tab.get(item.issue.reference):
            return dt.date.fromisoformat(set_by_tab[item.issue.reference])
        began = self.data.get("clock_start")
        start = self.issued.get(item.issue.provider_id or 0) or (
            dt.date.fromisoformat(began) if isinstance(began, str) and began else None
        )
        edition = edition_for(self.scope)
        severity = item.issue.severity or item.severity
        if start is None or edition is None or severity not in edition.work_off_days:
            return None
        version = self.scope.governed_by
        reading = reading_of(document=version.document.code, version=version.version, moment=self.moment)
        until = start + dt.timedelta(days=3 * max(edition.work_off_days.values()) + 14)
        off = non_working_days(first=start, last=until, moment=self.moment, jurisdiction=reading.jurisdiction)
        return Timescale(edition, off, reading.count_trigger_day).due(severity, start)


def _row(item: WorkOffPlanItem, days: _Days, *, today: dt.date, moment: dt.datetime) -> ItemRow:
    changes = sorted((each for each in item.changes.all() if each.recorded_at <= moment), key=lambda each: each.pk)
    due, first_due, note = days.of(item)
    return ItemRow(
        item=item,
        state=changes[-1].state if changes else WorkOffItemState.OPEN.value,
        due=due,
        first_due=first_due,
        note=note,
        closed=_turns(changes),
        today=today,
    )


def _turns(changes: Iterable[WorkOffPlanItemChange]) -> tuple[tuple[dt.date, bool], ...]:
    """Return the days on which an item was closed or opened again; a re-run of a closed one is neither."""
    turns: list[tuple[dt.date, bool]] = []
    is_closed = False
    for each in changes:
        if (each.state != WorkOffItemState.OPEN) != is_closed:
            is_closed = not is_closed
            turns.append((london_date(each.occurred_at), is_closed))
    return tuple(turns)
