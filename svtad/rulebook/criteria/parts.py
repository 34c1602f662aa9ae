"""What one Testing Issue adds to the thresholds, so that they can be judged with it changed and the others as they are.

Whether an issue counts, in whose cell, and where its disputes may put it is said of each issue by itself (13.18 to
13.24); only the limits join them. So the part of an issue is what the thresholds make of it alone, and the verdict
with a changed issue is the verdict of the same counts with its part exchanged: no other issue is looked at again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from svtad.rulebook.case import Case
from svtad.rulebook.criteria import disputes as joint
from svtad.rulebook.criteria.thresholds import Thresholds
from svtad.rulebook.facts import CountDecisionFact, DisputeFact, ExclusionFact, Facts, IssueFact
from svtad.rulebook.vocabulary import Verdict, combine

_OfIssue = TypeVar("_OfIssue", DisputeFact, ExclusionFact, CountDecisionFact)


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """What an issue adds: a place in a provider's cell, disputed or not, or something that is not decided yet.

    ``cell`` None: none. ``is_open``: it counts and its provider or severity is not known, or nobody has decided
    whether it counts.
    """

    cell: str | None = None
    severity: str = ""
    allowed: joint.Allowed | None = None
    is_open: bool = False


class Parts:
    """The thresholds of a case, ready to be judged with one issue's part exchanged."""

    def __init__(self, case: Case) -> None:
        self._case = case
        whole = Thresholds(case)
        self.disputed: Mapping[str, joint.Allowed] = whole.disputed
        self.undecided = frozenset(issue.id for issue in whole.extant.undecided)
        self._limits = whole.limits
        self._verdicts = whole.verdicts
        self._splits = {provider: whole.split(provider) for provider in whole.verdicts}
        self._open = len(self.undecided) + sum(
            row.cell is None or row.issue.severity is None for row in whole.extant.counted
        )
        facts = case.facts
        self._issues = {row.id: row for row in facts.issues}
        self._considered = {row.id: row for row in facts.considered_issues}
        self._disputes = _by_issue(facts.disputes)
        self._exclusions = _by_issue(facts.exclusions)
        self._decisions = _by_issue(facts.count_decisions)

    def alone(self, issue: str) -> Facts:
        """The facts with no other issue in them."""
        return replace(
            self._case.facts,
            issues=_only(self._issues, issue),
            considered_issues=_only(self._considered, issue),
            disputes=self._disputes.get(issue, ()),
            exclusions=self._exclusions.get(issue, ()),
            count_decisions=self._decisions.get(issue, ()),
        )

    def part(self, alone: Facts) -> Part:
        """What the only issue of these facts adds."""
        case = self._case
        one = Thresholds(Case(edition=case.edition, facts=alone, step=case.step, provider=case.provider))
        if one.extant.undecided:
            return Part(is_open=True)
        if not one.extant.counted:
            return Part()
        [row] = one.extant.counted
        if row.cell is None or row.issue.severity is None:
            return Part(is_open=True)
        return Part(cell=row.cell, severity=row.issue.severity, allowed=one.disputed.get(row.issue.id))

    def verdict(self, *, without: Part, instead: Part) -> Verdict:
        """The verdict of the thresholds with one issue's part taken out and another put in."""
        verdicts = dict(self._verdicts)
        for cell in {without.cell, instead.cell} - {None}:
            fixed, disputes = self._splits.get(str(cell), ({}, []))
            fixed, disputes = {**dict.fromkeys(self._limits, 0), **fixed}, list(disputes)
            if without.cell == cell:
                _take_out(without, fixed, disputes)
            if instead.cell == cell:
                _put_in(instead, fixed, disputes)
            verdicts[str(cell)] = joint.verdict_of(fixed, disputes, self._limits)
        unknown = self._open - without.is_open + instead.is_open
        return combine([*verdicts.values(), *([Verdict.CANNOT_EVALUATE] if unknown else [])])


def _take_out(part: Part, fixed: dict[str, int], disputes: list[joint.Allowed]) -> None:
    if part.allowed is None:
        fixed[part.severity] -= 1
    else:
        disputes.remove(part.allowed)


def _put_in(part: Part, fixed: dict[str, int], disputes: list[joint.Allowed]) -> None:
    if part.allowed is None:
        fixed[part.severity] += 1
    else:
        disputes.append(part.allowed)


def _only(rows: Mapping[str, IssueFact], issue: str) -> tuple[IssueFact, ...]:
    return (rows[issue],) if issue in rows else ()


def _by_issue(rows: Iterable[_OfIssue]) -> dict[str, tuple[_OfIssue, ...]]:
    found: dict[str, list[_OfIssue]] = {}
    for row in rows:
        found.setdefault(row.issue, []).append(row)
    return {issue: tuple(held) for issue, held in found.items()}
