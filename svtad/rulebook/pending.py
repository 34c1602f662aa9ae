"""Which single decision decides a judgement: every matter that is before a body, and what each end of it would make."""

from __future__ import annotations

from dataclasses import dataclass

from svtad.rulebook.case import Case
from svtad.rulebook.criteria import execution, regression, success, thresholds
from svtad.rulebook.criteria.parts import Parts
from svtad.rulebook.criteria.tallies import PENDING_DESCOPE
from svtad.rulebook.edition import Edition
from svtad.rulebook.facts import Facts
from svtad.rulebook.judge import Brief, brief, judge_brief
from svtad.rulebook.vocabulary import Step, TestRowStatus, Verdict, combine
from svtad.rulebook.whatif import Change, ChangeKind, changed

_OF_TESTS = frozenset(
    {
        execution.planned_tests_executed,
        execution.functional_row,
        success.success_rate_sit,
        success.success_rate_pit,
        regression.regression_sit,
        regression.regression_pit,
        regression.regression_row,
    }
)
_OF_ISSUES = frozenset({thresholds.outstanding_issues, thresholds.extant_issues})


@dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    """One way in which a pending matter could end: the changes, and the verdicts that it gives."""

    text: str
    changes: tuple[Change, ...]
    verdict: Verdict
    criteria: tuple[tuple[str, Verdict], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Pending:
    """A matter that is before a body, about ``subject``: an issue, or the first of the tests, by its id."""

    matter: str | None
    subject: str
    reference: str
    text: str
    options: tuple[Option, ...]

    @property
    def decides(self) -> bool:
        """Whether the whole verdict depends on it."""
        return len({option.verdict for option in self.options}) > 1

    @property
    def moves(self) -> bool:
        """Whether some criterion's verdict depends on it."""
        return len({option.criteria for option in self.options}) > 1


def pending(
    facts: Facts, *, step: Step, provider: str | None = None, edition: Edition | None = None
) -> tuple[Pending, ...]:
    """Every matter that is before a body, with what each way it could end would make of the judgement by itself.

    Disputes, exclusions, what may count, and de-scoping; those that decide the verdict first. Errors are those of
    :func:`svtad.rulebook.judge.judge`.
    """
    held = brief(facts, step=step, provider=provider, edition=edition)
    judging = _Judging(held)
    parts = _parts(held)
    of_issues = []
    if parts is not None:
        asking = _AskingIssues(judging, parts)
        of_issues = [*_disputes(held, asking), *_exclusions(held, asking), *_counts(held, asking)]
    found = [*of_issues, *_descopings(held, judging)]
    return tuple(sorted(found, key=lambda row: (not row.decides, not row.moves)))


class _Judging:
    """Judges changed tests again, but only the criteria that they can reach."""

    def __init__(self, held: Brief) -> None:
        self.held = held
        kind = held.edition.phase_kind(held.facts.phase_kind)
        self.criteria = [row for row in kind.criteria_at(held.step) if not row.parents and row.applies(held.facts)]
        self.verdicts = {finding.key: finding.verdict for finding in judge_brief(held).criteria}

    def option(self, text: str, *changes: Change) -> Option:
        facts = changed(self.held.facts, changes, edition=self.held.edition)
        case = Case(edition=self.held.edition, facts=facts, step=self.held.step, provider=self.held.provider)
        reached = [row for row in self.criteria if changes and row.judge in _OF_TESTS]
        return self.answer(text, changes, {row.key: case.once(row.judge).verdict for row in reached})

    def answer(self, text: str, changes: tuple[Change, ...], moved: dict[str, Verdict]) -> Option:
        verdicts = self.verdicts | moved
        return Option(text=text, changes=changes, verdict=combine(verdicts.values()), criteria=tuple(verdicts.items()))


class _AskingIssues:
    """Judges the thresholds with one issue changed."""

    def __init__(self, judging: _Judging, parts: Parts) -> None:
        self.parts = parts
        self._judging = judging
        self._reached = [row.key for row in judging.criteria if row.judge in _OF_ISSUES]

    def option(self, text: str, change: Change) -> Option:
        alone = self.parts.alone(change.subject)
        after = changed(alone, (change,), edition=self._judging.held.edition)
        verdict = self.parts.verdict(without=self.parts.part(alone), instead=self.parts.part(after))
        return self._judging.answer(text, (change,), dict.fromkeys(self._reached, verdict))


def _parts(held: Brief) -> Parts | None:
    """The count of issues, None at a step that does not look at it."""
    criteria = held.edition.phase_kind(held.facts.phase_kind).criteria_at(held.step)
    if not any(criterion.judge in _OF_ISSUES for criterion in criteria):
        return None
    return Parts(Case(edition=held.edition, facts=held.facts, step=held.step, provider=held.provider))


def _disputes(held: Brief, asking: _AskingIssues) -> list[Pending]:
    rows = {row.id: row for row in (*held.facts.issues, *held.facts.considered_issues)}
    waiting: dict[str, list[str]] = {}
    matters: dict[str, str | None] = {}
    for dispute in held.facts.disputes:
        if dispute.state.is_pending and rows[dispute.issue].severity is not None:
            waiting.setdefault(dispute.issue, []).append(dispute.participant_severity)
            matters[dispute.issue] = dispute.matter
    found = []
    for issue, claimed in waiting.items():
        row = rows[issue]
        allowed = asking.parts.disputed.get(issue, frozenset((str(row.severity), *claimed)))
        options = [
            asking.option(
                f"TAG decides severity {severity}",
                Change(kind=ChangeKind.DISPUTE, subject=issue, value=severity),
            )
            for severity in held.edition.severities
            if severity in allowed
        ]
        text = f"severity {row.severity} disputed as {' and '.join(claimed)}"
        found.append(
            Pending(matter=matters[issue], subject=issue, reference=row.reference, text=text, options=tuple(options))
        )
    return found


def _exclusions(held: Brief, asking: _AskingIssues) -> list[Pending]:
    if not held.edition.phase_kind(held.facts.phase_kind).exclusions:
        return []
    names = {row.id: row.reference for row in (*held.facts.issues, *held.facts.considered_issues)}
    found = []
    for row in held.facts.exclusions:
        if row.state not in _EXCLUSION_BODIES:
            continue
        body, yes, no = _EXCLUSION_BODIES[row.state]
        options = (
            asking.option(f"{body} {yes}", Change(kind=ChangeKind.EXCLUDE, subject=row.issue)),
            asking.option(f"{body} {no}", Change(kind=ChangeKind.NOT_EXCLUDE, subject=row.issue)),
        )
        found.append(
            Pending(
                matter=row.matter,
                subject=row.issue,
                reference=names[row.issue],
                text=f"its exclusion is before {body}",
                options=options,
            )
        )
    return found


_EXCLUSION_BODIES = {
    "PROPOSED": ("TAG", "agrees", "does not agree"),
    "REFERRED": ("the Secretary of State", "upholds it", "dismisses it"),
}


def _counts(held: Brief, asking: _AskingIssues) -> list[Pending]:
    kind = held.edition.phase_kind(held.facts.phase_kind)
    decided = {row.issue: row for row in held.facts.count_decisions}
    asked = (*held.facts.considered_issues, *(held.facts.issues if kind.presented else ()))
    found = []
    for issue in asked:
        known = decided.get(issue.id)
        referred = known is not None and known.state.endswith("_REFERRED")
        if issue.id not in asking.parts.undecided and not referred:
            continue
        options = (
            asking.option("it counts", Change(kind=ChangeKind.COUNT, subject=issue.id)),
            asking.option("it does not count", Change(kind=ChangeKind.NOT_COUNT, subject=issue.id)),
        )
        who = "the Secretary of State" if referred else "TAG"
        found.append(
            Pending(
                matter=known.matter if known else None,
                subject=issue.id,
                reference=issue.reference,
                text=f"whether it counts is for {who}",
                options=options,
            )
        )
    return found


def _descopings(held: Brief, judging: _Judging) -> list[Pending]:
    by_matter: dict[str, list[str]] = {}
    references: dict[str, list[str]] = {}
    for row in held.facts.test_rows:
        if row.descope in PENDING_DESCOPE and row.status is not TestRowStatus.DESCOPED:
            key = row.descope_matter or row.id
            by_matter.setdefault(key, []).append(row.id)
            references.setdefault(key, []).append(row.reference)
    found = []
    for matter, tests in by_matter.items():
        changes = tuple(Change(kind=ChangeKind.DESCOPE, subject=test) for test in tests)
        options = (judging.option("finally approved", *changes), judging.option("not approved"))
        found.append(
            Pending(
                matter=matter,
                subject=tests[0],
                reference=", ".join(references[matter][:3]) + (" …" if len(tests) > 3 else ""),
                text=f"de-scoping of {len(tests)} planned test{'s' if len(tests) > 1 else ''}",
                options=options,
            )
        )
    return found
