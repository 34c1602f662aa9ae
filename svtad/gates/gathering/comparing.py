"""Two moments of a phase side by side: what was judged at each, and which facts differ between them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from svtad.gates.gathering import gather
from svtad.rulebook.difference import Difference, differences
from svtad.rulebook.findings import Finding, Judgement
from svtad.rulebook.judge import judge
from svtad.rulebook.vocabulary import Step
from testphases.models import TestScope

#: What the lists of the facts are called, in the order in which people look for them.
GROUPS: dict[str, str] = {
    "test_counts": "Counts of planned tests",
    "test_rows": "Planned tests that did not simply pass",
    "stage_exit_versions": "Stage exit versions",
    "issues": "Testing Issues",
    "considered_issues": "Testing Issues from elsewhere",
    "exclusions": "Exclusions",
    "disputes": "Severity disputes",
    "count_decisions": "Decisions whether an issue counts",
    "dmcs": "Device Model Combinations",
    "execution_evidence": "Evidence of executions",
    "issue_log": "Testing Issue log",
    "issues_raised": "Testing Issues raised",
    "last_issue_raised_at": "When the last Testing Issue was raised",
    "last_execution_at": "When the last test was executed",
    "evidence": "Evidence",
    "certificates": "Test Completion Certificates",
    "work_off_plans": "Work Off Plans",
    "precursors": "Test Phases that come before",
    "entry": "What entry asks for",
    "criteria_version": "Version of the approach document in effect",
    "entered_criteria": "Criteria of the approach document",
    "providers": "DCC Service Providers",
    "parameters": "Parameters and settings",
    "non_working_days": "Non-working days",
}


@dataclass(frozen=True)
class Both:
    """A criterion at the two moments; None where it was not judged at one of them (another edition)."""

    before: Finding | None
    after: Finding | None

    @property
    def finding(self) -> Finding:
        """The later of the two."""
        found = self.after or self.before
        if found is None:
            raise ValueError("a criterion that was judged at neither moment")
        return found

    @property
    def differs(self) -> bool:
        """Whether its verdict differs."""
        verdicts = {each.verdict if each else None for each in (self.before, self.after)}
        return len(verdicts) > 1


@dataclass(frozen=True)
class Comparison:
    """A phase at two moments, at one step."""

    before: Judgement
    after: Judgement
    criteria: tuple[Both, ...]
    groups: tuple[tuple[str, tuple[Difference, ...]], ...]

    @property
    def count(self) -> int:
        """How many rows of the facts differ."""
        return sum(len(rows) for _, rows in self.groups)


def compare(scope: TestScope, *, first: dt.datetime, second: dt.datetime | None, step: Step) -> Comparison:
    """Judge `scope` as it stood at `first` and at `second` (None: now), and tell the facts apart.

    Raises Refused where no edition is held for the phase. Nothing is stored.
    """
    before, after = gather(scope, as_at=first), gather(scope, as_at=second)
    then, now = judge(before, step=step), judge(after, step=step)
    was = {finding.key: finding for finding in then.criteria}
    found = {finding.key: finding for finding in now.criteria}
    keys = [*found, *(key for key in was if key not in found)]
    by_kind: dict[str, list[Difference]] = {}
    for row in differences(before, after):
        by_kind.setdefault(row.kind, []).append(row)
    return Comparison(
        before=then,
        after=now,
        criteria=tuple(Both(was.get(key), found.get(key)) for key in keys),
        groups=tuple((title, tuple(by_kind[kind])) for kind, title in GROUPS.items() if kind in by_kind),
    )
