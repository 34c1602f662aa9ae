"""Shapes of the gates app."""

from svtad.gates.models.assessment import Assessment, AssessmentFinding, FiledReport
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
from svtad.gates.models.signed import CertificatePaper, SealedPack, SigningCertificate

__all__ = [
    "ApprovalToProceed",
    "Assessment",
    "AssessmentFinding",
    "CertificatePaper",
    "CorrectionPlan",
    "DmcDeselection",
    "EvidenceItem",
    "EvidenceReview",
    "EvidenceWithdrawal",
    "FiledReport",
    "SealedPack",
    "SigningCertificate",
    "TestCompletionCertificate",
    "WorkOffPlan",
    "WorkOffPlanItem",
    "WorkOffPlanItemChange",
]
