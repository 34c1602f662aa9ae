"""Shapes of the gates app."""

from svtad.gates.models.assessment import Assessment, AssessmentFinding, FiledReport
from svtad.gates.models.copies import PartyCopies, PartyCopy, SharedCopy
from svtad.gates.models.deselections import DmcDeselection
from svtad.gates.models.evidence import EvidenceItem, EvidenceReview, EvidenceWithdrawal
from svtad.gates.models.papers import (
    ApprovalToProceed,
    CorrectionPlan,
    TestCompletionCertificate,
    WorkOffPlan,
    WorkOffPlanItem,
    WorkOffPlanItemChange,
)
from svtad.gates.models.releases import CriterionAnswer, ReleaseMatter, RepeatDocument
from svtad.gates.models.signed import CertificatePaper, SealedPack, SigningCertificate

__all__ = [
    "ApprovalToProceed",
    "Assessment",
    "AssessmentFinding",
    "CertificatePaper",
    "CorrectionPlan",
    "CriterionAnswer",
    "DmcDeselection",
    "EvidenceItem",
    "EvidenceReview",
    "EvidenceWithdrawal",
    "FiledReport",
    "PartyCopies",
    "PartyCopy",
    "ReleaseMatter",
    "RepeatDocument",
    "SealedPack",
    "SharedCopy",
    "SigningCertificate",
    "TestCompletionCertificate",
    "WorkOffPlan",
    "WorkOffPlanItem",
    "WorkOffPlanItemChange",
]
