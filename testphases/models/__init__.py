"""Shapes of the testphases app, one subject a file."""

from testphases.models.descoping import DescopeItem, DescopeRequest, Descoping, DescopingEnd
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
    ScopeParticipation,
    ScopeStateChange,
    TestScope,
    TestStage,
)

__all__ = [
    "CapabilityRelease",
    "ComponentVersionSet",
    "DescopeItem",
    "DescopeRequest",
    "Descoping",
    "DescopingEnd",
    "FactsChanged",
    "InstallationType",
    "LatestRun",
    "Outcome",
    "PlannedTest",
    "PlannedTestVersion",
    "Programme",
    "ResultArrival",
    "RunAssurance",
    "RunEvidence",
    "RunVoid",
    "ScopeParticipation",
    "ScopeStateChange",
    "StageExitVersions",
    "TestDefinition",
    "TestKind",
    "TestRun",
    "TestScope",
    "TestStage",
    "UnmatchedResult",
]
