"""Testing Issues as tables: the list as it is looked at, the complete log with every history, what left the count."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from itertools import chain

from issues.models import Cause, IssueAttachment, IssueComment, IssueState, TestingIssue
from issues.queries.history import History
from issues.queries.logs import LogContents
from issues.queries.viewed import LeftRow, LogRow
from svtad.lib.csvout import csv_lines
from svtad.lib.xlsxout import workbook
from svtad.parties.models import Organisation

#: Between the entries of a history within one cell of the log.
BETWEEN = " | "


LOG_HEADER = (
    "Reference", "Source", "External id", "Title", "Description", "Phase", "Release", "Raised by", "Raised",
    "Recorded", "Recorded by", "DMC", "Functional group", "Environment", "State", "Open", "Severity", "Priority",
    "Cause", "Provider", "Severity disputed", "Excluded", "Runs", "State history", "Severity history",
    "Attribution history", "Requirement", "Related and duplicate issues", "Attachments", "Comments",
)  # fmt: skip


def log_rows(contents: LogContents) -> Iterator[list[str]]:
    """Yield the cells of each issue of the log, closed ones too, under `LOG_HEADER`."""
    for issue in contents.issues:
        history = contents.histories.get(issue.pk) or History()
        severity, attribution, state = history.severity, history.attribution, history.state
        standing = IssueState(state.to_state) if state else IssueState.RAISED
        provider = contents.providers.get(attribution.provider_pk or 0) if attribution else None
        words = _words(issue) | contents.wordings.get(issue.pk, {})
        boards = contents.boards.get(issue.pk, ())
        yield [
            issue.reference,
            issue.source,
            issue.external_id,
            words["title"],
            words["description"],
            issue.scope.name,
            issue.scope.release.code,
            issue.raised_by.name,
            _utc(issue.occurred_at),
            _utc(issue.recorded_at),
            issue.recorded_by,
            words["dmc__reference"] or "",
            words["functional_group"],
            words["environment"],
            standing.label,
            "no" if standing in (IssueState.CLOSED, IssueState.REJECTED) else "yes",
            severity.severity if severity else "",
            history.priority,
            Cause(attribution.cause).label if attribution else Cause.UNDETERMINED.label,
            provider.name if provider else "",
            BETWEEN.join(f"{row.state} {row.matter_reference}" for row in boards if row.what == "Dispute"),
            BETWEEN.join(f"{row.state} {row.matter_reference}" for row in boards if row.what == "Exclusion"),
            BETWEEN.join(contents.runs.get(issue.pk, ())),
            BETWEEN.join(_state_entries(history)),
            BETWEEN.join(_severity_entries(history)),
            BETWEEN.join(_attribution_entries(history, contents.providers)),
            words["requirement"],
            BETWEEN.join(contents.links.get(issue.pk, ())),
            BETWEEN.join(_attachment_entries(contents.attachments.get(issue.pk, ()))),
            BETWEEN.join(_comment_entries(contents.comments.get(issue.pk, ()))),
        ]


def _words(issue: TestingIssue) -> dict[str, str]:
    return {
        "title": issue.title,
        "description": issue.description,
        "functional_group": issue.functional_group,
        "environment": issue.environment,
        "requirement": issue.requirement,
        "dmc__reference": issue.dmc.reference if issue.dmc else "",
    }


def log_csv(contents: LogContents) -> bytes:
    """Return the log as a CSV file, formulas defused. Its times are in UTC and say so."""
    return "".join(csv_lines(LOG_HEADER, log_rows(contents))).encode()


def log_xlsx(contents: LogContents) -> bytes:
    """Return the log as a workbook, every text a text. Its times are in UTC and say so."""
    return workbook({"Testing Issues": chain([LOG_HEADER], log_rows(contents))})


#: The list as a page shows it: its CSV, its workbook and its PDF have these columns.
VIEW_HEADER = (
    "Reference", "External id", "Title", "Severity", "Priority", "State", "Cause", "Who answers for it", "DMC",
    "Functional group", "Environment", "Requirement", "Phase", "Release", "Raised by", "Found", "Recorded",
    "Before a board",
)  # fmt: skip


def view_cells(row: LogRow) -> tuple[object, ...]:
    """Return the cells of one line of the list under `VIEW_HEADER`."""
    return (
        row.reference,
        row.external_id,
        row.title,
        row.severity,
        row.priority,
        row.state_label,
        row.cause,
        row.provider,
        row.dmc,
        row.functional_group,
        row.environment,
        row.requirement,
        row.phase,
        row.release,
        row.raised_by,
        row.occurred_at,
        row.recorded_at,
        "; ".join(f"{what} {state}" for what, state, _ in row.boards),
    )


def view_xlsx(rows: Iterable[LogRow]) -> bytes:
    """Return the list as a workbook."""
    return workbook({"Testing Issues": chain([VIEW_HEADER], map(view_cells, rows))})


LEFT_HEADER = (
    "Reference", "Title", "Severity", "Out of the count as", "Cause", "Who answers for it", "Reasons", "Determined by",
    "Determined", "Recorded", "Determination", "Phase", "Release", "Raised by", "Found",
)  # fmt: skip


def left_cells(row: LeftRow) -> tuple[object, ...]:
    """Return the cells of one issue that left the count, under `LEFT_HEADER`."""
    issue = row.issue
    return (
        issue.reference,
        issue.title,
        issue.severity,
        row.left_as,
        row.cause,
        issue.provider_name,
        row.reasons,
        row.by,
        row.determined_at,
        row.recorded_at,
        row.determination,
        issue.phase_name,
        issue.release,
        issue.raised_by_name,
        issue.occurred_at,
    )


def left_xlsx(rows: Iterable[LeftRow]) -> bytes:
    """Return the list of what left the count as a workbook."""
    return workbook({"Out of the count": chain([LEFT_HEADER], map(left_cells, rows))})


def _attachment_entries(attachments: Iterable[IssueAttachment]) -> Iterator[str]:
    for each in attachments:
        withdrawn = " (withdrawn)" if hasattr(each, "withdrawal") else ""
        yield f"{each.file.name}{withdrawn}, {each.file.size} bytes, SHA-256 {each.file.sha256}"


def _comment_entries(comments: Iterable[IssueComment]) -> Iterator[str]:
    for each in comments:
        yield _entry(each.recorded_at, "correction" if each.corrects_id else "comment", each.recorded_by, each.text)


def _state_entries(history: History) -> Iterable[str]:
    for row in history.states:
        yield _entry(row.occurred_at, row.to_state, row.recorded_by, row.reasons)


def _severity_entries(history: History) -> Iterable[str]:
    for row in history.severities:
        level = f"{row.body}: severity {row.severity}" + (f", priority {row.priority}" if row.priority else "")
        yield _entry(row.effective_at, level, row.recorded_by, row.reasons)


def _attribution_entries(history: History, providers: dict[int, Organisation]) -> Iterable[str]:
    for row in history.attributions:
        provider = providers.get(row.provider_pk or 0)
        said = (row.cause or "undetermined") + (f", {provider.name}" if provider else "")
        yield _entry(row.effective_at, said, row.recorded_by, row.reasons)


def _utc(moment: dt.datetime) -> str:
    return f"{moment.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"


def _entry(moment: dt.datetime, said: str, who: str, reasons: str) -> str:
    line = f"{moment.astimezone(dt.UTC):%Y-%m-%dT%H:%MZ} {said} by {who}"
    return f"{line}: {' '.join(reasons.split())}" if reasons else line
