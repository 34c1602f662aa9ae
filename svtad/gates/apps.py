"""The gates app."""

from __future__ import annotations

from django.apps import AppConfig


class GatesConfig(AppConfig):
    """Entry and exit: assessments, evidence, certificates, Work Off Plans."""

    name = "svtad.gates"
    label = "gates"
    verbose_name = "Entry and exit"

    def ready(self) -> None:
        """Register what decisions do, who judges a scope, and the guards of the states that a gate protects."""
        from svtad.gates import handlers, policies, tasks
        from svtad.gates.actions.assessing import JOB_KIND
        from svtad.governance.jobs import register_runner
        from testphases.models.scopes import ScopeState
        from testphases.policies import guard_move, judge_releases_by

        handlers.register()
        register_runner(JOB_KIND, tasks.run_assess_scope)
        guard_move(ScopeState.IN_PROGRESS, policies.guard_start)
        guard_move(ScopeState.COMPLETE, policies.guard_completion)
        judge_releases_by(policies.judge_move)
