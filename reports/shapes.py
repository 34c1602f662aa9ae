"""The frozen shape of a SIT Completion Report: what `contents` builds and `rendering` prints.

Everything is text and integers, ready to be read: names are resolved, instants are London time with the
zone's word, and the order is the printed order. Nothing here knows HTML.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reports.round_shapes import Rounds


class Mark(StrEnum):
    """A verdict as people see it. "Awaiting" is stored NOT_MET; "Cannot decide" is BLOCKED or CANNOT_EVALUATE."""

    MET = "met"
    NOT_MET = "not-met"
    AWAITING = "awaiting"
    CANNOT_DECIDE = "cannot-decide"
    NOT_STARTED = "not-started"

    @property
    def word(self) -> str:
        """The word beside the icon; the icon and the colour never stand alone."""
        return _WORDS[self]


_WORDS = {
    Mark.MET: "Met",
    Mark.NOT_MET: "Not met",
    Mark.AWAITING: "Awaiting",
    Mark.CANNOT_DECIDE: "Cannot decide",
    Mark.NOT_STARTED: "Not judged",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Labelled:
    """A label and its value, in that order on the page."""

    label: str
    value: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Cover:
    """What the first page says. `stale` says what changed since, or is empty; instants are London time."""

    title: str
    programme: str
    release: str
    phase: str
    phase_kind: str
    document: str
    version: str
    step: str
    step_key: str
    provider_key: str
    provider: str
    as_at: str
    judged_at: str
    made_at: str
    made_at_iso: str
    made_by: str
    assessment: str
    facts_sha256: str
    is_synthetic: bool
    of_the_past: bool
    stale: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """How many criteria have one mark."""

    mark: Mark
    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """The answer: one sentence, then the counts by mark, then what stands in the way."""

    mark: Mark
    sentence: str
    qualifier: str
    tally: tuple[Tally, ...]
    judged: int
    audience: str


@dataclass(frozen=True, kw_only=True, slots=True)
class EvidenceRow:
    """A piece of evidence: what it is, whose, its file, hash and date. Empty text where there is none."""

    what: str
    provider: str
    state: str
    file_name: str
    sha256: str
    date: str
    accepted: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class InTheWay:
    """What stands in the way of a criterion for one reason: the first references, and how many more there are.

    `pending` where only a matter still open before a body does.
    """

    references: tuple[str, ...]
    more: int
    text: str
    pending: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class CriterionBlock:
    """One criterion: 12.6(a) to (i), or a row of Table 13.1 (`parents` names the criteria that it details).

    `why` qualifies a mark that could be misread: awaiting what, or why it cannot be decided. `in_the_way` is
    grouped by reason; `more_in_the_way` counts what the groups shown leave out.
    """

    key: str
    anchor: str
    clause: str
    title: str
    text: str
    mark: Mark
    why: str
    summary: str
    numbers: tuple[Labelled, ...]
    limit: str
    in_the_way: tuple[InTheWay, ...]
    more_in_the_way: int
    missing: tuple[str, ...]
    notes: tuple[str, ...]
    evidence: tuple[EvidenceRow, ...]
    more_evidence: int
    parents: tuple[str, ...]
    evidence_wanted: str = ""
    redacted: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class CountRow:
    """Planned, run, passed, failed and not run of one thing. `due` is planned less finally de-scoped.

    `rate` is passes of due, cut (never rounded up) to one decimal. `needed` is the fewest passes that suffice, with
    `short` still wanting; both None where no minimum applies.
    """

    name: str
    planned: int
    descoped: int
    due: int
    executed: int
    passed: int
    failed: int
    not_run: int
    assured: int
    rate: str
    needed: int | None = None
    short: int | None = None
    mark: Mark | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class GridCell:
    """One DMC of one functional group: passes of due, or nothing planned."""

    due: int
    passed: int
    rate: str
    level: str


@dataclass(frozen=True, kw_only=True, slots=True)
class GridRow:
    """One functional group across the DMCs of a grid."""

    group: str
    cells: tuple[GridCell | None, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Grid:
    """Functional groups down, a few DMCs across: as many as fit the page."""

    dmcs: tuple[str, ...]
    rows: tuple[GridRow, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class DescopedRow:
    """A planned test with a request to de-scope it (12.6(a)) and where that has come to."""

    reference: str
    title: str
    dmc: str
    state: str
    counts: str
    matter: str
    ran_and_failed: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Tests:
    """Planned, run, passed, failed and not run, every way it is asked for."""

    kinds: tuple[CountRow, ...]
    by_dmc: tuple[CountRow, ...]
    by_group: tuple[CountRow, ...]
    by_provider: tuple[CountRow, ...]
    grids: tuple[Grid, ...]
    regression: tuple[CountRow, ...]
    exit_versions: str
    descoped: tuple[DescopedRow, ...]
    removed_dmcs: tuple[Labelled, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ThresholdBar:
    """One provider × severity cell. `lowest` and `highest` are what pending disputes could make of `count`."""

    severity: str
    count: int
    limit: int
    headroom: int
    lowest: int
    highest: int
    own: int
    carried: int
    considered: int
    excluded: int
    mark: Mark


@dataclass(frozen=True, kw_only=True, slots=True)
class ProviderThresholds:
    """The cells of one DCC Service Provider and what they come to together."""

    provider: str
    cells: tuple[ThresholdBar, ...]
    mark: Mark


@dataclass(frozen=True, kw_only=True, slots=True)
class IssueRow:
    """A Testing Issue as the assessment counted it. `counts` in words; `why` with its clause; `due` by 15.1."""

    reference: str
    title: str
    provider: str
    severity: str
    state: str
    raised_in: str
    counts: str
    why: str
    disputed: bool
    due: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DecisionRow:
    """A recorded decision of a body: three dates kept apart, its reasons and its document.

    `marks` is what it is marked with wherever it is shown, such as that it goes against the computed result (rule 16).
    """

    body: str
    outcome: str
    marks: tuple[str, ...]
    decided: str
    notified: str
    effective: str
    rationale: str
    document: str
    sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ExclusionEntry:
    """A proposal not to count an issue (13.20): the rationale and every decision on it."""

    issue: IssueRow
    matter: str
    state: str
    excluded: bool
    rationale: str
    decisions: tuple[DecisionRow, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class DisputeEntry:
    """A severity dispute that TAG has not decided (14.2)."""

    issue: IssueRow
    matter: str
    participant_severity: str
    raised_by: str
    since: str
    blocks: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Issues:
    """Every Testing Issue that the assessment looked at, by what became of it. `lead` says so in a sentence."""

    lead: str
    counted: tuple[IssueRow, ...]
    undecided: tuple[IssueRow, ...]
    excluded: tuple[ExclusionEntry, ...]
    proposed: tuple[ExclusionEntry, ...]
    left: tuple[IssueRow, ...]
    not_counted: tuple[IssueRow, ...]
    disputes: tuple[DisputeEntry, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class DueRow:
    """The Work Off Plan date (15.1) that `issues` open issues of one provider and severity share."""

    provider: str
    severity: str
    issues: int
    days: str
    clock_start: str
    due: str
    note: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanRow:
    """One Work Off Plan: of this phase, or of a phase before it (12.6(h)). `done` counts its items by state."""

    reference: str
    phase: str
    provider: str
    state: str
    items: int
    done: str
    open_items: tuple[str, ...]
    more_open: int
    sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkOff:
    """Work Off Plans of this phase (12.6(g), 15.1) and of the phases before it (12.6(h))."""

    own: tuple[PlanRow, ...]
    earlier: tuple[PlanRow, ...]
    earlier_known: bool
    dates: tuple[DueRow, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Paper:
    """A report or certificate that a clause asks for, or that it is not provided."""

    clause: str
    what: str
    provider: str
    provided: bool
    state: str
    file_name: str
    sha256: str
    date: str
    statements: str = ""
    included: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Witnessing:
    """What 13.13 asks for. None in a field: the stored facts hold no such number, and none is made up."""

    provided: bool
    passed: int | None
    executed: int | None
    failures: tuple[Labelled, ...]
    ratio: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Unjudged:
    """Something that could not be evaluated, under which criterion, and what it waits for."""

    clause: str
    title: str
    kind: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """A reading of an unclear text that verdicts rest on, and where."""

    text: str
    value: str
    is_setting: bool
    is_default: bool
    used_by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    """A value that an administrator set, or left empty."""

    key: str
    title: str
    value: str
    source: str
    approver: str
    effective_from: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TestRow:
    """A planned test that did not simply pass."""

    reference: str
    title: str
    kind: str
    dmc: str
    group: str
    provider: str
    status: str
    versions: str


#: What annex volumes list.
ISSUES, TESTS = "Testing Issues", "Planned tests that did not pass"


@dataclass(frozen=True, kw_only=True, slots=True)
class VolumeEntry:
    """An annex volume: its number, what it lists and from which reference to which."""

    number: int
    what: str
    rows: int
    first: str
    last: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Included:
    """A file carried inside the report, byte for byte as it was stored."""

    name: str
    description: str
    sha256: str
    content: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class CompletionReport:
    """The whole report. `volumes` is empty where the annexes are inside; else they are documents of their own."""

    cover: Cover
    summary: Summary
    criteria: tuple[CriterionBlock, ...]
    rows: tuple[CriterionBlock, ...]
    tests: Tests
    thresholds: tuple[ProviderThresholds, ...]
    issues: Issues
    work_off: WorkOff
    papers: tuple[Paper, ...]
    witnessing: Witnessing
    rounds: Rounds | None
    unjudged: tuple[Unjudged, ...]
    readings: tuple[Reading, ...]
    source_notes: tuple[Labelled, ...]
    parameters: tuple[Parameter, ...]
    non_working_days: str
    register: tuple[IssueRow, ...]
    open_tests: tuple[TestRow, ...]
    volumes: tuple[VolumeEntry, ...]
    included: tuple[Included, ...]
    facts_json: str
    findings_json: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AnnexVolume:
    """One annex volume: a whole document that lists either issues or tests, bound to the report by the facts' hash."""

    cover: Cover
    entry: VolumeEntry
    of: int
    issues: tuple[IssueRow, ...] = ()
    tests: tuple[TestRow, ...] = ()
