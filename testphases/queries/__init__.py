"""What a Test Phase holds: the one aggregate that judgements rest on, and lists for pages and REST."""

from testphases.queries.counts import (
    EvidenceCounts,
    EvidenceGapRow,
    PlanCell,
    PlanCounts,
    PlanRowStatus,
    TestRow,
    add_up,
    plan_counts,
)
from testphases.queries.lists import (
    current_exit_versions,
    descoped_now,
    participants,
    planned_now,
    runs_of,
    scopes_called,
    scopes_for,
    unmatched_open,
)

__all__ = [
    "EvidenceCounts",
    "EvidenceGapRow",
    "PlanCell",
    "PlanCounts",
    "PlanRowStatus",
    "TestRow",
    "add_up",
    "current_exit_versions",
    "descoped_now",
    "participants",
    "plan_counts",
    "planned_now",
    "runs_of",
    "scopes_called",
    "scopes_for",
    "unmatched_open",
]
