"""What changes Testing Issues and what is asked about them. Only these write; each checks, writes and audits."""

from issues.actions.boards import ask_counting, dispute_severity, propose_exclusion, withdraw_dispute
from issues.actions.determining import (
    apply_severity_decision,
    attribute,
    change_state,
    determine_issue,
    determine_severity,
)
from issues.actions.linking import link_run
from issues.actions.logs import produce_issue_log
from issues.actions.mirror_rows import IssueChange, IssuePlan, IssueRow, IssuesResult
from issues.actions.mirroring import compare_issues, mirror_issues
from issues.actions.raising import KEEP, Keep, edit_issue, raise_issue

__all__ = [
    "KEEP",
    "IssueChange",
    "IssuePlan",
    "IssueRow",
    "IssuesResult",
    "Keep",
    "apply_severity_decision",
    "ask_counting",
    "attribute",
    "change_state",
    "compare_issues",
    "determine_issue",
    "determine_severity",
    "dispute_severity",
    "edit_issue",
    "link_run",
    "mirror_issues",
    "produce_issue_log",
    "propose_exclusion",
    "raise_issue",
    "withdraw_dispute",
]
