"""What the Testing Issue log says on paper (9.2): every issue asked for, as it stood, with its whole history."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping

from issues.models import Cause, IssueAttachment, IssueState
from issues.queries.history import History
from issues.queries.logs import LogContents
from issues.queries.viewed import LogRow
from issues.rendering import log_xlsx
from reports.contents.words import day, instant, plain
from reports.paper_shapes import IssueLogPaper, LogCell, LogLine

_CAUSES = dict(Cause.choices)
#: As short as a narrow column wants it.
_SHORT = {Cause.DCC_SYSTEM.label: "DCC Total System", Cause.UNDETERMINED.label: "–"}
_WORDS = {
    "q": "Words",
    "scope": "Test Phase",
    "release": "Capability Release",
    "kind": "Kind of phase",
    "state": "State",
    "open": "Open",
    "severity": "Severity",
    "cause": "Cause",
    "provider": "Who answers for it",
    "raised_by": "Raised by",
    "dmc": "DMC",
    "functional_group": "Functional group",
    "environment": "Environment",
    "requirement": "Requirement",
    "excluded": "Excluded (13.20)",
    "disputed": "Severity disputed (14.2)",
    "left": "Out of the count",
    "raised_from": "Found from",
    "raised_to": "Found until",
}


def issue_log_paper(
    *,
    contents: LogContents,
    rows: Iterable[LogRow],
    params: Mapping[str, list[str]],
    named: Mapping[str, str],
    moment: dt.datetime,
    is_past: bool,
    made_at: dt.datetime,
    made_by: str,
) -> IssueLogPaper:
    """Build the log of the issues in `contents`; `rows` are their lines as the page lists them, in its order.

    `moment` is when the log stood so, `is_past` whether that was asked for. `named` gives the words of public ids that
    the parameters name (a phase, a provider).
    """
    lines = tuple(_line(row, contents) for row in rows)
    covers = sorted({line.raised_in for line in lines})
    counts: dict[str, Counter[str]] = {}
    for line in lines:
        if line.is_open:
            counts.setdefault(line.provider or "Nobody yet", Counter())[line.severity or "none yet"] += 1
    severities = tuple(sorted({severity for held in counts.values() for severity in held}))
    workbook = log_xlsx(contents)
    return IssueLogPaper(
        title="Testing Issue log",
        covers=", ".join(covers) if len(covers) <= 4 else f"{len(covers)} Test Phases",
        narrowed=tuple(
            f"{_WORDS[name]}: {', '.join(named.get(each, plain(each)) for each in values if each)}"
            for name, values in params.items()
            if name in _WORDS and any(values)
        ),
        as_at=instant(moment),
        is_past=is_past,
        made_at=instant(made_at),
        made_at_iso=made_at.astimezone(dt.UTC).isoformat(timespec="seconds"),
        made_by=made_by,
        is_synthetic=any(issue.is_synthetic for issue in contents.issues),
        issues=len(lines),
        open_issues=sum(line.is_open for line in lines),
        severities=severities,
        cells=tuple(
            LogCell(provider=name, counts=tuple(held[severity] for severity in severities))
            for name, held in sorted(counts.items())
        ),
        lines=lines,
        workbook=workbook,
        workbook_sha256=hashlib.sha256(workbook).hexdigest(),
    )


def _line(row: LogRow, contents: LogContents) -> LogLine:
    issue = contents.by_public_id[row.public_id]
    history = contents.histories.get(issue.pk) or History()
    groups = (row.dmc, row.functional_group, row.environment, row.requirement)
    return LogLine(
        reference=row.reference,
        external_id=row.external_id,
        title=row.title,
        severity=row.severity,
        priority=row.priority,
        state=row.state_label,
        is_open=row.is_open,
        cause=_SHORT.get(row.cause, row.cause),
        provider=row.provider,
        raised_in=row.phase,
        raised_by=row.raised_by,
        found=day(row.occurred_at),
        concerns=", ".join(each for each in groups if each),
        boards=tuple(
            f"{each.what}: {plain(each.state)} ({each.matter_reference})" for each in contents.boards.get(issue.pk, ())
        ),
        history=tuple(_history(history, contents)),
        ties=tuple(
            [f"Showed in {each}" for each in contents.runs.get(issue.pk, ())] + list(contents.links.get(issue.pk, ()))
        ),
        files=tuple(_file(each) for each in contents.attachments.get(issue.pk, ())),
    )


def _history(history: History, contents: LogContents) -> list[str]:
    """Return everything recorded, in the order of its recording."""
    entries = [
        (row.recorded_at, _entry(row.occurred_at, IssueState(row.to_state).label, row)) for row in history.states
    ]
    for severity in history.severities:
        said = f"Severity {severity.severity}, by {severity.body}"
        said += f", priority {severity.priority}" if severity.priority else ""
        entries.append((severity.recorded_at, _entry(severity.effective_at, said, severity)))
    for held in history.attributions:
        provider = contents.providers.get(held.provider_pk or 0)
        said = f"Cause: {_CAUSES.get(held.cause, held.cause)}" + (f"; {provider.name}" if provider else "")
        entries.append((held.recorded_at, _entry(held.effective_at, said, held)))
    return [text for _, text in sorted(entries, key=lambda each: each[0])]


def _entry(moment: dt.datetime, said: str, row: object) -> str:
    who, reasons = getattr(row, "recorded_by", ""), " ".join(getattr(row, "reasons", "").split())
    return f"{instant(moment)}: {said} ({who})" + (f": {reasons}" if reasons else "")


def _file(attachment: IssueAttachment) -> str:
    withdrawn = ", withdrawn" if hasattr(attachment, "withdrawal") else ""
    return f"{attachment.file.name}{withdrawn}, SHA-256 {attachment.file.sha256}"
