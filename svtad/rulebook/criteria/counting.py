"""Which Testing Issues count as extant, and the include/exclude ledger (13.18 to 13.24)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from svtad.rulebook.case import Case
from svtad.rulebook.facts import CountDecisionFact, ExclusionFact, IssueFact
from svtad.rulebook.findings import LedgerLine
from svtad.rulebook.vocabulary import (
    CarryOverReading,
    Cause,
    CountState,
    ExclusionState,
    IssueState,
    LeftReason,
)

OWN = "own"
CARRIED = "carried"
CONSIDERED = "considered"

DCC_CELL = "DCC"
"""The provider id of the DCC's own cell where the facts list no provider that is the DCC."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """An issue that counts, where it came from and in whose cell; ``cell`` None: unattributed."""

    issue: IssueFact
    origin: str
    cell: str | None


@dataclass(kw_only=True, slots=True)
class Extant:
    """The outcome of counting: what counts, what does not and why, and what nobody has decided yet."""

    counted: list[Counted] = field(default_factory=list)
    excluded: list[Counted] = field(default_factory=list)
    undecided: list[IssueFact] = field(default_factory=list)
    left: int = 0
    ledger: list[LedgerLine] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Why:
    """Why an issue counts or not, by which clause, and whose decision that was."""

    text: str
    clause: str
    decision: str | None = None


class Counter:
    """Goes through the issues of a case once and says of each whether it counts."""

    def __init__(self, case: Case) -> None:
        self.case = case
        facts = case.facts
        self.exclusions: dict[str, list[ExclusionFact]] = {}
        for exclusion in facts.exclusions:
            self.exclusions.setdefault(exclusion.issue, []).append(exclusion)
        self.decisions = {decision.issue: decision for decision in facts.count_decisions}
        self.disputed = {dispute.issue for dispute in facts.disputes if dispute.state.is_pending}
        self.carried_releases = carried_releases(case)
        dcc = [provider.id for provider in facts.providers if provider.is_dcc]
        self.dcc_cell = dcc[0] if dcc else DCC_CELL

    def count(self) -> Extant:
        """The issues of the phase kind, then those from elsewhere."""
        extant = Extant()
        for issue in self.case.facts.issues:
            self._judge(issue, origin_of(self.case, issue, self.carried_releases), extant)
        for issue in self.case.facts.considered_issues:
            self._judge(issue, CONSIDERED if self._is_considered(issue) else None, extant)
        return extant

    def cell_of(self, issue: IssueFact) -> str | None:
        """Whose cell an issue is in; None where it is attributed to nobody, or to two at once (13.19)."""
        if issue.cause is Cause.DCC:
            return self.dcc_cell if issue.provider in (None, self.dcc_cell) else None
        return issue.provider

    def _is_considered(self, issue: IssueFact) -> bool:
        kind = self.case.phase_kind
        if kind.considered_clause is None:
            return False
        if not kind.considered_kinds:
            return self._is_always_presented(issue)
        return issue.raised_phase_kind in kind.considered_kinds and issue.raised_release == self.case.facts.release

    def _judge(self, issue: IssueFact, origin: str | None, extant: Extant) -> None:
        if origin is None:
            why = _Why(text="raised elsewhere than this phase kind counts from", clause="13.18")
            return self._note(extant, issue, origin, counted=False, why=why)
        left = _left(issue)
        if left is not None:
            extant.left += 1
            return self._note(extant, issue, origin, counted=False, why=left)
        excluded = self._excluded(issue)
        if excluded is not None:
            extant.excluded.append(Counted(issue=issue, origin=origin, cell=self.cell_of(issue)))
            return self._note(extant, issue, origin, counted=False, why=excluded)
        if origin == CONSIDERED or self.case.phase_kind.presented:
            return self._by_decision(issue, origin, extant)
        extant.counted.append(Counted(issue=issue, origin=origin, cell=self.cell_of(issue)))
        return self._note(extant, issue, origin, counted=True, why=self._counts(issue, origin))

    def _by_decision(self, issue: IssueFact, origin: str, extant: Extant) -> None:
        clause = self.case.phase_kind.considered_clause or "13.18"
        if not self._is_presented(issue):
            why = _Why(text="not presented: its Party has not completed Eligibility Testing", clause="13.23(b)")
            return self._note(extant, issue, origin, counted=False, why=why)
        decision = self.decisions.get(issue.id) or CountDecisionFact(issue=issue.id, state=CountState.UNDECIDED)
        counts = decision.state.counts
        if counts is None:
            extant.undecided.append(issue)
            why = _Why(text="whether it counts is undecided", clause=clause, decision=decision.matter)
            return self._note(extant, issue, origin, counted=False, why=why)
        why = _Why(text=_DECIDED[decision.state], clause=clause, decision=decision.matter)
        if counts:
            extant.counted.append(Counted(issue=issue, origin=origin, cell=self.cell_of(issue)))
        return self._note(extant, issue, origin, counted=counts, why=why)

    def _is_presented(self, issue: IssueFact) -> bool:
        """13.23(a) to (c): severity 1-3 always, 4-5 once the Party completed Eligibility Testing.

        An issue that may become severity 1-3 by a pending dispute, or whose severity or Party's testing is not known,
        is taken as presented, so that it is decided rather than lost. What was put before TAG stays presented.
        """
        if not self.case.phase_kind.presented or self._is_always_presented(issue):
            return True
        return issue.eligibility_complete is not False or issue.id in self.decisions

    def _is_always_presented(self, issue: IssueFact) -> bool:
        return issue.severity in (None, *self.case.edition.presented_always) or issue.id in self.disputed

    def _excluded(self, issue: IssueFact) -> _Why | None:
        if not self.case.phase_kind.exclusions:
            return None
        for exclusion in self.exclusions.get(issue.id, ()):
            if exclusion.state.excludes:
                return _Why(
                    text=_EXCLUSION_WORDS[exclusion.state],
                    clause="13.20" if exclusion.state is ExclusionState.TAG_AGREED else "13.21",
                    decision=exclusion.matter,
                )
        return None

    def _counts(self, issue: IssueFact, origin: str) -> _Why:
        if issue.left is not None:
            return _Why(text="counts: " + _why_not_left(issue), clause="13.19", decision=issue.left.determination)
        proposals = self.exclusions.get(issue.id, ())
        if proposals and not self.case.phase_kind.exclusions:
            return _Why(
                text=f"counts: 13.20 does not reach {self.case.phase_kind.title}",
                clause="13.20",
                decision=proposals[-1].matter,
            )
        if proposals:
            last = proposals[-1]
            return _Why(text=_EXCLUSION_WORDS[last.state], clause="13.20", decision=last.matter)
        if origin == CARRIED:
            return _Why(text=f"open, carried over from {issue.raised_release}", clause="13.18")
        return _Why(text="open, raised in this phase", clause="13.18")

    def _note(self, extant: Extant, issue: IssueFact, origin: str | None, *, counted: bool, why: _Why) -> None:
        extant.ledger.append(
            LedgerLine(
                issue=issue.id,
                reference=issue.reference,
                title=issue.title,
                provider=self.cell_of(issue),
                severity=issue.severity,
                raised_release=issue.raised_release,
                raised_phase_kind=issue.raised_phase_kind,
                origin=origin or "elsewhere",
                counted=counted,
                why=why.text,
                clause=why.clause,
                decision=why.decision,
                disputed=issue.id in self.disputed,
            )
        )


def carried_releases(case: Case) -> tuple[str, ...]:
    """The earlier releases whose open issues of this phase kind count (13.18), under the reading that is set."""
    earlier = case.edition.predecessors(case.facts.release)
    if case.setting("carry_over.releases").value == CarryOverReading.IMMEDIATELY_PRECEDING:
        return earlier[-1:]
    return earlier


def origin_of(case: Case, issue: IssueFact, carried: Iterable[str]) -> str | None:
    """Own, carried, or None where the issue is of another phase kind or release."""
    if issue.raised_phase_kind != case.facts.phase_kind:
        return None
    if issue.raised_release == case.facts.release:
        return OWN
    return CARRIED if issue.raised_release in carried else None


def _left(issue: IssueFact) -> _Why | None:
    """Why an issue left the count: closed, or by a determination with reasons that still fits what it is."""
    if issue.state is IssueState.CLOSED:
        return _Why(text="closed", clause="13.18")
    if issue.left is None or _why_not_left(issue):
        return None
    words = "rejected" if issue.left.reason is LeftReason.REJECTED else "not caused by the DCC or its systems"
    return _Why(text=f"{words}: {issue.left.reasons}", clause="13.19", decision=issue.left.determination)


def _why_not_left(issue: IssueFact) -> str:
    """Why a determination does not take the issue out after all; empty where it does."""
    left = issue.left
    if left is None or not left.determination:
        return "no determination that takes it out is recorded"
    if not left.reasons.strip():
        return "the determination gives no reasons"
    if left.reason is LeftReason.REJECTED and issue.state.is_open:
        return "it is open again"
    if left.reason is LeftReason.NOT_DCC_CAUSED and not issue.cause.is_not_dcc:
        return "its cause is no longer outside the DCC"
    return ""


_EXCLUSION_WORDS: dict[ExclusionState, str] = {
    ExclusionState.PROPOSED: "counts until TAG agrees to the exclusion",
    ExclusionState.TAG_AGREED: "excluded: TAG agreed",
    ExclusionState.TAG_REJECTED: "counts: TAG did not agree to the exclusion",
    ExclusionState.REFERRED: "counts while the exclusion is before the Secretary of State",
    ExclusionState.SOS_UPHELD: "excluded: the Secretary of State upheld the exclusion",
    ExclusionState.SOS_DISMISSED: "counts: the Secretary of State dismissed the exclusion",
}

_DECIDED: dict[CountState, str] = {
    CountState.COUNT: "counts by the recorded view of TAG",
    CountState.NOT_COUNT: "does not count by the recorded view of TAG",
    CountState.COUNT_REFERRED: "counts by TAG's view, which stands while the Secretary of State is asked",
    CountState.NOT_COUNT_REFERRED: "does not count by TAG's view, which stands while the Secretary of State is asked",
    CountState.SOS_COUNT: "counts: the Secretary of State decided",
    CountState.SOS_NOT_COUNT: "does not count: the Secretary of State decided",
}
