"""What changes Testing Issues and what is asked about them. Only these write; each checks, writes and audits."""

from issues.actions.attachment_files import KINDS as ATTACHMENT_KINDS
from issues.actions.boards import ask_counting, dispute_severity, propose_exclusion, withdraw_dispute
from issues.actions.bulk import bulk_edit, preview_bulk_edit
from issues.actions.bulk_rows import BulkEdit, BulkPlan, BulkRow
from issues.actions.determining import (
    apply_severity_decision,
    attribute,
    change_state,
    determine_issue,
    determine_severity,
)
from issues.actions.linking import link_issues, link_run, unlink_issues
from issues.actions.logs import produce_issue_log
from issues.actions.mirror_rows import IssueChange, IssuePlan, IssueRow, IssuesResult
from issues.actions.mirroring import compare_issues, mirror_issues
from issues.actions.raising import KEEP, Keep, edit_issue, raise_issue
from issues.actions.saying import attach_file, comment_on_issue, withdraw_attachment
from issues.actions.terms import set_tracker_term

__all__ = [
    "ATTACHMENT_KINDS",
    "KEEP",
    "BulkEdit",
    "BulkPlan",
    "BulkRow",
    "IssueChange",
    "IssuePlan",
    "IssueRow",
    "IssuesResult",
    "Keep",
    "apply_severity_decision",
    "ask_counting",
    "attach_file",
    "attribute",
    "bulk_edit",
    "change_state",
    "comment_on_issue",
    "compare_issues",
    "determine_issue",
    "determine_severity",
    "dispute_severity",
    "edit_issue",
    "link_issues",
    "link_run",
    "mirror_issues",
    "preview_bulk_edit",
    "produce_issue_log",
    "propose_exclusion",
    "raise_issue",
    "set_tracker_term",
    "unlink_issues",
    "withdraw_attachment",
    "withdraw_dispute",
]
