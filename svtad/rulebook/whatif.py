"""What if: the same facts with something else decided or done, judged again. Nothing is stored and no clock is read.

A :class:`Change` is one thing that somebody could do or decide. It is applied to the facts of a judgement as if it
were done as the document wants it: a test that passes has its evidence, is assured, and ran on the stage exit
versions; a dispute is decided and notified; an exclusion is agreed to. What else would follow in the world (a newer
issue log, a plan for the issue) is not made up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

from svtad.rulebook.codec import FactsError
from svtad.rulebook.edition import Edition
from svtad.rulebook.editions import edition_of
from svtad.rulebook.facts import (
    CountDecisionFact,
    DmcFact,
    ExclusionFact,
    Facts,
    IssueFact,
    PlannedTestRow,
    TestCount,
)
from svtad.rulebook.findings import Judgement
from svtad.rulebook.judge import judge
from svtad.rulebook.vocabulary import (
    CountState,
    DescopeState,
    DisputeState,
    DmcState,
    ExclusionState,
    IssueState,
    Step,
    TestKind,
    TestRowStatus,
    Verdict,
)

Row = TypeVar("Row")


class ChangeKind(StrEnum):
    """What could be done or decided."""

    CLOSE = "CLOSE"
    """A Testing Issue is closed."""
    SEVERITY = "SEVERITY"
    """The DCC determines another severity; a dispute about it stays pending."""
    DISPUTE = "DISPUTE"
    """TAG decides the pending disputes of the issue: ``value`` is the severity (14.2, 14.4)."""
    EXCLUDE = "EXCLUDE"
    """The exclusion of the issue is agreed, or upheld where it is before the Secretary of State (13.20, 13.21)."""
    NOT_EXCLUDE = "NOT_EXCLUDE"
    """A pending exclusion is rejected, or dismissed."""
    COUNT = "COUNT"
    """That the issue counts is decided (13.22, 13.23(ii))."""
    NOT_COUNT = "NOT_COUNT"
    """That it does not count is decided."""
    PASS = "PASS"  # noqa: S105  (a test passes)
    """A planned test is executed, on the stage exit versions, and passes."""
    DESCOPE = "DESCOPE"
    """A planned test is finally de-scoped (12.6(a))."""
    DESELECT = "DESELECT"
    """A Device Model Combination is de-selected (13.6)."""
    REINSTATE = "REINSTATE"
    """A de-selected one counts again (13.7, 13.8)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One change: what ``kind``, of which issue, test or DMC (``subject``, an id of the facts), to which ``value``."""

    kind: ChangeKind
    subject: str
    value: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Moved:
    """A criterion whose verdict a change moves."""

    key: str
    before: Verdict
    after: Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class WhatIf:
    """A judgement before and after changes. ``moved`` are the criteria whose verdict differs, details left out."""

    changes: tuple[Change, ...]
    before: Judgement
    after: Judgement

    @property
    def moved(self) -> tuple[Moved, ...]:
        """The criteria that count by themselves whose verdict the changes move, in reading order."""
        then = {finding.key: finding.verdict for finding in self.after.criteria}
        return tuple(
            Moved(key=finding.key, before=finding.verdict, after=then[finding.key])
            for finding in self.before.criteria
            if then[finding.key] is not finding.verdict
        )


def what_if(
    facts: Facts, changes: Sequence[Change], *, step: Step, provider: str | None = None, edition: Edition | None = None
) -> WhatIf:
    """Judge ``facts`` at a step as they are and with ``changes`` made in their order.

    Raises :class:`svtad.rulebook.codec.FactsError` naming the change (``changes[2]``) for one that names nothing in
    the facts, or that cannot be made there.
    """
    law = edition or edition_of(facts.document, facts.version)
    after = changed(facts, changes, edition=law)
    return WhatIf(
        changes=tuple(changes),
        before=judge(facts, step=step, provider=provider, edition=law),
        after=judge(after, step=step, provider=provider, edition=law),
    )


def changed(facts: Facts, changes: Iterable[Change], *, edition: Edition) -> Facts:
    """The facts with the changes made in their order. Raises :class:`FactsError` naming the change that cannot be."""
    for index, change in enumerate(changes):
        facts = _MAKE[change.kind](facts, change, f"changes[{index}]", edition)
    return facts


# --- Testing Issues ---------------------------------------------------------------------------------------------------


def _issue(facts: Facts, change: Change, path: str) -> IssueFact:
    for row in (*facts.issues, *facts.considered_issues):
        if row.id == change.subject:
            return row
    raise FactsError(path, f"no Testing Issue {change.subject!r} is among the facts")


def _with_issue(facts: Facts, issue: IssueFact) -> Facts:
    return replace(
        facts,
        issues=_with(facts.issues, issue, lambda row: row.id),
        considered_issues=_with(facts.considered_issues, issue, lambda row: row.id),
    )


def _with(rows: tuple[Row, ...], new: Row, key: Callable[[Row], object]) -> tuple[Row, ...]:
    return tuple(new if key(row) == key(new) else row for row in rows)


def _severity(change: Change, path: str, edition: Edition) -> str:
    if change.value not in edition.severities:
        raise FactsError(path, f"{change.value!r} is not a severity: {', '.join(edition.severities)}")
    return change.value


def _close(facts: Facts, change: Change, path: str, edition: Edition) -> Facts:
    return _with_issue(facts, replace(_issue(facts, change, path), state=IssueState.CLOSED))


def _set_severity(facts: Facts, change: Change, path: str, edition: Edition) -> Facts:
    return _with_issue(facts, replace(_issue(facts, change, path), severity=_severity(change, path, edition)))


def _decide_dispute(facts: Facts, change: Change, path: str, edition: Edition) -> Facts:
    facts = _set_severity(facts, change, path, edition)
    if not any(row.issue == change.subject and row.state.is_pending for row in facts.disputes):
        raise FactsError(path, f"no dispute of the severity of {change.subject!r} is pending")
    return replace(
        facts,
        disputes=tuple(
            replace(row, state=DisputeState.DECIDED) if row.issue == change.subject and row.state.is_pending else row
            for row in facts.disputes
        ),
    )


_AGREED = {ExclusionState.PROPOSED: ExclusionState.TAG_AGREED, ExclusionState.REFERRED: ExclusionState.SOS_UPHELD}
_REFUSED = {ExclusionState.PROPOSED: ExclusionState.TAG_REJECTED, ExclusionState.REFERRED: ExclusionState.SOS_DISMISSED}


def _exclude(facts: Facts, change: Change, path: str, edition: Edition) -> Facts:
    issue = _issue(facts, change, path)
    kind = edition.phase_kind(facts.phase_kind)
    if not kind.exclusions:
        raise FactsError(path, f"13.20 does not reach {kind.title}: no issue is excluded there")
    decided = _rule_on_exclusion(facts, change, _AGREED)
    if decided == facts:
        proposal = ExclusionFact(issue=issue.id, state=ExclusionState.TAG_AGREED)
        return replace(facts, exclusions=(*facts.exclusions, proposal))
    return decided


def _not_exclude(facts: Facts, change: Change, path: str, edition: Edition) -> Facts:
    _issue(facts, change, path)
    decided = _rule_on_exclusion(facts, change, _REFUSED)
    if decided == facts:
        raise FactsError(path, f"no exclusion of {change.subject!r} is pending")
    return decided


def _rule_on_exclusion(facts: Facts, change: Change, ruling: dict[ExclusionState, ExclusionState]) -> Facts:
    return replace(
        facts,
        exclusions=tuple(
            replace(row, state=ruling[row.state]) if row.issue == change.subject and row.state in ruling else row
            for row in facts.exclusions
        ),
    )


def _decide_count(facts: Facts, change: Change, path: str, edition: Edition) -> Facts:
    issue = _issue(facts, change, path)
    kind = edition.phase_kind(facts.phase_kind)
    if issue not in facts.considered_issues and not kind.presented:
        raise FactsError(path, f"whether {change.subject!r} counts is nobody's to decide in {kind.title}")
    known = next((row for row in facts.count_decisions if row.issue == issue.id), None)
    referred = known is not None and known.state in (CountState.COUNT_REFERRED, CountState.NOT_COUNT_REFERRED)
    if change.kind is ChangeKind.COUNT:
        state = CountState.SOS_COUNT if referred else CountState.COUNT
    else:
        state = CountState.SOS_NOT_COUNT if referred else CountState.NOT_COUNT
    if known is None:
        return replace(facts, count_decisions=(*facts.count_decisions, CountDecisionFact(issue=issue.id, state=state)))
    return replace(
        facts, count_decisions=_with(facts.count_decisions, replace(known, state=state), lambda row: row.issue)
    )


# --- planned tests ----------------------------------------------------------------------------------------------------


def _test(facts: Facts, change: Change, path: str) -> tuple[PlannedTestRow, TestCount]:
    row = next((row for row in facts.test_rows if row.id == change.subject), None)
    if row is None:
        raise FactsError(path, f"no listed test {change.subject!r}: only what did not simply pass can be changed")
    if row.status is TestRowStatus.DESCOPED:
        raise FactsError(path, f"{row.reference} is de-scoped already")
    place = (row.dmc, row.functional_group, row.kind, row.provider)
    for cell in facts.test_counts:
        if (cell.dmc, cell.functional_group, cell.kind, cell.provider) == place:
            return row, cell
    raise FactsError(path, f"{row.reference} is in no count of tests")


def _with_cell(facts: Facts, cell: TestCount, rows: tuple[PlannedTestRow, ...], *, ran: int) -> Facts:
    """Put a cell and the listed tests in place; ``ran`` more executions are counted, with their evidence."""
    counts = _with(facts.test_counts, cell, lambda one: (one.dmc, one.functional_group, one.kind, one.provider))
    held = facts.execution_evidence
    if held is not None and ran:
        with_evidence = max(held.hash_failed, held.with_evidence + ran)
        others = held.no_file_needed + held.missing
        held = replace(held, executed=with_evidence + others, with_evidence=with_evidence)
    return replace(facts, test_counts=counts, test_rows=rows, execution_evidence=held)


def _pass(facts: Facts, change: Change, path: str, edition: Edition) -> Facts:
    row, cell = _test(facts, change, path)
    on_exit = int(row.kind is TestKind.REGRESSION and facts.stage_exit_versions is not None)
    ran = int(row.status is TestRowStatus.NOT_RUN)
    # What failed on the stage exit versions may have passed on others since, and is counted as passed already.
    mended = int(row.status is TestRowStatus.FAILED and cell.failed > 0)
    passed = cell.passed + ran + mended
    exit_executed = cell.exit_executed + (on_exit if row.status is not TestRowStatus.FAILED else 0)
    cell = replace(
        cell,
        executed=cell.executed + ran,
        not_run=cell.not_run - ran,
        passed=passed,
        failed=cell.failed - mended,
        assured_passed=min(passed, cell.assured_passed + 1),
        exit_executed=exit_executed,
        exit_passed=min(exit_executed, cell.exit_passed + on_exit),
    )
    return _with_cell(facts, cell, tuple(one for one in facts.test_rows if one.id != row.id), ran=ran)


def _descope(facts: Facts, change: Change, path: str, edition: Edition) -> Facts:
    row, cell = _test(facts, change, path)
    ran = int(row.status is not TestRowStatus.NOT_RUN)
    on_exit = int(row.status is TestRowStatus.FAILED and row.kind is TestKind.REGRESSION and cell.exit_executed > 0)
    failed = int(ran and cell.failed > 0)
    passed = cell.passed - (ran - failed)
    cell = replace(
        cell,
        descoped=cell.descoped + 1,
        executed=cell.executed - ran,
        not_run=cell.not_run - (1 - ran),
        passed=passed,
        failed=cell.failed - failed,
        assured_passed=min(passed, cell.assured_passed),
        exit_executed=cell.exit_executed - on_exit,
    )
    left = replace(
        row,
        status=TestRowStatus.DESCOPED,
        descope=DescopeState.TAB_APPROVED if facts.phase_kind == "PIT" else DescopeState.SOS_APPROVED,
        ran_and_failed=row.status is TestRowStatus.FAILED,
    )
    return _with_cell(facts, cell, _with(facts.test_rows, left, lambda one: one.id), ran=-ran)


# --- Device Model Combinations ----------------------------------------------------------------------------------------


def _dmc(facts: Facts, change: Change, path: str) -> DmcFact:
    for row in facts.dmcs:
        if row.id == change.subject:
            return row
    raise FactsError(path, f"no Device Model Combination {change.subject!r} is among the facts")


def _deselect(facts: Facts, change: Change, path: str, edition: Edition) -> Facts:
    gone = replace(_dmc(facts, change, path), state=DmcState.DESELECTED, referral_open=False, sos_says_stop=False)
    return replace(facts, dmcs=_with(facts.dmcs, gone, lambda row: row.id))


def _reinstate(facts: Facts, change: Change, path: str, edition: Edition) -> Facts:
    back = replace(_dmc(facts, change, path), state=DmcState.REINSTATED, referral_open=False, sos_says_stop=False)
    return replace(facts, dmcs=_with(facts.dmcs, back, lambda row: row.id))


_MAKE: dict[ChangeKind, Callable[[Facts, Change, str, Edition], Facts]] = {
    ChangeKind.CLOSE: _close,
    ChangeKind.SEVERITY: _set_severity,
    ChangeKind.DISPUTE: _decide_dispute,
    ChangeKind.EXCLUDE: _exclude,
    ChangeKind.NOT_EXCLUDE: _not_exclude,
    ChangeKind.COUNT: _decide_count,
    ChangeKind.NOT_COUNT: _decide_count,
    ChangeKind.PASS: _pass,
    ChangeKind.DESCOPE: _descope,
    ChangeKind.DESELECT: _deselect,
    ChangeKind.REINSTATE: _reinstate,
}
