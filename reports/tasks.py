"""The runners that do the papers' jobs; see `governance.jobs`. Each may run again after a crash."""

from __future__ import annotations

from typing import Any

from reports import actions
from svtad.governance.jobs import JobContext


def run_completion_report(context: JobContext) -> dict[str, Any]:
    """Make the Completion Report that a job asks for."""
    return actions.produce_completion_report(job=context.job, progress=_progress(context), hold=context.hold)


def run_annex_volume(context: JobContext) -> dict[str, Any]:
    """Make one annex volume of a Completion Report."""
    return actions.produce_annex_volume(job=context.job, progress=_progress(context), hold=context.hold)


def run_certificate_paper(context: JobContext) -> dict[str, Any]:
    """Make the paper of an issued Test Completion Certificate."""
    return actions.produce_certificate_paper(job=context.job, progress=_progress(context), hold=context.hold)


def run_sealed_pack(context: JobContext) -> dict[str, Any]:
    """Make a sealed decision pack."""
    return actions.produce_pack(job=context.job, progress=_progress(context), hold=context.hold)


def run_party_copy(context: JobContext) -> dict[str, Any]:
    """Make the copies for the Parties that a direction of the Panel wants."""
    return actions.produce_party_copy(job=context.job, progress=_progress(context), hold=context.hold)


def run_issue_log(context: JobContext) -> dict[str, Any]:
    """Make a Testing Issue log as a PDF."""
    return actions.produce_issue_log_pdf(job=context.job, progress=_progress(context), hold=context.hold)


def _progress(context: JobContext) -> actions.Progress:
    def progress(done: int, message: str) -> None:
        context.progress(done, actions.STEPS, message)

    return progress
