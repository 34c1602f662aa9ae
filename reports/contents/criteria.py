"""The checklist: 12.6(a) to (i), then Table 13.1 row by row, as they were judged."""

from __future__ import annotations

import re

from reports.contents.dossier import Dossier
from reports.contents.words import STEPS, day, mark_of, plain, why_so
from reports.shapes import CriterionBlock, EvidenceRow, InTheWay, Labelled, Mark
from svtad.rulebook.edition import Criterion
from svtad.rulebook.findings import EvidenceLine, Finding
from svtad.rulebook.vocabulary import EvidenceKind

#: So much of what stands in the way, and of the evidence, is shown beside a criterion; the rest is counted there.
SHOWN_REASONS = 10
SHOWN_REFERENCES = 24
SHOWN_EVIDENCE = 12

_TABLE = "T13.1-"

#: What the clauses call the kinds of evidence.
EVIDENCE_NAMES: dict[str, str] = {
    EvidenceKind.PROVIDER_REPORT: "Provider report (9.4)",
    EvidenceKind.ASSURANCE_REPORT: "DCC assurance report (9.5)",
    EvidenceKind.SIT_AUDIT_REPORT: "SIT Audit Report (19.4)",
    EvidenceKind.TTM: "Test Traceability Matrix",
    EvidenceKind.TEST_HEATMAP: "Test heatmap",
    EvidenceKind.ISSUE_LOG: "Testing Issue log",
}

#: What the third column of Table 13.1 names as evidence.
_EVIDENCE_WANTED = {
    "T13.1-1": "This report, and the TAB's Test Completion Certificate",
    "T13.1-2": "This report, and the TAB's Test Completion Certificate",
    "T13.1-3": "This report, and the TAB's Test Completion Certificate",
    "T13.1-4": "This report",
    "T13.1-5": "The logs, referenced in this report",
    "T13.1-6": "The SIT Auditor's report (19.4)",
    "T13.1-7": "The SIT Auditor's report (19.4)",
    "T13.1-8": "The issue of this report for the Panel's consideration",
}


def checklist(dossier: Dossier) -> tuple[CriterionBlock, ...]:
    """Return the criteria that count by themselves, in the edition's order: for SIT 12.6(a) to (i), rows 6 and 7.

    One that this step does not judge is there, as not judged.
    """
    return tuple(_block(dossier, criterion) for criterion in dossier.phase_kind.criteria if _counts_at_exit(criterion))


def table_rows(dossier: Dossier) -> tuple[CriterionBlock, ...]:
    """Return the rows of Table 13.1, in order; none for a phase kind without that table."""
    rows = [row for row in dossier.phase_kind.criteria if row.key.startswith(_TABLE)]
    return tuple(_block(dossier, criterion) for criterion in sorted(rows, key=lambda row: row.key))


def anchor(key: str) -> str:
    """Return the name of a criterion's place in the document: letters, digits and dashes only."""
    return "criterion-" + re.sub(r"[^a-z0-9]+", "-", key.lower()).strip("-")


def _counts_at_exit(criterion: Criterion) -> bool:
    return not criterion.parents and any(step != "ENTRY" for step in criterion.steps)


def _block(dossier: Dossier, criterion: Criterion) -> CriterionBlock:
    finding = dossier.findings.get(criterion.key)
    if finding is None:
        return _not_judged(criterion)
    groups, more = in_the_way(finding)
    return CriterionBlock(
        key=finding.key,
        anchor=anchor(finding.key),
        clause=finding.citation.clause,
        title=finding.title,
        text=finding.clause_text,
        mark=mark_of(finding),
        why=why_so(finding),
        summary=finding.summary,
        numbers=tuple(Labelled(label=row.label, value=row.value) for row in finding.numbers),
        limit=finding.limit or "",
        in_the_way=groups,
        more_in_the_way=more,
        missing=tuple(row.text for row in finding.missing),
        notes=finding.notes,
        evidence=tuple(evidence_row(dossier, line) for line in finding.evidence[:SHOWN_EVIDENCE]),
        more_evidence=max(0, len(finding.evidence) - SHOWN_EVIDENCE),
        parents=finding.parents,
        evidence_wanted=_EVIDENCE_WANTED.get(finding.key, ""),
    )


def in_the_way(finding: Finding) -> tuple[tuple[InTheWay, ...], int]:
    """Return what stands in the way, grouped by reason in the judge's order, and how much the groups leave out."""
    groups: dict[tuple[str, bool], list[str]] = {}
    for row in finding.blockers:
        text = row.text[1:-1] if row.text.startswith("(") and row.text.endswith(")") else row.text
        groups.setdefault((text, row.pending), []).append(row.reference)
    shown = tuple(
        InTheWay(
            references=tuple(references[:SHOWN_REFERENCES]),
            more=max(0, len(references) - SHOWN_REFERENCES),
            text=text,
            pending=pending,
        )
        for (text, pending), references in list(groups.items())[:SHOWN_REASONS]
    )
    return shown, sum(len(references) for references in list(groups.values())[SHOWN_REASONS:])


def _not_judged(criterion: Criterion) -> CriterionBlock:
    first = next(step for step in criterion.steps if step != "ENTRY")
    return CriterionBlock(
        key=criterion.key,
        anchor=anchor(criterion.key),
        clause=criterion.clause,
        title=criterion.title,
        text=criterion.clause_text,
        mark=Mark.NOT_STARTED,
        why=f"judged from the step {STEPS[first]}",
        summary="This step does not judge it: a step ignores its own and later outputs.",
        numbers=(),
        limit="",
        in_the_way=(),
        more_in_the_way=0,
        missing=(),
        notes=(),
        evidence=(),
        more_evidence=0,
        parents=criterion.parents,
        evidence_wanted=_EVIDENCE_WANTED.get(criterion.key, ""),
    )


def evidence_row(dossier: Dossier, line: EvidenceLine) -> EvidenceRow:
    """Return a finding's line of evidence with its file's name and date, from the row it names."""
    item = dossier.evidence.get(line.id)
    log = dossier.facts.issue_log
    made = item.occurred_at if item else log.generated_at if log and log.id == line.id else None
    return EvidenceRow(
        what=EVIDENCE_NAMES.get(line.kind) or plain(line.kind),
        provider=dossier.provider(line.provider) if line.provider else "",
        state=plain(line.state),
        file_name=item.file.name if item else line.title,
        sha256=line.sha256 or "",
        date=day(made),
        accepted=line.accepted,
    )


def blocked_disputes(findings: dict[str, Finding]) -> frozenset[str]:
    """Return the matters (or issues) of the disputes that a finding names as blocking it."""
    return frozenset(
        blocker.id for finding in findings.values() for blocker in finding.blockers if blocker.kind == "dispute"
    )
