"""The complete Testing Issue log of a phase as a table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from issues.models import Cause, IssueState
from issues.queries.history import History
from issues.queries.logs import LogContents
from svtad.lib.csvout import csv_lines
from svtad.parties.models import Organisation

#: Between the entries of a history within one cell of the log.
BETWEEN = " | "


LOG_HEADER = (
    "Reference", "Source", "External id", "Title", "Description", "Phase", "Release", "Raised by", "Raised",
    "Recorded", "Recorded by", "DMC", "Functional group", "Environment", "State", "Open", "Severity", "Priority",
    "Cause", "Provider", "Severity disputed", "Excluded", "Runs", "State history", "Severity history",
    "Attribution history",
)  # fmt: skip


def log_rows(contents: LogContents) -> Iterator[list[str]]:
    """Yield the cells of each issue of the log, closed ones too, under `LOG_HEADER`."""
    for issue in contents.issues:
        history = contents.histories.get(issue.pk) or History()
        severity, attribution, state = history.severity, history.attribution, history.state
        standing = IssueState(state.to_state) if state else IssueState.RAISED
        provider = contents.providers.get(attribution.provider_pk or 0) if attribution else None
        exclusion, dispute = contents.exclusions.get(issue.pk), contents.disputes.get(issue.pk)
        yield [
            issue.reference,
            issue.source,
            issue.external_id,
            issue.title,
            issue.description,
            issue.scope.name,
            issue.scope.release.code,
            issue.raised_by.name,
            _utc(issue.occurred_at),
            _utc(issue.recorded_at),
            issue.recorded_by,
            issue.dmc.reference if issue.dmc else "",
            issue.functional_group,
            issue.environment,
            standing.label,
            "no" if standing in (IssueState.CLOSED, IssueState.REJECTED) else "yes",
            severity.severity if severity else "",
            history.priority,
            Cause(attribution.cause).label if attribution else Cause.UNDETERMINED.label,
            provider.name if provider else "",
            f"{dispute.state} {dispute.matter_reference}" if dispute else "",
            f"{exclusion.state} {exclusion.matter_reference}" if exclusion else "",
            BETWEEN.join(contents.runs.get(issue.pk, ())),
            BETWEEN.join(_state_entries(history)),
            BETWEEN.join(_severity_entries(history)),
            BETWEEN.join(_attribution_entries(history, contents.providers)),
        ]


def log_csv(contents: LogContents) -> bytes:
    """Return the log as a CSV file, formulas defused. Its times are in UTC and say so."""
    return "".join(csv_lines(LOG_HEADER, log_rows(contents))).encode()


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
