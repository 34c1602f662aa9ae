"""What changes a Test Phase, its plan and its runs: each checks, writes and audits in one transaction."""

from testphases.actions.descoping import apply_decision, propose_descope
from testphases.actions.eligibility import enter_eligibility, move_eligibility
from testphases.actions.planning import PlanDiff, compare_plan, edit_planned_test, plan_tests, withdraw_tests
from testphases.actions.releases import move_release
from testphases.actions.rows import PlanResult, PlanRow, RunRow, RunsResult
from testphases.actions.runs import (
    assure_runs,
    attach_run_evidence,
    dismiss_unmatched,
    record_runs,
    resolve_unmatched,
    void_run,
)
from testphases.actions.scopes import (
    add_participant,
    create_programme,
    create_release,
    create_scope,
    end_participation,
    facts_changed,
    move_scope,
    scope_audience,
)
from testphases.actions.stages import (
    add_stage,
    answer_stage_criterion,
    enter_stage_criterion,
    move_stage,
    plan_stage,
    withdraw_stage_criterion,
)
from testphases.actions.versions import freeze_stage_exit_versions, version_set

__all__ = [
    "PlanDiff",
    "PlanResult",
    "PlanRow",
    "RunRow",
    "RunsResult",
    "add_participant",
    "add_stage",
    "answer_stage_criterion",
    "apply_decision",
    "assure_runs",
    "attach_run_evidence",
    "compare_plan",
    "create_programme",
    "create_release",
    "create_scope",
    "dismiss_unmatched",
    "edit_planned_test",
    "end_participation",
    "enter_eligibility",
    "enter_stage_criterion",
    "facts_changed",
    "freeze_stage_exit_versions",
    "move_eligibility",
    "move_release",
    "move_scope",
    "move_stage",
    "plan_stage",
    "plan_tests",
    "propose_descope",
    "record_runs",
    "resolve_unmatched",
    "scope_audience",
    "version_set",
    "void_run",
    "withdraw_stage_criterion",
    "withdraw_tests",
]
