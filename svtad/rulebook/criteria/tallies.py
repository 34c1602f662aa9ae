"""Counts of planned tests, summed as the criteria need them. Integers only, nothing rounded."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from svtad.rulebook.case import Case, first_and_more, number
from svtad.rulebook.facts import DmcFact, PlannedTestRow, TestCount
from svtad.rulebook.findings import Blocker, Missing, Number, ReadingUsed
from svtad.rulebook.vocabulary import DescopeState, TestKind, TestRowStatus

PENDING_DESCOPE = (DescopeState.PROPOSED, DescopeState.TAB_APPROVED, DescopeState.AWAITING_SOS)

MISSING_PLAN = Missing(kind="fact", key="test_counts", text="No planned test is left to judge.")


@dataclass(kw_only=True, slots=True)
class Tally:
    """The sums of some cells of test counts."""

    planned: int = 0
    descoped: int = 0
    executed: int = 0
    passed: int = 0
    failed: int = 0
    not_run: int = 0
    assured_passed: int = 0
    exit_executed: int = 0
    exit_passed: int = 0

    def join(self, other: TestCount | Tally) -> None:
        """Take a cell, or another tally, in."""
        self.planned += other.planned
        self.descoped += other.descoped
        self.executed += other.executed
        self.passed += other.passed
        self.failed += other.failed
        self.not_run += other.not_run
        self.assured_passed += other.assured_passed
        self.exit_executed += other.exit_executed
        self.exit_passed += other.exit_passed

    @property
    def due(self) -> int:
        """Planned less finally de-scoped."""
        return self.planned - self.descoped

    def numbers(self) -> tuple[Number, ...]:
        """What a page shows of it."""
        return (
            number("Planned", self.planned),
            number("De-scoped", self.descoped),
            number("To be executed", self.due),
            number("Executed", self.executed),
            number("Not run", self.not_run),
        )


class Execution:
    """The test counts of a case without the DMCs that left, by kind and by DMC."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.dmcs = {dmc.id: dmc for dmc in case.facts.dmcs}
        self.removed = tuple(dmc for dmc in case.facts.dmcs if not dmc.counts)
        gone = {dmc.id for dmc in self.removed}
        self.by_kind = {kind: Tally() for kind in TestKind}
        self.by_dmc: dict[str | None, Tally] = {}
        self.removed_by_dmc: dict[str, Tally] = {dmc.id: Tally() for dmc in self.removed}
        for cell in case.facts.test_counts:
            functional = cell.kind is TestKind.FUNCTIONAL
            if cell.dmc in gone:
                if functional:
                    self.removed_by_dmc[str(cell.dmc)].join(cell)
                continue
            self.by_kind[cell.kind].join(cell)
            if functional:
                self.by_dmc.setdefault(cell.dmc, Tally()).join(cell)
        self.rows = tuple(row for row in case.facts.test_rows if row.dmc not in gone)

    @property
    def total(self) -> Tally:
        """Functional and regression tests together."""
        both = Tally()
        for tally in self.by_kind.values():
            both.join(tally)
        return both

    @property
    def functional(self) -> Tally:
        """All functional tests."""
        return self.by_kind[TestKind.FUNCTIONAL]

    @property
    def regression(self) -> Tally:
        """All regression tests."""
        return self.by_kind[TestKind.REGRESSION]

    def rows_of(self, kind: TestKind | None, *statuses: TestRowStatus) -> tuple[PlannedTestRow, ...]:
        """The listed tests of a kind (None: both) in one of the statuses."""
        return tuple(row for row in self.rows if kind in (None, row.kind) and row.status in statuses)

    def readings(self) -> tuple[ReadingUsed, ...]:
        """The readings that every count of tests rests on."""
        used = [self.case.reading("tests.executed")]
        if None in self.by_dmc:
            used.append(self.case.reading("tests.no_dmc"))
        if self.removed:
            used.append(self.case.reading("tests.deselected_dmc"))
        return tuple(used)

    def notes(self) -> tuple[str, ...]:
        """De-selected DMCs, and de-scoped tests that ran and failed, in a sentence each."""
        notes = []
        if self.removed:
            names = first_and_more(_removed_name(dmc) for dmc in self.removed)
            notes.append(f"Removed from the criterion by de-selection (13.6): {names}.")
        contestable = [row.reference for row in self.rows_of(None, TestRowStatus.DESCOPED) if row.ran_and_failed]
        if contestable:
            notes.append(f"De-scoped although it ran and failed, which is contestable: {first_and_more(contestable)}.")
        return tuple(notes)


def _removed_name(dmc: DmcFact) -> str:
    return f"{dmc.name} (referred; the Secretary of State said to stop, 13.7)" if dmc.referral_open else dmc.name


def needed_passes(due: int, minimum: Fraction) -> int:
    """The fewest passes of ``due`` that meet a minimum share: exact, rounded up."""
    return -((-due * minimum.numerator) // minimum.denominator)


def percent(rate: Fraction) -> str:
    """A share as a percentage where that is exact, else as the fraction."""
    hundredths = rate * 100
    return f"{hundredths}%" if hundredths.denominator == 1 else str(rate)


def blocker_for(row: PlannedTestRow, text: str) -> Blocker:
    """A planned test that stands in the way, with what is pending about it."""
    pending = row.descope in PENDING_DESCOPE
    words = [text]
    if pending:
        words.append(f"de-scoping {_DESCOPE_WORDS[row.descope]}")
    if row.ran_and_failed:
        words.append("ran and failed")
    return Blocker(kind="test", id=row.id, reference=row.reference, text="; ".join(words), pending=pending)


_DESCOPE_WORDS: dict[DescopeState | None, str] = {
    DescopeState.PROPOSED: "is before the TAB",
    DescopeState.TAB_APPROVED: "was approved by the TAB and is to be referred to the Secretary of State",
    DescopeState.AWAITING_SOS: "is before the Secretary of State",
}


def unlisted(count: int, listed: int, text: str) -> tuple[Blocker, ...]:
    """One more line where the facts list fewer tests than they count."""
    if count <= listed:
        return ()
    more = count - listed
    return (Blocker(kind="test", id="", reference=f"{more} more", text=f"{more} more tests {text}, not listed"),)
