"""Testing Issues: what counts, what does not and who said so, and what is in dispute."""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Iterable

from reports.contents.criteria import blocked_disputes
from reports.contents.dossier import NOBODY, Dossier
from reports.contents.words import NONE, count, day, mark_of_verdict, plain
from reports.queries import MatterRecord
from reports.shapes import (
    DecisionRow,
    DisputeEntry,
    ExclusionEntry,
    IssueRow,
    Issues,
    ProviderThresholds,
    ThresholdBar,
)
from svtad.governance.models import Decision
from svtad.rulebook.facts import ExclusionFact, IssueFact
from svtad.rulebook.findings import LedgerLine, ThresholdCell
from svtad.rulebook.vocabulary import Cause, CountState, combine

UNDETERMINED = "Not determined"

_COUNTED = "Counts"
_NOT_COUNTED = "Does not count"
_NOT_JUDGED = "Not judged"


def thresholds(dossier: Dossier) -> tuple[ProviderThresholds, ...]:
    """Return every provider × severity cell that was judged, by provider in the judge's order."""
    by_provider: dict[str, list[ThresholdCell]] = {}
    for finding in dossier.judgement.findings:
        for cell in finding.thresholds:
            by_provider.setdefault(cell.provider, []).append(cell)
    return tuple(
        ProviderThresholds(
            provider=cells[0].provider_name,
            cells=tuple(_bar(cell) for cell in cells),
            mark=mark_of_verdict(combine(cell.verdict for cell in cells)),
        )
        for cells in by_provider.values()
    )


def _bar(cell: ThresholdCell) -> ThresholdBar:
    return ThresholdBar(
        severity=cell.severity,
        count=cell.count,
        limit=cell.limit,
        headroom=cell.headroom,
        lowest=cell.lowest,
        highest=cell.highest,
        own=cell.own,
        carried=cell.carried,
        considered=cell.considered,
        excluded=cell.excluded,
        mark=mark_of_verdict(cell.verdict),
    )


def issues(dossier: Dossier) -> Issues:
    """Return every Testing Issue of the facts, sorted by what became of it."""
    facts = dossier.facts
    every = {issue.id: issue for issue in (*facts.issues, *facts.considered_issues)}
    ledger = {line.issue: line for finding in dossier.judgement.findings for line in finding.ledger}
    due = {line.issue: line.due for finding in dossier.judgement.findings for line in finding.dates}
    rows = {key: _row(dossier, issue, ledger.get(key), due=due.get(key)) for key, issue in every.items()}
    undecided = _undecided(dossier, ledger)
    exclusions = [_exclusion(dossier, proposal, rows[proposal.issue]) for proposal in facts.exclusions]
    excluded = {proposal.issue for proposal in facts.exclusions if proposal.state.excludes}
    left = {key for key, issue in every.items() if issue.left is not None and not _counts(ledger.get(key))}
    rest = {key for key in every if not _counts(ledger.get(key))} - undecided - excluded - left
    disputes = _disputes(dossier, rows)
    counted = sum(_counts(ledger.get(key)) for key in every)
    return Issues(
        lead=_lead(counted, len(excluded), len(left), len(undecided), len(disputes)),
        counted=_sorted(rows[key] for key in every if _counts(ledger.get(key))),
        undecided=_sorted(rows[key] for key in undecided),
        excluded=tuple(entry for entry in exclusions if entry.excluded),
        proposed=tuple(entry for entry in exclusions if not entry.excluded),
        left=_sorted(rows[key] for key in left),
        not_counted=_sorted(rows[key] for key in rest),
        disputes=disputes,
    )


def register(found: Issues) -> tuple[IssueRow, ...]:
    """Return every issue that was looked at, counted or not: the list that Annex A prints."""
    entries = (*found.excluded, *found.proposed)
    listed = [*found.counted, *found.undecided, *(entry.issue for entry in entries), *found.left, *found.not_counted]
    return _sorted({row.reference: row for row in listed}.values())


def _undecided(dossier: Dossier, ledger: dict[str, LedgerLine]) -> set[str]:
    """The issues that could count by a decision (13.22, 13.23) that nobody has made."""
    decided = {
        decision.issue for decision in dossier.facts.count_decisions if decision.state is not CountState.UNDECIDED
    }
    clause = dossier.phase_kind.considered_clause
    return {
        key
        for key, line in ledger.items()
        if clause is not None and not line.counted and line.clause == clause and key not in decided
    }


def _counts(line: LedgerLine | None) -> bool:
    return line is not None and line.counted


def _lead(counted: int, excluded: int, left: int, undecided: int, disputes: int) -> str:
    """Say in one sentence what became of the issues; what there is none of is not mentioned."""
    verb = "counts" if counted == 1 else "count"
    rest = [
        f"{number:,} {words}"
        for number, words in (
            (excluded, "excluded"),
            (left, "out of the count by a determination"),
            (undecided, "undecided"),
            (disputes, "with a severity dispute pending"),
        )
        if number
    ]
    first = f"{count(counted, 'Testing Issue')} {verb} as extant"
    return f"{first}; {', '.join(rest)}." if rest else f"{first}."


def _row(dossier: Dossier, issue: IssueFact, line: LedgerLine | None, *, due: str | None) -> IssueRow:
    return IssueRow(
        reference=issue.reference,
        title=issue.title,
        provider=_whose(dossier, issue),
        severity=issue.severity or UNDETERMINED,
        state=plain(issue.state),
        raised_in=f"{issue.raised_release} {issue.raised_phase_kind}",
        counts=_NOT_JUDGED if line is None else _COUNTED if line.counted else _NOT_COUNTED,
        why="" if line is None else _sentence(f"{line.why} ({line.clause})"),
        disputed=line is not None and line.disputed,
        due=day(dt.date.fromisoformat(due)) if due else NONE,
    )


def _whose(dossier: Dossier, issue: IssueFact) -> str:
    if issue.cause is Cause.DCC and issue.provider is None:
        return "The DCC itself"
    if issue.cause.is_not_dcc:
        return f"None: {plain(issue.cause).lower()}"
    return NOBODY if issue.provider is None else dossier.provider(issue.provider)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _sorted(rows: Iterable[IssueRow]) -> tuple[IssueRow, ...]:
    """By severity (undetermined first: it stops the judgement), then provider and reference."""
    return tuple(
        sorted(rows, key=lambda row: (row.severity != UNDETERMINED, row.severity, row.provider, row.reference))
    )


def _exclusion(dossier: Dossier, proposal: ExclusionFact, row: IssueRow) -> ExclusionEntry:
    record = dossier.matters.get(proposal.matter or "")
    return ExclusionEntry(
        issue=row,
        matter=dossier.matter(proposal.matter),
        state=plain(proposal.state),
        excluded=proposal.state.excludes and row.counts == _NOT_COUNTED,
        rationale=record.rationale if record else "",
        decisions=decision_rows(record),
    )


def decision_rows(record: MatterRecord | None) -> tuple[DecisionRow, ...]:
    """Return the decisions of a matter with their three dates; none where no record is held."""
    if record is None:
        return ()
    corrected = {decision.supersedes_id for decision in record.decisions}
    return tuple(
        DecisionRow(
            body=plain(decision.body),
            outcome=plain(decision.outcome),
            marks=_marks(decision, corrected),
            decided=day(decision.decided_at),
            notified=day(decision.notified_at),
            effective=day(decision.effective_at),
            rationale=decision.rationale,
            document=decision.document.name if decision.document else "",
            sha256=decision.document.sha256 if decision.document else "",
        )
        for decision in record.decisions
    )


def _marks(decision: Decision, corrected: Container[int | None]) -> tuple[str, ...]:
    """Return what the decision is marked with, in the words that its matter's page has too."""
    marks = {
        "against the computed result": decision.against_computed,
        "out of its listed order": decision.out_of_order,
        "superseded": decision.pk in corrected,
        "correction": decision.supersedes_id is not None,
        "something missing before it": bool(decision.missing),
    }
    return tuple(words for words, is_marked in marks.items() if is_marked)


def _disputes(dossier: Dossier, rows: dict[str, IssueRow]) -> tuple[DisputeEntry, ...]:
    blocking = blocked_disputes(dossier.findings)
    entries = []
    for dispute in dossier.facts.disputes:
        if not dispute.state.is_pending:
            continue
        record = dossier.matters.get(dispute.matter or "")
        entries.append(
            DisputeEntry(
                issue=rows[dispute.issue],
                matter=dossier.matter(dispute.matter),
                participant_severity=dispute.participant_severity,
                raised_by=record.raised_by if record else "",
                since=day(record.matter.opened_at) if record else "",
                blocks=(dispute.matter or dispute.issue) in blocking,
            )
        )
    return tuple(sorted(entries, key=lambda entry: entry.issue.reference))
