"""Reading Testing Issues: as they stood at a moment, as lists, and where they count."""

from issues.models import NOT_DCC_CAUSES
from issues.queries.asat import IssueAt, issue_rows, issues_at
from issues.queries.boards import (
    OPEN_EXCLUSIONS,
    CountingAt,
    DisputeAt,
    ExclusionAt,
    counting_at,
    disputes_at,
    exclusions_at,
    pending_disputes_at,
)
from issues.queries.cells import Cell, CellChange
from issues.queries.history import History, Standing, histories
from issues.queries.links import LinkSeen, links_of
from issues.queries.lists import (
    FilterChoices,
    IssueCount,
    counts_by_provider_and_severity,
    filter_choices,
    issue_list,
)
from issues.queries.logs import issue_log_at, issues_raised_at, last_issue_change_at, last_issue_raised_at
from issues.queries.reach import may_count_in, scopes_reached_from

__all__ = [
    "NOT_DCC_CAUSES",
    "OPEN_EXCLUSIONS",
    "Cell",
    "CellChange",
    "CountingAt",
    "DisputeAt",
    "ExclusionAt",
    "FilterChoices",
    "History",
    "IssueAt",
    "IssueCount",
    "LinkSeen",
    "Standing",
    "counting_at",
    "counts_by_provider_and_severity",
    "disputes_at",
    "exclusions_at",
    "filter_choices",
    "histories",
    "issue_list",
    "issue_log_at",
    "issue_rows",
    "issues_at",
    "issues_raised_at",
    "last_issue_change_at",
    "last_issue_raised_at",
    "links_of",
    "may_count_in",
    "pending_disputes_at",
    "scopes_reached_from",
]
