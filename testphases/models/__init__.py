"""Shapes of the testphases app, one subject a file."""

from testphases.models.descoping import DescopeItem, DescopeRequest, Descoping, DescopingEnd
from testphases.models.eligibility import Eligibility, EligibilityChange
from testphases.models.plan import InstallationType, PlannedTest, PlannedTestVersion, TestDefinition, TestKind
from testphases.models.runs import (
    ComponentVersionSet,
    LatestRun,
    Outcome,
    ResultArrival,
    RunAssurance,
    RunEvidence,
    RunVoid,
    StageExitVersions,
    TestRun,
    UnmatchedResult,
)
from testphases.models.scopes import (
    CapabilityRelease,
    FactsChanged,
    Programme,
    ReleaseStateChange,
    ScopeParticipation,
    ScopeStateChange,
    TestScope,
)
from testphases.models.stages import StageAnswer, StageCriterion, StagePlan, StageStateChange, TestStage

__all__ = [
    "CapabilityRelease",
    "ComponentVersionSet",
    "DescopeItem",
    "DescopeRequest",
    "Descoping",
    "DescopingEnd",
    "Eligibility",
    "EligibilityChange",
    "FactsChanged",
    "InstallationType",
    "LatestRun",
    "Outcome",
    "PlannedTest",
    "PlannedTestVersion",
    "Programme",
    "ReleaseStateChange",
    "ResultArrival",
    "RunAssurance",
    "RunEvidence",
    "RunVoid",
    "ScopeParticipation",
    "ScopeStateChange",
    "StageAnswer",
    "StageCriterion",
    "StageExitVersions",
    "StagePlan",
    "StageStateChange",
    "TestDefinition",
    "TestKind",
    "TestRun",
    "TestScope",
    "TestStage",
    "UnmatchedResult",
]
