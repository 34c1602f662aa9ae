"""The reports app."""

from __future__ import annotations

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Reports; it has no tables of its own."""

    name = "reports"
    label = "reports"
    verbose_name = "Reports"

    def ready(self) -> None:
        """Register who makes a report's pages, and what the decisions on copies for the Parties do."""
        from reports import actions, handlers, tasks
        from svtad.gates.actions.signed import CERTIFICATE_PAPER
        from svtad.gates.queries.copies import PARTY_COPY
        from svtad.governance.jobs import register_runner

        register_runner(actions.REPORT, tasks.run_completion_report)
        register_runner(actions.ANNEX, tasks.run_annex_volume)
        register_runner(CERTIFICATE_PAPER, tasks.run_certificate_paper)
        register_runner(actions.PACK, tasks.run_sealed_pack)
        register_runner(PARTY_COPY, tasks.run_party_copy)
        handlers.register()
        register_runner(actions.ISSUE_LOG, tasks.run_issue_log)
