"""Work Off Plans: 12.6(g) and (h), and 15.1 with its dates."""

from __future__ import annotations

from datetime import date

from svtad.rulebook.case import Case, Result, first_and_more, number
from svtad.rulebook.criteria.counting import carried_releases, origin_of
from svtad.rulebook.deadlines import work_off_due
from svtad.rulebook.facts import IssueFact, PrecursorPhase, WorkOffItemFact, WorkOffPlanFact
from svtad.rulebook.findings import Blocker, DueLine, Missing
from svtad.rulebook.vocabulary import Verdict, WorkOffItemState, WorkOffPlanState


def work_off_plans_produced(case: Case) -> Result:
    """Work Off Plans are produced for any outstanding Testing Issues that occurred in the Test Phase.

    By clause 15.1 every open issue is in a plan, those carried over and those excluded too, and the TAB has approved
    it. With nothing open, nothing is needed.
    """
    return _plans(case)


def work_off_plan_at_exit(case: Case) -> Result:
    """At exit all open Testing Issues are documented in a Work Off Plan that the TAB has approved.

    Severity 3, 4 and 5 are to be resolved within 20, 40 and 60 Working Days of a Test Completion Certificate. This
    phase has none, so that the clock has no start until the TAB sets one.
    """
    whole = _plans(case)
    waiting = tuple(line for line in whole.dates if line.working_days is not None and line.clock_start is None)
    if whole.verdict is not Verdict.MET or not waiting:
        return whole
    missing = Missing(
        kind="fact",
        key="work_off_plans.clock_start",
        text="This phase has no certificate from which 15.1 could count; the TAB has set no day.",
    )
    return Result(
        verdict=Verdict.CANNOT_EVALUATE,
        summary=missing.text,
        numbers=whole.numbers,
        limit=whole.limit,
        readings=whole.readings,
        missing=(missing,),
        dates=whole.dates,
    )


def _open_issues(case: Case) -> list[IssueFact]:
    """The open issues of the phase kind in this release and those carried over, counted or not."""
    carried = carried_releases(case)
    return [issue for issue in case.facts.issues if issue.state.is_open and origin_of(case, issue, carried) is not None]


def _plans(case: Case) -> Result:
    issues = _open_issues(case)
    covering = _covering(case.facts.work_off_plans)
    blockers = [
        Blocker(kind="issue", id=issue.id, reference=issue.reference, text="is open and in no Work Off Plan")
        for issue in issues
        if issue.id not in covering
    ]
    covered = [issue for issue in issues if issue.id in covering]
    used = {covering[issue.id][0].id: covering[issue.id][0] for issue in covered}
    blockers.extend(_plan_blocker(plan) for plan in used.values() if not _is_good(plan))
    met = not blockers
    carried = sum(issue.raised_release != case.facts.release for issue in issues)
    return Result(
        verdict=Verdict.MET if met else Verdict.NOT_MET,
        summary=_summary(len(issues), len(covered), sum(not _is_good(covering[issue.id][0]) for issue in covered)),
        numbers=(
            number("Open Testing Issues", len(issues)),
            number("Of these carried over", carried),
            number("In a Work Off Plan", len(covered)),
        ),
        limit="every open Testing Issue, in a plan that the TAB approved",
        blockers=tuple(blockers),
        readings=(
            case.reading("work_off.all_open"),
            case.reading("work_off.clock"),
            case.reading("work_off.untimed"),
            case.setting("working_days.jurisdiction"),
            case.setting("working_days.counting"),
        ),
        dates=case.once(Clock).lines(issues, covering),
        awaiting=not met and all(blocker.pending for blocker in blockers),
    )


def _covering(plans: tuple[WorkOffPlanFact, ...]) -> dict[str, tuple[WorkOffPlanFact, WorkOffItemFact]]:
    """The plan and item of each issue; an approved plan before one that is not."""
    covering: dict[str, tuple[WorkOffPlanFact, WorkOffItemFact]] = {}
    for plan in sorted(plans, key=_is_good):
        covering.update({item.issue: (plan, item) for item in plan.items})
    return covering


def _is_good(plan: WorkOffPlanFact) -> bool:
    return plan.state.is_approved and plan.sha256 is not None and plan.intact


def _plan_blocker(plan: WorkOffPlanFact) -> Blocker:
    stored = plan.sha256 is not None and plan.intact
    return Blocker(
        kind="work_off_plan",
        id=plan.id,
        reference=plan.reference or "Work Off Plan",
        text="is not approved by the TAB" if stored else "has no stored file that matches its SHA-256",
        pending=stored and plan.state is WorkOffPlanState.DRAFT,
    )


def _summary(issues: int, covered: int, unapproved: int) -> str:
    if not issues:
        return "No Testing Issue is open."
    faults = []
    if covered < issues:
        faults.append(f"{issues - covered} of {issues} open Testing Issues are in no Work Off Plan")
    if unapproved:
        faults.append(f"{unapproved} of {issues} are in a plan that the TAB has not approved, or that is not stored")
    if faults:
        return f"{'; '.join(faults)}."
    return f"All {issues} open Testing Issues are in an approved Work Off Plan."


class Clock:
    """The dates of 15.1 under the settings and non-working days of a case; each date is worked out once."""

    def __init__(self, case: Case) -> None:
        self.days = case.edition.work_off_days
        self.off = frozenset(case.facts.non_working_days)
        self.count_trigger_day = case.setting("working_days.counting").value == "trigger_day_is_first"
        self.certified = {row.provider: row.issued_on for row in case.facts.certificates}
        self.known: dict[tuple[str, date], date | None] = {}

    def lines(
        self, issues: list[IssueFact], covering: dict[str, tuple[WorkOffPlanFact, WorkOffItemFact]]
    ) -> tuple[DueLine, ...]:
        """The date by which each open issue is to be resolved, or why there is none."""
        return tuple(self.line(issue, *covering.get(issue.id, (None, None))) for issue in issues)

    def line(self, issue: IssueFact, plan: WorkOffPlanFact | None, item: WorkOffItemFact | None) -> DueLine:
        """The date of 15.1 for an issue: from its provider's certificate, or the day that the TAB set.

        The day of an approved correction plan stands in its place (15.2); the clock of 15.1 does not start again.
        """
        severity = issue.severity
        start = self.start(issue, plan)
        due: date | None = None
        note = ""
        if severity is None:
            note = "its severity is not determined"
        elif severity not in self.days:
            due = item.due if item else None
            note = "15.1 sets no timescale: set by the TAB" if due else "15.1 sets no timescale: TAB to set"
        elif start is None:
            note = "counts from the certificate"
        else:
            due = self.due(severity, start)
        corrected = item.corrected if item else None
        if corrected is not None:
            note = "approved by the TAB with a correction plan (15.2)"
        standing = corrected or due
        return DueLine(
            issue=issue.id,
            reference=issue.reference,
            provider=issue.provider,
            severity=severity,
            working_days=self.days.get(severity) if severity else None,
            clock_start=start.isoformat() if start else None,
            due=standing.isoformat() if standing else None,
            note=note,
            first_due=due.isoformat() if corrected and due else None,
        )

    def start(self, issue: IssueFact, plan: WorkOffPlanFact | None) -> date | None:
        """From when 15.1 counts for an issue; None while its provider has no certificate."""
        if issue.provider is not None and issue.provider in self.certified:
            return self.certified[issue.provider]
        return plan.clock_start if plan else None

    def due(self, severity: str, start: date) -> date | None:
        """The date so many Working Days after the start."""
        key = (severity, start)
        if key not in self.known:
            self.known[key] = work_off_due(
                severity,
                clock_start=start,
                days=self.days,
                non_working_days=self.off,
                count_trigger_day=self.count_trigger_day,
            )
        return self.known[key]


def earlier_work_off_plans(case: Case) -> Result:
    """Work Off Plans from preceding Test Phases are completed and the associated tests successfully re-run.

    That holds for every item whatever date clause 15.1 gave it: an item that is not yet due stands in the way too.
    """
    readings = (case.reading("preceding.same_release"),)
    precursors = case.facts.precursors
    if precursors is None:
        missing = Missing(kind="fact", key="precursors", text="Which Test Phases come before is not recorded.")
        return Result(verdict=Verdict.CANNOT_EVALUATE, summary=missing.text, missing=(missing,), readings=readings)
    rows = [(phase, item) for phase in precursors for plan in phase.work_off_plans for item in plan.items]
    undone = [(phase, item) for phase, item in rows if item.state is not WorkOffItemState.RERUN_PASSED]
    return Result(
        verdict=Verdict.NOT_MET if undone else Verdict.MET,
        summary=_earlier_summary(len(rows), len(undone)),
        numbers=(
            number("Items of earlier plans", len(rows)),
            number("Closed and re-run", len(rows) - len(undone)),
            number("Closed, not re-run", sum(item.state is WorkOffItemState.CLOSED for _, item in undone)),
            number("Open", sum(item.state is WorkOffItemState.OPEN for _, item in undone)),
        ),
        limit="every item closed and re-run with success",
        blockers=tuple(_earlier_blocker(phase, item) for phase, item in undone),
        readings=readings,
        notes=_revocation_notes(precursors),
    )


def _earlier_summary(rows: int, undone: int) -> str:
    if not rows:
        return "No earlier Test Phase left an item in a Work Off Plan."
    if undone:
        return f"{undone} of {rows} items of earlier Work Off Plans are not closed and re-run."
    return f"All {rows} items of earlier Work Off Plans are closed and re-run."


def _earlier_blocker(phase: PrecursorPhase, item: WorkOffItemFact) -> Blocker:
    words = "is open" if item.state is WorkOffItemState.OPEN else "is closed without a successful re-run"
    day = item.corrected or item.due
    due = f", due {day.isoformat()}" if day else ""
    return Blocker(kind="work_off_item", id=item.issue, reference=item.reference, text=f"({phase.title}) {words}{due}")


def _revocation_notes(precursors: tuple[PrecursorPhase, ...]) -> tuple[str, ...]:
    """Flag revoked certificates of earlier phases (15.2): a running phase goes on, and the flag is shown."""
    revoked = [
        f"{phase.title} {certificate.reference or certificate.id}"
        for phase in precursors
        for certificate in phase.certificates
        if not certificate.state.is_in_force
    ]
    return (f"Certificate of an earlier phase not in force: {first_and_more(revoked)}.",) if revoked else ()
