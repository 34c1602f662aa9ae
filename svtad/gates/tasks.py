"""Celery's side of judging: the sweep of changed facts, the nightly round, and the job that judges a scope.

Each task may be delivered twice, or not at all: no harm.
"""

from __future__ import annotations

from typing import Any

from celery import shared_task

from svtad.gates import actions
from svtad.governance.jobs import JobContext
from svtad.parties.actors import system_actor
from testphases.models import TestScope

#: Who judges where nobody pressed a button.
LABEL = "Judged by itself"


@shared_task(name="gates.sweep_facts")
def sweep_facts() -> int:
    """Queue a judgement of each scope whose facts changed and then kept quiet; return how many."""
    return len(actions.sweep_changes(by=system_actor(LABEL)))


@shared_task(name="gates.assess_open_phases")
def assess_open_phases() -> int:
    """Queue a judgement of every scope that is not complete; return how many."""
    return len(actions.queue_assessments(by=system_actor(LABEL)))


def run_assess_scope(context: JobContext) -> dict[str, Any]:
    """Judge one scope at all its steps: the runner of jobs of the kind `assess_scope`."""
    scope = TestScope.objects.select_related("release__programme", "governed_by__document").get(
        public_id=context.params["scope"]
    )
    context.progress(0, 1, f"Judging {scope}")
    kept = actions.assess_scope(scope=scope, by=system_actor(LABEL), trigger=context.params.get("trigger", "facts"))
    context.progress(1, 1, "Judged")
    return {
        "judged": len(kept),
        "new": [assessment.public_id for assessment, made in kept if made],
        "verdicts": {
            f"{assessment.step} {assessment.provider_id_text}".strip(): assessment.verdict for assessment, _ in kept
        },
    }
