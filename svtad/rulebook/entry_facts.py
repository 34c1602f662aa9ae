"""Facts that entry hangs on (12.3, 12.5, 5.7, 7.3), and criteria that were entered by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from svtad.rulebook.codec import Id
from svtad.rulebook.vocabulary import ApprovalState, CriterionGate, DocumentState


@dataclass(frozen=True, kw_only=True, slots=True)
class OverlapApproval:
    """5.7: SIT and Interface Testing may overlap after TAG reviewed and the Panel agreed; or the Panel refused."""

    tag_reviewed_on: date | None = None
    panel_agreed_on: date | None = None
    matter: str | None = None
    panel_refused_on: date | None = None

    @property
    def is_pending(self) -> bool:
        """Whether it is still before TAG or the Panel."""
        return self.panel_agreed_on is None and self.panel_refused_on is None

    def is_agreed_by(self, day: date) -> bool:
        """Whether TAG had reviewed it and the Panel agreed after that, by a London day."""
        if self.tag_reviewed_on is None or self.panel_agreed_on is None:
            return False
        return self.tag_reviewed_on <= self.panel_agreed_on <= day


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningPhase:
    """A Test Phase of the same release that has started and is not complete, and may not be overlapped freely (5.7)."""

    scope: Id
    title: str
    phase_kind: Id


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangedDocumentFact:
    """A document version that the DCC changed for a repeated Interface Testing (7.3), and from when it is in effect.

    ``effective_on`` is a London date; None where no day is entered.
    """

    document: Id
    version: Id
    effective_on: date | None = None

    def is_in_effect(self, day: date) -> bool:
        """Whether it was in effect on a London day."""
        return self.effective_on is not None and self.effective_on <= day


@dataclass(frozen=True, kw_only=True, slots=True)
class InterfaceRepeatFact:
    """7.3: whether the Secretary of State directed that Interface Testing be repeated for the release, and when.

    ``matter`` names the matter of the direction, else the last one asked about; None where no change was proposed.
    """

    matter: str | None = None
    directed_on: date | None = None
    documents: tuple[ChangedDocumentFact, ...] = ()

    @property
    def is_directed(self) -> bool:
        """Whether a direction was given."""
        return self.directed_on is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class EnteredCriterionFact:
    """A criterion that the edition does not hold, entered from its document or test plan, and how it is answered.

    ``clause`` is the source's own. ``met`` None: nobody has said. ``evidence`` names what the answer rests on.
    """

    id: Id
    gate: CriterionGate
    clause: str
    text: str
    met: bool | None = None
    reasons: str = ""
    evidence: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadinessItem:
    """One of the six test resources of 12.5(d) and what was confirmed of it."""

    item: Id
    in_place: bool
    secure: bool
    ready: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalToProceedFact:
    """The approval to proceed certificate of the phase (12.5(e))."""

    id: Id
    state: ApprovalState
    reference: str = ""
    matter: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ApproachDocumentFact:
    """The Testing Approach Document that this phase waits for (12.3). ``effective_on`` is a London date."""

    document: Id
    version: str
    state: DocumentState
    effective_on: date | None = None
    matter: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class EntryFacts:
    """What only entry asks (12.5, 12.3). Plans, specification and TTM are among ``Facts.evidence``.

    ``running`` are the phases that this one would overlap against 5.7; ``repeat`` is what 7.3 asks of it.
    """

    readiness: tuple[ReadinessItem, ...] = ()
    overlap: OverlapApproval | None = None
    approval_to_proceed: ApprovalToProceedFact | None = None
    approach_document: ApproachDocumentFact | None = None
    running: tuple[RunningPhase, ...] = ()
    repeat: InterfaceRepeatFact | None = None
