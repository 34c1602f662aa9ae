"""Testing Issue Thresholds: 12.6(c), Table 13.1 row 3, 13.18 and 13.19, with 14.4 and 14.5."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

from svtad.rulebook.case import Case, Result, first_and_more, number
from svtad.rulebook.criteria import disputes as joint
from svtad.rulebook.criteria.counting import CARRIED, CONSIDERED, DCC_CELL, OWN, Counted, Counter, Extant
from svtad.rulebook.facts import DisputeFact
from svtad.rulebook.findings import Blocker, Missing, ReadingUsed, ThresholdCell
from svtad.rulebook.vocabulary import ExclusionState, Verdict, combine

_FIXED_READINGS = (
    "thresholds.per_provider",
    "thresholds.open",
    "thresholds.left_by_determination",
    "thresholds.dcc_cell",
)


def outstanding_issues(case: Case) -> Result:
    """The number and severity of outstanding Testing Issues is at or below the Testing Issue Thresholds of clause 13.

    For each DCC Service Provider and each severity, the open Testing Issues that count are no more than Table 13.2
    allows.
    """
    return Thresholds(case).result()


def extant_issues(case: Case) -> Result:
    """Extant Testing Issues are within the relevant Testing Issue Threshold of clause 13."""
    whole = case.once(outstanding_issues)
    return Result(
        verdict=whole.verdict,
        summary=whole.summary,
        numbers=whole.numbers,
        limit=whole.limit,
        notes=("Judged once, under 12.6(c), which it details.",),
        awaiting=whole.awaiting,
    )


def thresholds_of_another_document(case: Case) -> Result:
    """The Testing Issue Thresholds of Migration Testing are set in the Migration Testing Approach Document."""
    document = case.phase_kind.criteria_document or ""
    return Result(
        verdict=Verdict.CANNOT_EVALUATE,
        summary=f"The thresholds are in the {document}, which this edition does not hold.",
        missing=(Missing(kind="document", key=document, text=f"The text of the {document} is not held."),),
    )


class Thresholds:
    """Counts the extant issues of a case and holds them against the limits, disputes taken jointly per provider."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.limits: Mapping[str, int] = case.phase_kind.limits or {}
        self.extant: Extant = Counter(case).count()
        self.disputed = self._disputed()
        self.cells_of: dict[str, list[Counted]] = self._by_cell(self.extant.counted)
        self.excluded_of: dict[str, list[Counted]] = self._by_cell(self.extant.excluded)

    @cached_property
    def verdicts(self) -> dict[str, Verdict]:
        """Each provider's verdict by itself."""
        return {provider: joint.verdict_of(*self.split(provider), self.limits) for provider in self._providers()}

    def _disputed(self) -> dict[str, joint.Allowed]:
        """The severities on which each counted issue with a pending dispute may end."""
        claimed: dict[str, list[DisputeFact]] = {}
        for dispute in self.case.facts.disputes:
            if dispute.state.is_pending:
                claimed.setdefault(dispute.issue, []).append(dispute)
        reading = self.case.setting("disputes.severities").value
        return {
            row.issue.id: joint.allowed_severities(
                reading=reading,
                current=row.issue.severity,
                claimed=[dispute.participant_severity for dispute in claimed[row.issue.id]],
                severities=self.case.edition.severities,
            )
            for row in self.extant.counted
            if row.issue.id in claimed and row.issue.severity is not None
        }

    @staticmethod
    def _by_cell(rows: list[Counted]) -> dict[str, list[Counted]]:
        cells: dict[str, list[Counted]] = {}
        for row in rows:
            if row.cell is not None and row.issue.severity is not None:
                cells.setdefault(row.cell, []).append(row)
        return cells

    def _providers(self) -> tuple[str, ...]:
        """Every provider with a cell to show: those that take part or have issues, the one judged alone if so."""
        listed = [
            row.id
            for row in self.case.facts.providers
            if (row.takes_part or row.id in self.cells_of or row.id in self.excluded_of)
            and self.case.provider in (None, row.id)
        ]
        others = [cell for cell in self.cells_of if cell not in listed]
        return (*listed, *others)

    def split(self, provider: str) -> tuple[dict[str, int], list[joint.Allowed]]:
        """The undisputed counts by severity, and the allowed severities of each disputed issue."""
        fixed = dict.fromkeys(self.limits, 0)
        disputes = []
        for row in self.cells_of.get(provider, ()):
            if row.issue.id in self.disputed:
                disputes.append(self.disputed[row.issue.id])
            else:
                fixed[str(row.issue.severity)] += 1
        return fixed, disputes

    def _cells(self, provider: str) -> list[ThresholdCell]:
        fixed, disputes = self.split(provider)
        highest = joint.highest_counts(fixed, disputes)
        lowest = joint.lowest_counts(fixed, disputes)
        name = self.case.provider_names.get(provider, "The DCC itself")
        cells = []
        for severity, limit in self.limits.items():
            rows = [row for row in self.cells_of.get(provider, ()) if row.issue.severity == severity]
            excluded = [row for row in self.excluded_of.get(provider, ()) if row.issue.severity == severity]
            cells.append(
                ThresholdCell(
                    provider=provider,
                    provider_name=name,
                    severity=severity,
                    count=len(rows),
                    limit=limit,
                    headroom=limit - len(rows),
                    lowest=lowest[severity],
                    highest=highest[severity],
                    own=sum(row.origin == OWN for row in rows),
                    carried=sum(row.origin == CARRIED for row in rows),
                    considered=sum(row.origin == CONSIDERED for row in rows),
                    excluded=len(excluded),
                    verdict=self._cell_verdict(provider, count=len(rows), highest=highest[severity], limit=limit),
                )
            )
        return cells

    def _cell_verdict(self, provider: str, *, count: int, highest: int, limit: int) -> Verdict:
        """A cell's verdict: open only where the provider's is, else at the DCC's severity (14.4)."""
        if self.verdicts[provider] is Verdict.BLOCKED:
            return Verdict.BLOCKED if highest > limit else Verdict.MET
        return Verdict.NOT_MET if count > limit else Verdict.MET

    def result(self) -> Result:
        """The criterion: every provider's verdict joined with what cannot be evaluated yet."""
        missing = self._missing()
        verdict = combine([*self.verdicts.values(), *(Verdict.CANNOT_EVALUATE for _ in missing)])
        cells = tuple(cell for provider in self.verdicts for cell in self._cells(provider))
        counted = self.extant.counted
        return Result(
            verdict=verdict,
            summary=self._summary(verdict, missing),
            numbers=(
                number("Counted", len(counted)),
                number("Raised in this phase", sum(row.origin == OWN for row in counted)),
                number("Carried over", sum(row.origin == CARRIED for row in counted)),
                number("Counted from elsewhere", sum(row.origin == CONSIDERED for row in counted)),
                number("Excluded", len(self.extant.excluded)),
                number("Left by a determination", self.extant.left),
                number("Undecided", len(self.extant.undecided)),
                number("Severity in dispute", len(self.disputed)),
            ),
            limit="/".join(str(limit) for limit in self.limits.values())
            + f" for severity {'/'.join(self.limits)}, per DCC Service Provider",
            thresholds=cells,
            blockers=self._blockers(cells),
            readings=self._readings(),
            missing=missing,
            notes=self._notes(),
            ledger=tuple(self.extant.ledger),
            awaiting=verdict is Verdict.NOT_MET and not missing and self._awaits_exclusion(),
        )

    def _missing(self) -> tuple[Missing, ...]:
        unattributed = [row.issue for row in self.extant.counted if row.cell is None]
        unrated = [row.issue for row in self.extant.counted if row.issue.severity is None]
        reasons = (
            ("issues.provider", unattributed, "is open and attributed to no single DCC Service Provider (13.19)"),
            ("issues.severity", unrated, "is open without a severity"),
            ("count_decisions", self.extant.undecided, "may count, which nobody has decided"),
        )
        return tuple(
            Missing(kind="fact", key=key, text=f"{first_and_more(issue.reference for issue in issues)} {text}.")
            for key, issues, text in reasons
            if issues
        )

    def _summary(self, verdict: Verdict, missing: tuple[Missing, ...]) -> str:
        if verdict is Verdict.MET:
            return "Every DCC Service Provider is within its thresholds."
        if verdict is Verdict.CANNOT_EVALUATE:
            return missing[0].text
        names = [
            self.case.provider_names.get(provider, "The DCC itself")
            for provider, of_provider in self.verdicts.items()
            if of_provider is verdict
        ]
        if verdict is Verdict.BLOCKED:
            return f"Pending severity disputes decide whether {first_and_more(names)} is within its thresholds (14.5)."
        return f"Over the thresholds: {first_and_more(names)}."

    def _blockers(self, cells: tuple[ThresholdCell, ...]) -> tuple[Blocker, ...]:
        over = {(cell.provider, cell.severity) for cell in cells if cell.verdict is Verdict.NOT_MET}
        pending = {
            row.issue
            for row in self.case.facts.exclusions
            if row.state in (ExclusionState.PROPOSED, ExclusionState.REFERRED)
        }
        blockers = [
            Blocker(
                kind="issue",
                id=row.issue.id,
                reference=row.issue.reference,
                text=f"severity {row.issue.severity}, counts for "
                f"{self.case.provider_names.get(str(row.cell), 'the DCC itself')}",
                pending=row.issue.id in pending and self.case.phase_kind.exclusions,
            )
            for row in self.extant.counted
            if (row.cell, row.issue.severity) in over
        ]
        open_questions = [
            *(row.issue for row in self.extant.counted if row.cell is None or row.issue.severity is None),
            *self.extant.undecided,
        ]
        blockers.extend(
            Blocker(kind="issue", id=issue.id, reference=issue.reference, text=_open_question(issue.severity))
            for issue in open_questions
        )
        return (*blockers, *self._dispute_blockers())

    def _dispute_blockers(self) -> list[Blocker]:
        """The pending disputes of the providers whose result they decide."""
        blocked = {
            row.issue.id: row.issue
            for row in self.extant.counted
            if row.issue.id in self.disputed and row.cell is not None and self.verdicts[row.cell] is Verdict.BLOCKED
        }
        return [
            Blocker(
                kind="dispute",
                id=dispute.matter or dispute.issue,
                reference=blocked[dispute.issue].reference,
                text=f"severity {blocked[dispute.issue].severity} disputed as {dispute.participant_severity}, before "
                "TAG (14.2)",
                pending=True,
            )
            for dispute in self.case.facts.disputes
            if dispute.issue in blocked and dispute.state.is_pending
        ]

    def _readings(self) -> tuple[ReadingUsed, ...]:
        used = [self.case.reading(key) for key in _FIXED_READINGS]
        if self.disputed:
            used.append(self.case.setting("disputes.severities"))
        if len(self.case.edition.predecessors(self.case.facts.release)) > 1:
            used.append(self.case.setting("carry_over.releases"))
        if self.case.phase_kind.considered_clause is not None:
            used.append(self.case.reading(f"considered.{self.case.phase_kind.considered_clause}"))
        if self.case.phase_kind.presented:
            used.append(self.case.reading("presented.eligibility"))
        return tuple(used)

    def _notes(self) -> tuple[str, ...]:
        notes = []
        for provider in self.verdicts:
            fixed, disputes = self.split(provider)
            group = joint.crowded(fixed, disputes, self.limits)
            if disputes and group:
                name = self.case.provider_names.get(provider, "The DCC itself")
                notes.append(
                    f"{name}: whatever TAG decides, severity {' and '.join(group)} cannot hold what must count there, "
                    "so the pending disputes do not stand in the way (14.5)."
                )
        if DCC_CELL in self.cells_of:
            notes.append("The DCC itself is in no list of providers of the phase: its issues have a cell of their own.")
        return tuple(notes)

    def _awaits_exclusion(self) -> bool:
        """Whether agreement to the pending exclusions would lift the NOT_MET (for display only)."""
        facts = self.case.facts
        hopeful = tuple(
            replace(row, state=ExclusionState.TAG_AGREED)
            if row.state in (ExclusionState.PROPOSED, ExclusionState.REFERRED)
            else row
            for row in facts.exclusions
        )
        if hopeful == facts.exclusions:
            return False
        case = Case(
            edition=self.case.edition,
            facts=replace(facts, exclusions=hopeful),
            step=self.case.step,
            provider=self.case.provider,
        )
        return Verdict.NOT_MET not in Thresholds(case).verdicts.values()


def _open_question(severity: str | None) -> str:
    if severity is None:
        return "its severity is not determined"
    return "whose it is, or whether it counts, is not decided"
