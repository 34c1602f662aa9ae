"""A judgement as a checklist that a board member can read: made of findings, for a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.urls import reverse

from svtad.gates.queries import NOT_STARTED, criteria
from svtad.governance.models import Matter
from svtad.parties.actors import Actor
from svtad.rulebook.findings import Blocker, DmcCell, Finding, LedgerLine, ThresholdCell
from svtad.rulebook.vocabulary import Step, Verdict, combine, phase_kind_words
from testphases.models import TestScope

#: How many of the things in the way a row names; the rest are in the trace.
NAMED = 4

#: What each step stands before, in words.
STEP_TITLES = {
    Step.ENTRY: "Entry",
    Step.REPORTS: "Before the 9.4 and 9.5 reports",
    Step.CERTIFICATES: "Before certificates",
    Step.COMPLETION: "Before the Completion Report",
    Step.PANEL: "Before the Panel",
}


@dataclass(frozen=True)
class Way:
    """Something that stands in the way, with the address where it can be dealt with ("" where there is none)."""

    reference: str
    text: str
    href: str
    pending: bool


@dataclass(frozen=True)
class Line:
    """One criterion as the page shows it; `shown` is the verdict with AWAITING told apart (display only)."""

    number: int
    finding: Finding
    shown: str
    ways: tuple[Way, ...]
    total: int = 0
    details: tuple[Line, ...] = ()

    @property
    def named(self) -> tuple[Way, ...]:
        """Return the first few things in the way."""
        return self.ways[:NAMED]

    @property
    def more(self) -> int:
        """Return how many more there are."""
        return max(0, self.total - NAMED)

    @property
    def anchor(self) -> str:
        """Return the place of its trace on the page."""
        return "trace-" + "".join(each if each.isalnum() else "-" for each in self.finding.key).strip("-")


@dataclass(frozen=True)
class ProviderRow:
    """One DCC Service Provider's cells of the threshold table."""

    name: str
    cells: tuple[ThresholdCell | None, ...]
    verdict: Verdict


@dataclass(frozen=True)
class Checklist:
    """A judgement made ready for a page."""

    verdict: str
    lines: tuple[Line, ...]
    severities: tuple[str, ...]
    headroom: tuple[ProviderRow, ...]
    dmcs: tuple[DmcCell, ...]
    ledger: tuple[LedgerLine, ...]
    matters: Mapping[str, str]

    def count(self, *verdicts: str) -> int:
        """Return how many criteria have one of these verdicts as shown."""
        return sum(1 for line in self.lines if line.shown in verdicts)

    @property
    def total(self) -> int:
        """Return how many criteria there are."""
        return len(self.lines)

    @property
    def met(self) -> int:
        """Return how many are met."""
        return self.count("MET")

    @property
    def undecided(self) -> int:
        """Return how many cannot be decided."""
        return self.count("BLOCKED", "CANNOT_EVALUATE")

    @property
    def tally(self) -> str:
        """Return the counts in words: `9 met · 1 not met · 1 awaiting`."""
        words = (
            ("met", self.met),
            ("not met", self.count("NOT_MET")),
            ("awaiting a decision", self.count("AWAITING")),
            ("cannot be decided", self.undecided),
        )
        return " · ".join(f"{number} {word}" for word, number in words if number) or "nothing judged"

    @property
    def shown(self) -> str:
        """Return the verdict as shown: AWAITING where only open matters stand in the way."""
        if self.verdict == Verdict.NOT_MET and not self.count("NOT_MET"):
            return "AWAITING"
        return self.verdict


def checklist(
    findings: Iterable[Finding], *, scope: TestScope, actor: Actor, totals: Mapping[str, int] | None = None
) -> Checklist:
    """Make findings ready for a page. They are what `actor` may see already (see `queries.findings_for`).

    `totals` tells how much stands in the way of each, where the findings name only the first of it.
    """
    given = tuple(findings)
    counted = totals or {}
    matters = _matters(given, actor)

    def line(finding: Finding, number: int = 0, details: tuple[Line, ...] = ()) -> Line:
        ways = tuple(_way(blocker, matters, scope, actor) for blocker in finding.blockers)
        total = counted.get(finding.key, len(ways))
        return Line(
            number=number, finding=finding, shown=shown_verdict(finding), ways=ways, total=total, details=details
        )

    lines = tuple(
        line(each.finding, number, tuple(line(detail) for detail in each.details))
        for number, each in enumerate(criteria(given), start=1)
    )
    cells = [cell for each in lines for cell in each.finding.thresholds]
    severities = tuple(sorted({cell.severity for cell in cells}))
    return Checklist(
        verdict=combine(each.finding.verdict for each in lines),
        lines=lines,
        severities=severities,
        headroom=headroom_rows(cells),
        dmcs=tuple(cell for each in lines for cell in each.finding.dmcs),
        ledger=tuple(row for each in lines for row in each.finding.ledger),
        matters=matters,
    )


def checklist_of_release(findings: Iterable[Finding], *, actor: Actor) -> Checklist:
    """Make the findings on a release's readiness ready for a page (7.2, 7.3, 9.8)."""
    given = tuple(findings)
    matters = _matters(given, actor)
    lines = tuple(
        Line(
            number=number,
            finding=finding,
            shown=shown_verdict(finding),
            ways=tuple(_way_of_release(blocker, matters) for blocker in finding.blockers),
            total=len(finding.blockers),
        )
        for number, finding in enumerate(given, start=1)
    )
    verdict = combine(finding.verdict for finding in given)
    return Checklist(verdict=verdict, lines=lines, severities=(), headroom=(), dmcs=(), ledger=(), matters=matters)


def _way_of_release(blocker: Blocker, matters: Mapping[str, str]) -> Way:
    href = ""
    if blocker.id in matters:
        href = reverse("governance:matter", args=[matters[blocker.id]])
    elif blocker.kind == "phase":
        href = reverse("gates:phase", args=[blocker.id])
    return Way(blocker.reference, blocker.text, href, blocker.pending)


def shown_verdict(finding: Finding) -> str:
    """Return the verdict as it is shown: AWAITING where it is not met only because a matter is still open."""
    return "AWAITING" if finding.awaiting else finding.verdict


def sentence(scope: TestScope, step: Step, made: Checklist, *, provider: str = "") -> str:
    """Return the answer in one sentence, then the counts that make it; `provider` is the one judged by itself."""
    name = f"{scope.release.code}: {phase_kind_words(scope.kind)}"
    criteria = f"its {made.total} criteria"
    if step is Step.ENTRY:
        can, cannot = f"{name} may start", f"{name} may not start"
    elif step in (Step.PANEL, Step.COMPLETION):
        can, cannot = f"{name} meets all {made.total} exit criteria", f"{name} cannot exit"
        if scope.state in NOT_STARTED:
            cannot = f"{name} has not started, and cannot exit"
    else:
        ready = f"the certificate of {provider}" if provider else STEP_TITLES[step].removeprefix("Before ")
        can, cannot = f"{name} is ready for {ready}", f"{name} is not ready for {ready}"
    if made.verdict == Verdict.MET:
        return f"{can}."
    if made.verdict == Verdict.NOT_MET:
        waiting = made.count("AWAITING")
        missed = made.count("NOT_MET")
        if not missed:
            return f"{cannot} yet. {waiting} of {criteria} wait for a decision."
        return f"{cannot}. {missed} of {criteria} {'is' if missed == 1 else 'are'} not met."
    if made.verdict == Verdict.BLOCKED:
        return f"{name}: no decision can be made (14.5). A pending severity dispute could change the result."
    number = made.count("CANNOT_EVALUATE")
    return f"{name} cannot be judged: {number} of {criteria} cannot be evaluated."


def headroom_rows(cells: Iterable[ThresholdCell]) -> tuple[ProviderRow, ...]:
    """Return the cells as a table: providers down, severities across."""
    given = tuple(cells)
    severities = sorted({cell.severity for cell in given})
    names = {cell.provider: cell.provider_name for cell in given}
    held = {(cell.provider, cell.severity): cell for cell in given}
    return tuple(
        ProviderRow(
            name=name,
            cells=tuple(held.get((provider, severity)) for severity in severities),
            verdict=combine(cell.verdict for cell in given if cell.provider == provider),
        )
        for provider, name in sorted(names.items(), key=lambda item: item[1])
    )


#: What a blocker's id leads to: a route that takes it. Kinds that are not here lead to a page of the phase.
_ROUTES = {
    "test": "testphases:test",
    "execution": "testphases:test",
    "issue": "issues:issue",
    "work_off_item": "issues:issue",
    "exclusion": "issues:issue",
    "count_decision": "issues:issue",
    "dmc": "devices:dmc",
    "phase": "gates:phase",
}


#: Where on the phase's own pages a kind is dealt with, where the thing itself has no page.
_PAGES = {
    "evidence": "gates:evidence",
    "provider": "gates:evidence",
    "readiness": "gates:evidence",
    "issue_log": "gates:evidence",
    "certificate": "gates:papers",
    "approval": "gates:papers",
    "work_off_plan": "gates:papers",
    "entered_criterion": "gates:criteria",
}


def _way(blocker: Blocker, matters: Mapping[str, str], scope: TestScope, actor: Actor) -> Way:
    href = ""
    if blocker.id in matters:
        href = reverse("governance:matter", args=[matters[blocker.id]])
    elif blocker.id and blocker.kind in _ROUTES:
        href = reverse(_ROUTES[blocker.kind], args=[blocker.id])
    elif blocker.kind == "document":
        href = reverse("governing:documents")
    elif blocker.kind == "matter" and actor.may("see_all_phases"):
        href = reverse("gates:release", args=[scope.release.public_id])
    elif blocker.kind in _PAGES:
        # A provider that has no certificate yet is named as itself, the certificate in the reference.
        paper = blocker.kind == "provider" and blocker.reference.endswith("certificate")
        route = "gates:papers" if paper else _PAGES[blocker.kind]
        if route == "gates:evidence" or actor.may("see_all_phases"):
            href = reverse(route, args=[scope.public_id])
    return Way(blocker.reference, blocker.text, href, blocker.pending)


#: Kinds of blocker whose id is the reference of a matter.
_NAMING = frozenset({"dispute", "document", "matter"})


def _matters(findings: Iterable[Finding], actor: Actor) -> dict[str, str]:
    """Return the public ids of the matters that blockers name by reference, as far as `actor` may see them."""
    named = {blocker.id for finding in findings for blocker in finding.blockers if blocker.kind in _NAMING}
    named |= {row.decision for finding in findings for row in finding.ledger if row.decision}
    if not named:
        return {}
    visible = Matter.objects.visible_to(actor).filter(reference__in=named)
    return dict(visible.values_list("reference", "public_id"))
