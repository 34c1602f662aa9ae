"""The fewest changes of tests and Testing Issues that would make a judgement MET.

Tests and Testing Issues are counted, so that the fewest of them can be said exactly: a test that is run, or passes,
and an issue that leaves the count. What is on paper (reports, certificates, logs, plans, parameters) stands in the way
piece by piece, and is listed beside.

For the thresholds every verdict is per DCC Service Provider, and a provider is within its limits whatever TAG decides
exactly if, for every severity, the issues that *may* end there are no more than its limit. Closing an issue takes it
from every severity on which it may end, so nothing does more than closing; an issue with a pending dispute may lighten
several severities at once. The fewest is then a smallest choice that covers what each severity has too many.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from svtad.rulebook.case import Case, Result, as_read
from svtad.rulebook.criteria import execution, regression, success, thresholds
from svtad.rulebook.criteria.counting import Counted
from svtad.rulebook.edition import Edition
from svtad.rulebook.facts import Facts
from svtad.rulebook.findings import Finding
from svtad.rulebook.judge import Brief, brief, judge_brief
from svtad.rulebook.vocabulary import Step, TestKind, TestRowStatus, Verdict
from svtad.rulebook.whatif import Change, ChangeKind


@dataclass(frozen=True, kw_only=True, slots=True)
class Need:
    """What one criterion lacks that can be counted: ``count`` changes, of which ``changes`` are a choice by name.

    ``changes`` may be fewer than ``count``: where the facts do not list the tests by name. ``key`` is the criterion's.
    """

    key: str
    text: str
    count: int
    changes: tuple[Change, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Fewest:
    """The fewest changes of tests and Testing Issues, and what else stands in the way (``others``, by criterion)."""

    needs: tuple[Need, ...]
    others: tuple[Finding, ...]

    @property
    def count(self) -> int:
        """How many changes of tests and Testing Issues in all."""
        return sum(need.count for need in self.needs)

    @property
    def changes(self) -> tuple[Change, ...]:
        """Those that are named, in one list."""
        return tuple(change for need in self.needs for change in need.changes)


def fewest(facts: Facts, *, step: Step, provider: str | None = None, edition: Edition | None = None) -> Fewest:
    """What is the least that would make the judgement at a step MET. Errors are those of :func:`judge`.

    A test that has not run is taken to be run and to pass, which serves execution and the pass rate at once.
    """
    held = brief(facts, step=step, provider=provider, edition=edition)
    judgement = judge_brief(held)
    by_function = {
        criterion.judge: judgement.finding(criterion.key)
        for criterion in held.edition.phase_kind(held.facts.phase_kind).criteria_at(step)
        if not criterion.parents and criterion.applies(held.facts)
    }
    needs: list[Need] = []
    counted: set[str] = set()
    for judged, finding in by_function.items():
        made = _NEEDS.get(judged)
        if made is not None and finding.verdict is not Verdict.MET:
            found = made(_case(held), finding)
            needs += found
            counted.update(need.key for need in found)
    others = tuple(
        finding
        for finding in judgement.criteria
        if finding.verdict is not Verdict.MET and (finding.key not in counted or finding.missing)
    )
    return Fewest(needs=tuple(needs), others=others)


def _case(held: Brief) -> Case:
    return Case(edition=held.edition, facts=held.facts, step=held.step, provider=held.provider)


# --- planned tests ----------------------------------------------------------------------------------------------------


def _passes(rows: Iterable[str]) -> tuple[Change, ...]:
    return tuple(Change(kind=ChangeKind.PASS, subject=row) for row in rows)


def _to_run(case: Case, finding: Finding) -> list[Need]:
    """12.6(a): each test that has not been executed is executed, or de-scoped."""
    gone = {dmc.id for dmc in case.facts.dmcs if not dmc.counts}
    rows = [
        row.id
        for row in sorted(case.facts.test_rows, key=lambda row: as_read(row.reference))
        if row.status is TestRowStatus.NOT_RUN and row.dmc not in gone
    ]
    total = sum(cell.not_run for cell in case.facts.test_counts if cell.dmc not in gone)
    if not total:
        return []
    text = f"{total} planned test{'s' if total > 1 else ''} to be executed, or finally de-scoped"
    return [Need(key=finding.key, text=text, count=total, changes=_passes(rows))]


def _to_pass(case: Case, finding: Finding) -> list[Need]:
    """12.6(b): of each DMC below its minimum, as many failed tests pass as are still short once all have run."""
    assured = case.setting("pass_rate.assured_only").value == "yes"
    needs = []
    for cell in finding.dmcs:
        if cell.verdict is not Verdict.NOT_MET or cell.needed is None:
            continue
        needs += _short(
            case,
            finding,
            name=cell.name,
            dmcs=(cell.dmc,),
            short=cell.needed - (cell.assured if assured else cell.passed),
        )
    if not any(cell.verdict for cell in finding.dmcs):
        needed = next((int(number.value) for number in finding.numbers if number.label == "Needed"), None)
        label = "Assured as passed" if assured else "Passed"
        passed = next((int(number.value) for number in finding.numbers if number.label == label), 0)
        if needed is not None:
            dmcs = tuple(cell.dmc for cell in finding.dmcs)
            needs += _short(case, finding, name="the phase", dmcs=dmcs, short=needed - passed)
    return needs


def _short(case: Case, finding: Finding, *, name: str, dmcs: Sequence[str | None], short: int) -> list[Need]:
    """What is short of ``needed`` passes once every test of ``dmcs`` that has not run is run and has passed."""
    not_run = sum(
        cell.not_run for cell in case.facts.test_counts if cell.kind is TestKind.FUNCTIONAL and cell.dmc in dmcs
    )
    count = short - not_run
    if count <= 0:
        return []
    failed = [
        row.id
        for row in sorted(case.facts.test_rows, key=lambda row: as_read(row.reference))
        if row.kind is TestKind.FUNCTIONAL and row.status is TestRowStatus.FAILED and row.dmc in dmcs
    ]
    text = f"{count} more of the tests of {name} to pass"
    return [Need(key=finding.key, text=text, count=count, changes=_passes(failed[:count]))]


def _to_regress(case: Case, finding: Finding) -> list[Need]:
    """12.6(f): the regression tests that failed, or ran on other versions; those not run are counted under 12.6(a)."""
    wanted = {blocker.id for blocker in finding.blockers if blocker.kind == "test"}
    rows = [
        row.id
        for row in sorted(case.facts.test_rows, key=lambda row: as_read(row.reference))
        if row.id in wanted and row.status in (TestRowStatus.FAILED, TestRowStatus.WRONG_VERSION)
    ]
    if not rows:
        return []
    text = f"{len(rows)} regression test{'s' if len(rows) > 1 else ''} to pass on the stage exit versions"
    return [Need(key=finding.key, text=text, count=len(rows), changes=_passes(rows))]


# --- Testing Issues ---------------------------------------------------------------------------------------------------


def _to_close(case: Case, finding: Finding) -> list[Need]:
    """12.6(c), 13.18: the fewest issues to leave the count, for each DCC Service Provider; and what is undecided."""
    held = thresholds.Thresholds(case)
    needs = []
    for provider, verdict in held.verdicts.items():
        if verdict is Verdict.MET:
            continue
        rows = held.cells_of.get(provider, [])
        leaving = _fewest_leaving(held, rows)
        name = case.provider_names.get(provider, "the DCC itself")
        text = f"{len(leaving)} of the {len(rows)} Testing Issues of {name} to leave the count"
        changes = tuple(Change(kind=ChangeKind.CLOSE, subject=row.issue.id) for row in leaving)
        needs.append(Need(key=finding.key, text=text, count=len(leaving), changes=changes))
    undecided = [row.issue for row in held.extant.counted if row.cell is None or row.issue.severity is None]
    undecided += held.extant.undecided
    if undecided:
        text = f"{len(undecided)} Testing Issue{'s' if len(undecided) > 1 else ''} to be determined, decided or closed"
        changes = tuple(Change(kind=ChangeKind.CLOSE, subject=issue.id) for issue in undecided)
        needs.append(Need(key=finding.key, text=text, count=len(undecided), changes=changes))
    return needs


def _fewest_leaving(held: thresholds.Thresholds, rows: Sequence[Counted]) -> list[Counted]:
    """A smallest choice of a provider's issues without which it is within its limits, whatever TAG decides."""
    ends = {row.issue.id: held.disputed.get(row.issue.id, frozenset((str(row.issue.severity),))) for row in rows}
    may_end = Counter(severity for allowed in ends.values() for severity in allowed)
    over = {severity: may_end[severity] - limit for severity, limit in held.limits.items() if may_end[severity] > limit}
    names = tuple(over)
    classes: dict[frozenset[str], list[Counted]] = {}
    for row in sorted(rows, key=lambda row: as_read(row.issue.reference)):
        covers = ends[row.issue.id].intersection(over)
        if covers:
            classes.setdefault(covers, []).append(row)
    order = sorted(classes, key=lambda covers: (-len(covers), sorted(covers)))
    taken = _cover(
        tuple(over[name] for name in names),
        tuple((tuple(name in covers for name in names), len(classes[covers])) for covers in order),
    )
    return [row for covers, count in zip(order, taken, strict=True) for row in classes[covers][:count]]


def _cover(excess: tuple[int, ...], classes: tuple[tuple[tuple[bool, ...], int], ...]) -> tuple[int, ...]:
    """How many of each class cover ``excess``, with as few as there can be; ``classes``: what one covers, how many.

    Exact. Classes come with those that cover most first, and those that cover one severity last: by then each severity
    takes what it still lacks. A class may not take fewer than the others after it could not make up for.
    """

    @cache
    def best(left: tuple[int, ...], index: int) -> tuple[int, tuple[int, ...]] | None:
        if index == len(classes):
            return None if any(left) else (0, ())
        covers, size = classes[index]
        after = [sum(number for which, number in classes[index + 1 :] if which[place]) for place in range(len(left))]
        needed = [left[place] - after[place] for place, hit in enumerate(covers) if hit]
        most = max((left[place] for place, hit in enumerate(covers) if hit), default=0)
        found: tuple[int, tuple[int, ...]] | None = None
        for count in range(max(0, *needed), min(size, most) + 1):
            rest = tuple(max(0, number - count) if covers[place] else number for place, number in enumerate(left))
            onward = best(rest, index + 1)
            if onward is not None and (found is None or count + onward[0] < found[0]):
                found = (count + onward[0], (count, *onward[1]))
        return found

    answer = best(excess, 0)
    # Everything that may end on a severity is in some class, so that there always is a cover.
    return answer[1] if answer is not None else ()


_NEEDS: dict[Callable[[Case], Result], Callable[[Case, Finding], list[Need]]] = {
    execution.planned_tests_executed: _to_run,
    success.success_rate_sit: _to_pass,
    success.success_rate_pit: _to_pass,
    regression.regression_sit: _to_regress,
    regression.regression_pit: _to_regress,
    thresholds.outstanding_issues: _to_close,
}
