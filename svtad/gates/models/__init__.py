"""Shapes of the gates app."""

from svtad.gates.models.assessment import Assessment, AssessmentFinding, FiledReport
from svtad.gates.models.deselections import DmcDeselection
from svtad.gates.models.evidence import EvidenceItem, EvidenceReview, EvidenceWithdrawal
from svtad.gates.models.papers import (
    ApprovalToProceed,
    TestCompletionCertificate,
    WorkOffPlan,
    WorkOffPlanItem,
    WorkOffPlanItemChange,
)

__all__ = [
    "ApprovalToProceed",
    "Assessment",
    "AssessmentFinding",
    "DmcDeselection",
    "EvidenceItem",
    "EvidenceReview",
    "EvidenceWithdrawal",
    "FiledReport",
    "TestCompletionCertificate",
    "WorkOffPlan",
    "WorkOffPlanItem",
    "WorkOffPlanItemChange",
]
