"""What the judge is told: one frozen snapshot of a Test Phase, small enough to store with every judgement.

Counts are integers per Device Model Combination × functional group × kind × provider; only the planned tests that did
not simply pass are listed one by one. Everything that a judgement rests on is here, the parameters and the
non-working days included, so that a past verdict can be judged again from its own file and come out the same.

Identifiers are the caller's strings (public ids, so that a page can link them). ``reference`` is what people call the
thing. Phase kinds, severities and releases are strings of the edition, which checks them
(:meth:`svtad.rulebook.editions.Edition.check`).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime

from svtad.rulebook import codec
from svtad.rulebook.codec import Count, FactsError, Id, Json, Sha256
from svtad.rulebook.entry_facts import (
    ApproachDocumentFact,
    ApprovalToProceedFact,
    ChangedDocumentFact,
    EnteredCriterionFact,
    EntryFacts,
    InterfaceRepeatFact,
    OverlapApproval,
    ReadinessItem,
    RunningPhase,
)
from svtad.rulebook.integrity import SORT_KEYS, check_integrity
from svtad.rulebook.vocabulary import (
    Cause,
    CertificateState,
    CountState,
    DescopeState,
    DisputeState,
    DmcState,
    EvidenceKind,
    EvidenceState,
    ExclusionState,
    IssueState,
    LeftReason,
    TestKind,
    TestRowStatus,
    WorkOffItemState,
    WorkOffPlanState,
)

__all__ = [
    "ApproachDocumentFact",
    "ApprovalToProceedFact",
    "CertificateFact",
    "ChangedDocumentFact",
    "CountDecisionFact",
    "DisputeFact",
    "DmcFact",
    "EnteredCriterionFact",
    "EntryFacts",
    "EvidenceFact",
    "EvidenceGap",
    "ExclusionFact",
    "ExecutionEvidence",
    "Facts",
    "FactsError",
    "InterfaceRepeatFact",
    "IssueFact",
    "IssueLogFact",
    "LeftCount",
    "OverlapApproval",
    "ParameterFact",
    "PlannedTestRow",
    "PrecursorPhase",
    "ProviderFact",
    "ReadinessItem",
    "RunningPhase",
    "Statement",
    "TestCount",
    "WorkOffItemFact",
    "WorkOffPlanFact",
    "facts_sha256",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class ProviderFact:
    """A DCC Service Provider, or the DCC itself (``is_dcc``), which has a cell of its own (our choice).

    ``takes_part`` is False for one that only still answers for an issue carried over: it owes this phase no
    plan, report or certificate.
    """

    id: Id
    name: str
    is_dcc: bool = False
    takes_part: bool = True

    @property
    def owes_evidence(self) -> bool:
        """Whether plans, 9.4 reports and certificates of this phase are due for it."""
        return self.takes_part and not self.is_dcc


@dataclass(frozen=True, kw_only=True, slots=True)
class DmcFact:
    """A Device Model Combination of the phase and whether it is selected (13.3 to 13.8).

    A de-selected one counts again while its referral is open, unless the Secretary of State said to stop (13.7).
    ``decision`` names the matter that de-selected or reinstated it.
    """

    id: Id
    name: str
    state: DmcState = DmcState.SELECTED
    referral_open: bool = False
    sos_says_stop: bool = False
    decision: str | None = None

    @property
    def counts(self) -> bool:
        """Whether its planned tests are in the criteria."""
        if self.state is not DmcState.DESELECTED:
            return True
        return self.referral_open and not self.sos_says_stop


@dataclass(frozen=True, kw_only=True, slots=True)
class TestCount:
    """Counts of planned tests of one DMC × functional group × kind × provider.

    ``dmc`` None is the bucket of tests tied to no DMC. Only *finally* approved de-scoping is in ``descoped``
    (12.6(a)), and a de-scoped test is in no other count: ``planned = descoped + executed + not_run`` and
    ``executed = passed + failed``. The latest valid execution of each test counts; skipped, disabled and impeded runs
    are no executions. ``assured_passed`` of the ``passed`` have been assured by the DCC (9.5(b)).
    ``exit_executed`` and ``exit_passed`` count only runs on the stage exit versions (row 2; regression only).
    """

    dmc: str | None
    functional_group: str | None
    kind: TestKind
    provider: str | None
    planned: Count
    descoped: Count = 0
    executed: Count = 0
    passed: Count = 0
    failed: Count = 0
    not_run: Count = 0
    assured_passed: Count = 0
    exit_executed: Count = 0
    exit_passed: Count = 0

    @property
    def due(self) -> int:
        """Planned less finally de-scoped: the denominator of every rule."""
        return self.planned - self.descoped


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedTestRow:
    """One planned test that did not simply pass, or is de-scoped: what a page links to.

    ``descope`` is the state of a request to de-scope it, ``descope_matter`` its matter; ``ran_and_failed`` marks a
    test that had failed before it was proposed for de-scoping, which makes that contestable (12.6(a)).
    """

    id: Id
    reference: str
    kind: TestKind
    status: TestRowStatus
    title: str = ""
    dmc: str | None = None
    functional_group: str | None = None
    provider: str | None = None
    versions: str | None = None
    descope: DescopeState | None = None
    descope_matter: str | None = None
    ran_and_failed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftCount:
    """A recorded determination that takes an issue out of the count (13.19).

    Without a determination *and* reasons the issue counts after all: otherwise the DCC could empty the count alone.
    """

    reason: LeftReason
    determination: str | None
    reasons: str


@dataclass(frozen=True, kw_only=True, slots=True)
class IssueFact:
    """A Testing Issue that is open, or left the count by a determination. Closed ones are not listed.

    ``severity`` is the DCC's (14.4) unless TAG decided otherwise; None means not determined. ``provider`` None with
    cause DCC is the DCC's own cell; with any other cause it is unattributed. ``eligibility_complete`` matters for
    Interface Testing: whether the Party that raised it completed Eligibility Testing (13.23(b)).
    """

    id: Id
    reference: str
    title: str
    raised_release: str
    raised_phase_kind: str
    severity: str | None
    provider: str | None
    cause: Cause
    state: IssueState
    left: LeftCount | None = None
    eligibility_complete: bool | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ExclusionFact:
    """A proposal that an issue should not count in this phase (13.20), its matter and how far it has come."""

    issue: Id
    state: ExclusionState
    matter: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DisputeFact:
    """A dispute of the severity that the DCC gave an issue (14.2). Only pending ones have an effect."""

    issue: Id
    participant_severity: str
    state: DisputeState = DisputeState.RAISED
    matter: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CountDecisionFact:
    """Whether an issue counts: SCT issues in SIT (13.22), presented issues in Interface Testing (13.23(ii))."""

    issue: Id
    state: CountState
    matter: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class EvidenceGap:
    """An execution without evidence, or whose stored file is gone or no longer matches its SHA-256."""

    id: Id
    reference: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ExecutionEvidence:
    """Evidence of the counted executions (12.6(d)).

    ``executed = with_evidence + no_file_needed + missing``; ``hash_failed`` of those with evidence have a file that
    is gone or no longer matches its SHA-256. ``gaps`` lists the missing and the failed, or the first of them.
    """

    executed: Count
    with_evidence: Count
    no_file_needed: Count = 0
    missing: Count = 0
    hash_failed: Count = 0
    gaps: tuple[EvidenceGap, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class IssueLogFact:
    """The newest stored Testing Issue log (9.2): its file, when it was generated, how many issues it holds."""

    id: Id
    sha256: Sha256
    generated_at: datetime
    issues: Count
    intact: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """One item that a report answers, by clause: ``19.4(a)`` confirmed or not."""

    clause: Id
    confirmed: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class EvidenceFact:
    """A piece of attached evidence. It counts only with a file: ``sha256`` given and ``intact``.

    ``provider`` None covers the whole phase. ``intact`` is False where the stored file is gone or no longer matches.
    ``matter`` is the decision that brought it to its state, where one is needed (9.6).
    """

    id: Id
    kind: EvidenceKind
    state: EvidenceState
    title: str = ""
    provider: str | None = None
    sha256: Sha256 | None = None
    intact: bool = True
    matter: str | None = None
    statements: tuple[Statement, ...] = ()

    @property
    def is_stored(self) -> bool:
        """Whether its file is there and is the one that was attached."""
        return self.sha256 is not None and self.intact


@dataclass(frozen=True, kw_only=True, slots=True)
class CertificateFact:
    """The Test Completion Certificate of one provider, in its present state. ``issued_on`` is a London date.

    After a re-issue the first date stays: the clock of 15.1 is not restarted (text silent).
    """

    id: Id
    provider: Id
    state: CertificateState
    issued_on: date | None = None
    reference: str = ""
    matter: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkOffItemFact:
    """An issue in a Work Off Plan. ``due`` None on severity 1 or 2 means that TAB has yet to set it.

    ``corrected`` is the day of the last correction plan that TAB approved for it (15.2).
    """

    issue: Id
    reference: str
    state: WorkOffItemState = WorkOffItemState.OPEN
    severity: str | None = None
    provider: str | None = None
    due: date | None = None
    corrected: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkOffPlanFact:
    """A Work Off Plan (15.1) of a provider, or of the phase (``provider`` None).

    ``clock_start`` is the day that TAB set where the phase has no certificate to start the clock from.
    """

    id: Id
    state: WorkOffPlanState
    reference: str = ""
    provider: str | None = None
    sha256: Sha256 | None = None
    intact: bool = True
    matter: str | None = None
    clock_start: date | None = None
    items: tuple[WorkOffItemFact, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class PrecursorPhase:
    """A Test Phase that this one follows in the same release, with its certificates and Work Off Plans.

    ``providers`` are those whose certificate is needed (12.5(b)).
    """

    scope: Id
    title: str
    phase_kind: str
    release: str
    providers: tuple[str, ...] = ()
    certificates: tuple[CertificateFact, ...] = ()
    work_off_plans: tuple[WorkOffPlanFact, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ParameterFact:
    """A value that an administrator set, with its source and approver. ``value`` None is an empty parameter."""

    key: Id
    value: str | None
    source: str = ""
    approver: str = ""
    effective_from: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """The snapshot of one Test Phase at ``as_at``.

    ``issues`` holds this phase kind's in this and earlier releases; ``considered_issues`` those from elsewhere that
    may be counted by a decision (SIT: open SCT issues to date, 13.22; Interface Testing: 13.23(c)).
    ``issues_raised`` is every Testing Issue raised in this phase, closed ones too. ``precursors`` None means that
    nobody recorded which phases come before. ``watermark`` names the last run taken in. ``criteria_version`` is the
    version in effect of the document that holds the phase's other criteria, "" where none is; ``entered_criteria`` are
    those that were entered of it.

    Lists are kept sorted by identifier, so that the order in which rows were read never changes the hash.
    """

    document: Id
    version: Id
    programme: str
    release: Id
    phase_kind: Id
    scope: Id
    as_at: datetime
    title: str = ""
    watermark: str = ""
    providers: tuple[ProviderFact, ...] = ()
    dmcs: tuple[DmcFact, ...] = ()
    test_counts: tuple[TestCount, ...] = ()
    test_rows: tuple[PlannedTestRow, ...] = ()
    stage_exit_versions: str | None = None
    issues: tuple[IssueFact, ...] = ()
    exclusions: tuple[ExclusionFact, ...] = ()
    disputes: tuple[DisputeFact, ...] = ()
    considered_issues: tuple[IssueFact, ...] = ()
    count_decisions: tuple[CountDecisionFact, ...] = ()
    execution_evidence: ExecutionEvidence | None = None
    issue_log: IssueLogFact | None = None
    issues_raised: Count | None = None
    last_issue_raised_at: datetime | None = None
    last_execution_at: datetime | None = None
    evidence: tuple[EvidenceFact, ...] = ()
    certificates: tuple[CertificateFact, ...] = ()
    work_off_plans: tuple[WorkOffPlanFact, ...] = ()
    precursors: tuple[PrecursorPhase, ...] | None = None
    entry: EntryFacts | None = None
    criteria_version: str = ""
    entered_criteria: tuple[EnteredCriterionFact, ...] = ()
    parameters: tuple[ParameterFact, ...] = ()
    non_working_days: tuple[date, ...] = ()

    def __post_init__(self) -> None:
        """Sort the lists; nothing is checked here (see :func:`check_integrity`)."""
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, tuple) and len(value) > 1:
                object.__setattr__(self, field.name, tuple(sorted(value, key=SORT_KEYS[field.name])))

    @classmethod
    def from_json(cls, value: Json) -> Facts:
        """Read the JSON form. Raises :class:`FactsError` naming the path of the first bad value."""
        facts = codec.decode(cls, value, path="facts")
        check_integrity(facts)
        return facts

    def to_json(self) -> dict[str, Json]:
        """The JSON form, every field written, instants in UTC."""
        result: dict[str, Json] = codec.encode(self)
        return result

    def canonical_json(self) -> str:
        """The one spelling of these facts: what is stored and attached."""
        return codec.canonical_json(self.to_json())


def facts_sha256(facts: Facts) -> str:
    """SHA-256 over the canonical JSON without ``as_at``: the same facts looked at later hash the same."""
    return spelled(facts)[1]


def spelled(facts: Facts) -> tuple[str, str]:
    """The canonical JSON of facts, and their hash (see :func:`facts_sha256`)."""
    return codec.spelling(facts.to_json(), besides="as_at")
