"""The Code's words as enumerations: verdicts, steps, and the states that a fact may be in.

What differs between documents (phase kinds, severities, the order of Capability Releases) is *not* here: those are
strings of the edition (:mod:`svtad.rulebook.editions`). Every member's value is its name, so that the database, the
facts file and the API all write one spelling.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Verdict(StrEnum):
    """What a criterion, a cell of it, or a whole phase comes to."""

    MET = "MET"
    NOT_MET = "NOT_MET"
    CANNOT_EVALUATE = "CANNOT_EVALUATE"
    """A fact, a parameter or a document is missing: the finding says which."""
    BLOCKED = "BLOCKED"
    """A pending severity dispute could change the result, so no decision may be made (14.5)."""

    @property
    def opens_gate(self) -> bool:
        """Whether a gate that the software keeps (entry, a certificate) may open: only on MET."""
        return self is Verdict.MET


COMBINATION_ORDER: tuple[Verdict, ...] = (
    Verdict.NOT_MET,
    Verdict.BLOCKED,
    Verdict.CANNOT_EVALUATE,
    Verdict.MET,
)
"""Which verdict wins when several are joined (our reading): the first in this order that occurs."""


def combine(verdicts: Iterable[Verdict]) -> Verdict:
    """Join verdicts of cells into a criterion's, or of criteria into a phase's.

    Any NOT_MET wins, else BLOCKED, else CANNOT_EVALUATE, else MET (our reading of how criteria add up). Nothing to
    join is MET: callers for whom "nothing" means that a fact is missing must say so themselves.
    """
    present = set(verdicts)
    return next((verdict for verdict in COMBINATION_ORDER if verdict in present), Verdict.MET)


class Step(StrEnum):
    """The steps in which a phase is judged, in order (rule 10), and the judgement on entry.

    A step judges what comes before it and ignores its own and later outputs; that is what breaks the circles
    between 12.6(i), Table 13.1 row 8, 9.7 and 19.4(d).
    """

    ENTRY = "ENTRY"
    """12.5(a) to (e) and the gate of 12.3, before the phase starts."""
    REPORTS = "REPORTS"
    """Before the 9.4 and 9.5 reports: 12.6(a) to (h) and rows 1 to 5."""
    CERTIFICATES = "CERTIFICATES"
    """Before Test Completion Certificates: adds the reports of 12.6(i) and row 8."""
    COMPLETION = "COMPLETION"
    """Before the Completion Report and the SIT Audit Report: adds the certificates of 12.6(i)."""
    PANEL = "PANEL"
    """Before the Panel determines (13.16): adds rows 6 and 7. SIT only."""


class TestKind(StrEnum):
    """What a planned test is for: Table 13.1 row 1 (functional) or row 2 (regression)."""

    FUNCTIONAL = "FUNCTIONAL"
    REGRESSION = "REGRESSION"


class Outcome(StrEnum):
    """What one run of a test came to, as its tool recorded it."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    ERROR = "ERROR"
    SKIPPED = "SKIPPED"
    DISABLED = "DISABLED"
    IMPEDED = "IMPEDED"

    @property
    def executed(self) -> bool:
        """Whether the run is an execution: passed and failed (an error is a failure) are, the rest are not."""
        return self in (Outcome.PASSED, Outcome.FAILED, Outcome.ERROR)

    @property
    def passed(self) -> bool:
        """Whether the run counts as a pass."""
        return self is Outcome.PASSED

    @property
    def failed(self) -> bool:
        """Whether the run counts as a failure; an error does."""
        return self in (Outcome.FAILED, Outcome.ERROR)


class TestRowStatus(StrEnum):
    """Why one planned test is listed in the facts (what simply passed is only counted)."""

    NOT_RUN = "NOT_RUN"
    FAILED = "FAILED"
    WRONG_VERSION = "WRONG_VERSION"
    """A regression test whose latest execution is not on the stage exit versions (Table 13.1 row 2)."""
    DESCOPED = "DESCOPED"
    """Finally approved to be de-scoped (12.6(a)): out of the denominator."""


class DescopeState(StrEnum):
    """A request to de-scope a planned test (12.6(a))."""

    PROPOSED = "PROPOSED"
    TAB_APPROVED = "TAB_APPROVED"
    TAB_REJECTED = "TAB_REJECTED"
    AWAITING_SOS = "AWAITING_SOS"
    SOS_APPROVED = "SOS_APPROVED"
    SOS_REJECTED = "SOS_REJECTED"


class DmcState(StrEnum):
    """Whether a Device Model Combination is selected for the phase's testing (13.3 to 13.8)."""

    SELECTED = "SELECTED"
    DESELECTED = "DESELECTED"
    REINSTATED = "REINSTATED"


class IssueState(StrEnum):
    """The life of a Testing Issue."""

    RAISED = "RAISED"
    DETERMINED = "DETERMINED"
    IN_FIX = "IN_FIX"
    FIXED = "FIXED"
    RETEST = "RETEST"
    CLOSED = "CLOSED"
    REJECTED = "REJECTED"

    @property
    def is_open(self) -> bool:
        """Open is all but CLOSED and REJECTED: a fixed issue that awaits its retest counts (13.18)."""
        return self not in (IssueState.CLOSED, IssueState.REJECTED)


class Cause(StrEnum):
    """What a Testing Issue arose from, as the DCC determined it (13.19)."""

    DCC_SYSTEM = "DCC_SYSTEM"
    """The Modified DCC Total System, in the part of one DCC Service Provider."""
    DCC = "DCC"
    """The DCC itself: a cell of its own beside the providers (our choice)."""
    DEVICE = "DEVICE"
    PARTICIPANT = "PARTICIPANT"
    OTHER = "OTHER"
    UNSET = "UNSET"

    @property
    def is_not_dcc(self) -> bool:
        """Whether the cause is outside the DCC and the Modified DCC Total System (13.19)."""
        return self in (Cause.DEVICE, Cause.PARTICIPANT, Cause.OTHER)


class LeftReason(StrEnum):
    """Why a Testing Issue of the phase kind does not count although it was raised and not closed (13.19)."""

    NOT_DCC_CAUSED = "NOT_DCC_CAUSED"
    REJECTED = "REJECTED"


class ExclusionState(StrEnum):
    """A proposal not to count an issue (13.20, 13.21)."""

    PROPOSED = "PROPOSED"
    TAG_AGREED = "TAG_AGREED"
    TAG_REJECTED = "TAG_REJECTED"
    REFERRED = "REFERRED"
    SOS_UPHELD = "SOS_UPHELD"
    SOS_DISMISSED = "SOS_DISMISSED"

    @property
    def excludes(self) -> bool:
        """Whether the issue is out of the count: only once TAG agreed or the SoS upheld the proposal."""
        return self in (ExclusionState.TAG_AGREED, ExclusionState.SOS_UPHELD)


class DisputeState(StrEnum):
    """A severity dispute before TAG (14.2)."""

    RAISED = "RAISED"
    DECIDED = "DECIDED"
    WITHDRAWN = "WITHDRAWN"

    @property
    def is_pending(self) -> bool:
        """Pending until TAG has decided and notified (14.4), or the raiser withdrew."""
        return self is DisputeState.RAISED


class CountState(StrEnum):
    """Whether an issue from elsewhere counts: SCT issues in SIT (13.22), presented issues (13.23(ii))."""

    UNDECIDED = "UNDECIDED"
    COUNT = "COUNT"
    NOT_COUNT = "NOT_COUNT"
    COUNT_REFERRED = "COUNT_REFERRED"
    """TAG's view was to count; the DCC referred it (13.24). TAG's view stands meanwhile (inferred)."""
    NOT_COUNT_REFERRED = "NOT_COUNT_REFERRED"
    SOS_COUNT = "SOS_COUNT"
    SOS_NOT_COUNT = "SOS_NOT_COUNT"

    @property
    def counts(self) -> bool | None:
        """True or False as the standing view says; None while nobody has decided."""
        if self is CountState.UNDECIDED:
            return None
        return self in (CountState.COUNT, CountState.COUNT_REFERRED, CountState.SOS_COUNT)


class CertificateState(StrEnum):
    """A Test Completion Certificate of one DCC Service Provider (clause 1, 15.2)."""

    DRAFT = "DRAFT"
    TAB_APPROVED = "TAB_APPROVED"
    ISSUED = "ISSUED"
    REVOKED = "REVOKED"
    REISSUE_APPROVED = "REISSUE_APPROVED"
    REISSUED = "REISSUED"

    @property
    def is_in_force(self) -> bool:
        """Whether the certificate stands: issued or re-issued, and not revoked."""
        return self in (CertificateState.ISSUED, CertificateState.REISSUED)


class WorkOffPlanState(StrEnum):
    """A Work Off Plan (15.1)."""

    DRAFT = "DRAFT"
    TAB_APPROVED = "TAB_APPROVED"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETE = "COMPLETE"

    @property
    def is_approved(self) -> bool:
        """Whether TAB approved the plan (15.1): every state but DRAFT comes after that."""
        return self is not WorkOffPlanState.DRAFT


class WorkOffItemState(StrEnum):
    """One item of a Work Off Plan; overdue is derived, not a state."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"
    RERUN_PASSED = "RERUN_PASSED"


class ApprovalState(StrEnum):
    """An approval to proceed certificate (12.5(e))."""

    DRAFT = "DRAFT"
    ISSUED = "ISSUED"


class DocumentState(StrEnum):
    """A governing document version, such as a Testing Approach Document (clauses 3 and 4)."""

    DRAFT = "DRAFT"
    CONSULTING = "CONSULTING"
    SUBMITTED = "SUBMITTED"
    RETURNED = "RETURNED"
    APPROVED = "APPROVED"
    EFFECTIVE = "EFFECTIVE"
    SUPERSEDED = "SUPERSEDED"

    @property
    def is_approved(self) -> bool:
        """Whether the Secretary of State approved it (3.4) and nothing replaced it."""
        return self in (DocumentState.APPROVED, DocumentState.EFFECTIVE)


class CriterionGate(StrEnum):
    """On which side of a Test Phase or Test Stage a criterion stands (12.3, 12.4)."""

    ENTRY = "ENTRY"
    EXIT = "EXIT"


class StageState(StrEnum):
    """The life of a Test Stage (12.4)."""

    PLANNED = "PLANNED"
    RUNNING = "RUNNING"
    DONE = "DONE"


class ReleaseState(StrEnum):
    """The life of a Capability Release (7.2, 9.8)."""

    PLANNED = "PLANNED"
    IN_TEST = "IN_TEST"
    READY = "READY"
    LIVE = "LIVE"


class EligibilityState(StrEnum):
    """How far a Party has come with Eligibility Testing in a User Role (13.25)."""

    NOT_STARTED = "NOT_STARTED"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETE = "COMPLETE"


class EvidenceKind(StrEnum):
    """What a piece of attached evidence is."""

    TEST_PLAN = "TEST_PLAN"
    """9.1, 12.5(a)"""
    TEST_SPECIFICATION = "TEST_SPECIFICATION"
    """12.5(c)"""
    TTM = "TTM"
    """Test Traceability Matrix: 11.1, 12.5(c), Table 13.1 row 6"""
    READINESS = "READINESS"
    """12.5(d)"""
    PROVIDER_REPORT = "PROVIDER_REPORT"
    """9.4"""
    ASSURANCE_REPORT = "ASSURANCE_REPORT"
    """9.5, 9.6, Table 13.1 row 8"""
    COMPLETION_REPORT = "COMPLETION_REPORT"
    """9.7, 16.5"""
    SIT_AUDIT_REPORT = "SIT_AUDIT_REPORT"
    """19.4, Table 13.1 rows 6 and 7"""
    TEST_HEATMAP = "TEST_HEATMAP"
    """Table 13.1 row 7"""
    ISSUE_LOG = "ISSUE_LOG"
    """9.2, 12.6(e), Table 13.1 row 5"""
    TEST_RESULT = "TEST_RESULT"
    """12.6(d), Table 13.1 row 4"""
    OTHER = "OTHER"


class EvidenceState(StrEnum):
    """How far a piece of evidence has come; which states its kind may take is its owner's business."""

    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    ACCEPTED = "ACCEPTED"
    RETURNED = "RETURNED"
    SIGNED_OFF = "SIGNED_OFF"
    PRESENTED = "PRESENTED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    SHARED_WITH_TAG = "SHARED_WITH_TAG"
    INTERIM = "INTERIM"
    FINAL = "FINAL"
    ISSUED = "ISSUED"


class Body(StrEnum):
    """Who may take a step of a procedure."""

    DCC = "DCC"
    TAB = "TAB"
    TAG = "TAG"
    PANEL = "PANEL"
    SOS = "SOS"
    PARTICIPANT = "PARTICIPANT"
    """A Testing Participant (14.2)."""
    PROVIDER = "PROVIDER"
    """A DCC Service Provider (9.4)."""
    SUPPLIER = "SUPPLIER"
    """A Supplier Party (13.4, 13.7)."""
    SIT_AUDITOR = "SIT_AUDITOR"
    AUTHORITY = "AUTHORITY"
    """The Gas and Electricity Markets Authority."""


class DisputeReading(StrEnum):
    """Which severities TAG may choose in a dispute (14.2 does not say): a setting."""

    BETWEEN = "between"
    EITHER = "either"
    ANY = "any"


class CarryOverReading(StrEnum):
    """Which earlier releases' open issues count (13.18 "as the case may be"): a setting."""

    ALL_EARLIER = "all_earlier"
    IMMEDIATELY_PRECEDING = "immediately_preceding"


def phase_kind_words(kind: str) -> str:
    """What a phase kind is called within a sentence: ``SIT``, but ``Active MMT`` for ``ACTIVE_MMT``."""
    if kind == "INTERFACE":
        return "Interface Testing"
    return " ".join(part if len(part) <= 4 else part.capitalize() for part in kind.split("_"))
