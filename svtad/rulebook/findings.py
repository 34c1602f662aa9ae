"""What the judge says: one finding per criterion, each with its clause, numbers, limit and what stands in the way.

Findings are stored, shown on pages, printed in reports and answered by the API, so they carry everything a reader
needs and nothing that must be looked up again. Identifiers are those of the facts.
"""

from __future__ import annotations

from dataclasses import dataclass

from svtad.rulebook import codec
from svtad.rulebook.codec import Json
from svtad.rulebook.vocabulary import Step, Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Citation:
    """A clause, always with its document and version: 13.10 is one thing in v1.23 and another in v1.5."""

    document: str
    version: str
    clause: str

    def __str__(self) -> str:
        """As people write it: ``SVTAD v1.23, 12.6(a)``."""
        return f"{self.document} v{self.version}, {self.clause}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Number:
    """A labelled number the verdict rests on: an integer as digits, or an exact fraction such as ``17/20``."""

    label: str
    value: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ThresholdCell:
    """One DCC Service Provider × severity cell of Table 13.2.

    ``count`` is at the DCC's severities (14.4) and is made of ``own`` (this release), ``carried`` (13.18) and
    ``considered`` (13.22, 13.23) issues; ``excluded`` ones are not in it. ``lowest`` and ``highest`` are what pending
    disputes could make of it. ``headroom`` is limit − count, below 0 when over.
    """

    provider: str
    provider_name: str
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
    verdict: Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class DmcCell:
    """One Device Model Combination's execution and pass rate. ``dmc`` None: tests tied to no DMC.

    ``due`` is planned less de-scoped; ``needed`` the fewest passes that meet the minimum, None where no minimum is
    set. ``assured`` of the ``passed`` were assured by the DCC (9.5(b)). ``verdict`` None: not applicable, see ``note``.
    """

    dmc: str | None
    name: str
    planned: int
    descoped: int
    due: int
    executed: int
    passed: int
    failed: int
    not_run: int
    assured: int
    needed: int | None
    verdict: Verdict | None
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Blocker:
    """A thing that stands in the way. ``kind`` says what ``id`` names, so that a page can link it.

    Kinds: test, dmc, issue, dispute, exclusion, count_decision, provider, evidence, certificate, work_off_plan,
    work_off_item, phase, readiness, approval, document, matter, entered_criterion, issue_log, execution. ``pending`` is
    True where only an undecided matter before a body stands in the way (the page's "Awaiting").
    """

    kind: str
    id: str
    reference: str
    text: str
    pending: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadingUsed:
    """A reading of an unclear text that this verdict rests on, and whether it is the default."""

    key: str
    value: str
    text: str
    is_default: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Missing:
    """Why something cannot be evaluated. ``kind``: fact, parameter or document."""

    kind: str
    key: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerLine:
    """One issue in the include/exclude ledger: does it count, why, by which clause and whose determination.

    ``origin``: own, carried, considered. ``decision`` names the matter or determination that decided it.
    """

    issue: str
    reference: str
    title: str
    provider: str | None
    severity: str | None
    raised_release: str
    raised_phase_kind: str
    origin: str
    counted: bool
    why: str
    clause: str
    decision: str | None = None
    disputed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class DueLine:
    """The date of 15.1 for one open issue. ``due`` is an ISO date, None where it cannot be said: see ``note``.

    ``clock_start`` is the issue date of the provider's certificate, or the day that TAB set. Where TAB approved a
    correction plan (15.2) ``due`` is the day of that, and ``first_due`` the one that it took the place of.
    """

    issue: str
    reference: str
    provider: str | None
    severity: str | None
    working_days: int | None
    clock_start: str | None
    due: str | None
    note: str = ""
    first_due: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class EvidenceLine:
    """A piece of evidence that the finding looked at: its id, SHA-256 and what it is."""

    kind: str
    id: str
    title: str
    provider: str | None
    state: str
    sha256: str | None
    accepted: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One criterion, judged.

    ``key`` is stable within an edition (``12.6(a)``, ``T13.1-1``). ``title`` is short; ``clause_text`` the clause in
    our words; ``summary`` one sentence of why. A row of Table 13.1 that only details a generic criterion names it in
    ``parents`` and has the same verdict: it is judged once and never counts twice. ``numbers`` in reading order;
    ``limit`` in words. ``awaiting``: NOT_MET only because a matter is still open before a body (for display; what is
    judged is NOT_MET).
    """

    key: str
    citation: Citation
    title: str
    clause_text: str
    verdict: Verdict
    summary: str
    parents: tuple[str, ...] = ()
    numbers: tuple[Number, ...] = ()
    limit: str | None = None
    thresholds: tuple[ThresholdCell, ...] = ()
    dmcs: tuple[DmcCell, ...] = ()
    blockers: tuple[Blocker, ...] = ()
    readings: tuple[ReadingUsed, ...] = ()
    missing: tuple[Missing, ...] = ()
    notes: tuple[str, ...] = ()
    ledger: tuple[LedgerLine, ...] = ()
    evidence: tuple[EvidenceLine, ...] = ()
    dates: tuple[DueLine, ...] = ()
    awaiting: bool = False

    @property
    def is_detail(self) -> bool:
        """Whether it details another criterion and so is not counted by itself."""
        return bool(self.parents)


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """A phase judged in one step: the verdict and a finding per criterion.

    ``provider`` is set where a certificate of one DCC Service Provider is at stake. ``facts_sha256`` is the hash of
    the facts that this step looks at (:func:`svtad.rulebook.relevance.relevant_facts`), without ``as_at``.
    """

    document: str
    version: str
    release: str
    phase_kind: str
    scope: str
    step: Step
    provider: str | None
    as_at: str
    facts_sha256: str
    verdict: Verdict
    findings: tuple[Finding, ...]

    @property
    def criteria(self) -> tuple[Finding, ...]:
        """The findings that count by themselves: 12.6(a) to (i) and rows 6 and 7, eleven for SIT at PANEL."""
        return tuple(finding for finding in self.findings if not finding.is_detail)

    def finding(self, key: str) -> Finding:
        """The finding of that key. Raises ``KeyError`` where this step does not judge it."""
        for finding in self.findings:
            if finding.key == key:
                return finding
        raise KeyError(key)

    def details_of(self, key: str) -> tuple[Finding, ...]:
        """The rows of Table 13.1 that stand beneath that criterion."""
        return tuple(finding for finding in self.findings if key in finding.parents)

    @classmethod
    def from_json(cls, value: Json) -> Judgement:
        """Read the JSON form. Raises :class:`svtad.rulebook.codec.FactsError` naming the path of a bad value."""
        return codec.decode(cls, value, path="judgement")

    def to_json(self) -> dict[str, Json]:
        """The JSON form, every field written."""
        result: dict[str, Json] = codec.encode(self)
        return result
