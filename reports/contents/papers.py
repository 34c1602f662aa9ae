"""Work Off Plans, reports, certificates and witnessing: what is provided, and what is not."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

from reports.contents.dossier import Dossier
from reports.contents.words import NONE, count, day, instant, plain, rate
from reports.shapes import DueRow, Labelled, Paper, PlanRow, Witnessing, WorkOff
from svtad.gates.models import EvidenceItem
from svtad.rulebook.facts import CertificateFact, EvidenceFact, ProviderFact, WorkOffPlanFact
from svtad.rulebook.findings import DueLine
from svtad.rulebook.relevance import EVIDENCE_AT
from svtad.rulebook.vocabulary import EvidenceKind, EvidenceState, Step, WorkOffItemState

#: So many open items of an earlier plan are named; the rest are counted.
SHOWN_ITEMS = 10
_ITEM_STATES = {
    WorkOffItemState.OPEN: "open",
    WorkOffItemState.CLOSED: "closed and not yet re-run with success",
    WorkOffItemState.RERUN_PASSED: "closed and re-run",
}
_APPROVED = (EvidenceState.APPROVED, EvidenceState.SHARED_WITH_TAG)
#: The key under which an item of evidence states the results of 13.13.
WITNESSING = "13.13"


def work_off(dossier: Dossier) -> WorkOff:
    """Return the plans of this phase and of the phases before it, and the dates of 15.1."""
    facts = dossier.facts
    here = facts.title or dossier.phase_kind.title
    return WorkOff(
        own=tuple(_plan(dossier, plan, here) for plan in facts.work_off_plans),
        earlier=tuple(
            _plan(dossier, plan, phase.title) for phase in facts.precursors or () for plan in phase.work_off_plans
        ),
        earlier_known=facts.precursors is not None,
        dates=_dates(dossier),
    )


def _dates(dossier: Dossier) -> tuple[DueRow, ...]:
    """Return the dates of 15.1: issues of one provider and severity share theirs, the annex has each issue's."""
    shared: dict[tuple[str | None, str | None, str | None, str | None, str], list[DueLine]] = {}
    for finding in dossier.judgement.findings:
        for line in finding.dates:
            key = (line.provider, line.severity, line.clock_start, line.due, line.note)
            shared.setdefault(key, []).append(line)
    rows = [
        DueRow(
            provider=dossier.provider(lines[0].provider),
            severity=lines[0].severity or "Not determined",
            issues=len(lines),
            days=NONE if lines[0].working_days is None else count(lines[0].working_days, "Working Day"),
            clock_start=_iso_day(lines[0].clock_start),
            due=_iso_day(lines[0].due),
            note=lines[0].note,
        )
        for lines in shared.values()
    ]
    return tuple(sorted(rows, key=lambda row: (row.provider, row.severity, row.due)))


def _iso_day(text: str | None) -> str:
    return day(dt.date.fromisoformat(text)) if text else NONE


def _plan(dossier: Dossier, plan: WorkOffPlanFact, phase: str) -> PlanRow:
    open_items = [item.reference for item in plan.items if item.state is not WorkOffItemState.RERUN_PASSED]
    states = Counter(item.state for item in plan.items)
    return PlanRow(
        reference=plan.reference or plan.id,
        phase=phase,
        provider=dossier.provider(plan.provider) if plan.provider else "The whole phase",
        state=plain(plan.state),
        items=len(plan.items),
        done=", ".join(f"{states[state]:,} {words}" for state, words in _ITEM_STATES.items() if states[state]),
        open_items=tuple(open_items[:SHOWN_ITEMS]),
        more_open=max(0, len(open_items) - SHOWN_ITEMS),
        sha256=plan.sha256 or "",
    )


def papers(dossier: Dossier) -> tuple[Paper, ...]:
    """Return what 9.4, 9.5, 12.6(i), 19.4 and 9.2 ask for, each as provided or not provided."""
    listed = [
        *_per_provider(dossier, EvidenceKind.PROVIDER_REPORT, clause="9.4", what="Provider report"),
        *_phase_wide(dossier, EvidenceKind.ASSURANCE_REPORT, clause="9.5", what="DCC assurance report"),
    ]
    if any(criterion.key == "12.6(i)" for criterion in dossier.phase_kind.criteria):
        listed += _certificates(dossier)
    if dossier.facts.phase_kind == "SIT":
        listed += _phase_wide(dossier, EvidenceKind.SIT_AUDIT_REPORT, clause="19.4", what="SIT Audit Report")
        listed += _phase_wide(dossier, EvidenceKind.TTM, clause="11.1", what="Test Traceability Matrix")
        listed += _phase_wide(dossier, EvidenceKind.TEST_HEATMAP, clause="Table 13.1 row 7", what="Test heatmap")
    return (*listed, _issue_log(dossier))


def reports_to_include(dossier: Dossier) -> tuple[EvidenceFact, ...]:
    """Return the 9.4 and 9.5 reports that 9.7 wants inside the Completion Report: those accepted and approved.

    An assurance report that TAB has not approved is for nobody beyond TAB (9.6), so it is not carried to TAG inside
    this report; nor are the provider reports before that.
    """
    approved = [
        item
        for item in dossier.facts.evidence
        if item.kind is EvidenceKind.ASSURANCE_REPORT and item.state in _APPROVED and item.matter and item.is_stored
    ]
    accepted = [
        item
        for item in dossier.facts.evidence
        if item.kind is EvidenceKind.PROVIDER_REPORT and item.state is EvidenceState.ACCEPTED and item.is_stored
    ]
    return (*accepted, *approved) if approved else ()


def witnessing(dossier: Dossier) -> Witnessing:
    """Return the results of the DCC's witnessing (13.13) as an item of evidence states them; nothing is inferred.

    An item's statements hold them under "13.13": {"executed": 38, "passed": 36, "failed": [{"number": 2,
    "reason": "…"}]}. The ratio is of executed tests, not of planned ones.
    """
    stated = next((item.statements[WITNESSING] for item in dossier.evidence.values() if _states_witnessing(item)), None)
    if stated is None:
        return Witnessing(provided=False, passed=None, executed=None, failures=(), ratio=NONE)
    passed, executed = stated["passed"], stated["executed"]
    return Witnessing(
        provided=True,
        passed=passed,
        executed=executed,
        failures=tuple(
            Labelled(label=str(row.get("number", "")), value=str(row.get("reason", "")))
            for row in stated.get("failed", ())
            if isinstance(row, dict)
        ),
        ratio=f"{passed}/{executed} ({rate(passed, executed)})" if executed else "not applicable: none executed",
    )


def _states_witnessing(item: EvidenceItem) -> bool:
    stated: Any = item.statements.get(WITNESSING) if isinstance(item.statements, dict) else None
    return isinstance(stated, dict) and all(type(stated.get(key)) is int for key in ("passed", "executed"))


def _owing(dossier: Dossier) -> list[ProviderFact]:
    """The providers of which evidence is due: all, or the one whose certificate is at stake."""
    alone = dossier.assessment.provider_id_text
    return [row for row in dossier.facts.providers if row.owes_evidence and alone in ("", row.id)]


def _of_kind(dossier: Dossier, kind: EvidenceKind) -> list[EvidenceFact]:
    return [item for item in dossier.facts.evidence if item.kind is kind]


def _looked_at(dossier: Dossier, kind: EvidenceKind) -> bool:
    """Whether this step looks at evidence of that kind at all: else nothing can be said of it."""
    return kind in EVIDENCE_AT[Step(dossier.assessment.step)]


def _per_provider(dossier: Dossier, kind: EvidenceKind, *, clause: str, what: str) -> list[Paper]:
    """One line per provider that owes it, and one per item that covers the whole phase."""
    items = _of_kind(dossier, kind)
    listed = [_paper(dossier, item, clause=clause, what=what) for item in items if item.provider is None]
    covered = bool(listed)
    for provider in _owing(dossier):
        own = [item for item in items if item.provider == provider.id]
        listed += [_paper(dossier, item, clause=clause, what=what) for item in own]
        if not own and not covered:
            listed.append(_absent(clause, what, provider.name, looked_at=_looked_at(dossier, kind)))
    return listed


def _phase_wide(dossier: Dossier, kind: EvidenceKind, *, clause: str, what: str) -> list[Paper]:
    listed = [_paper(dossier, item, clause=clause, what=what) for item in _of_kind(dossier, kind)]
    return listed or [_absent(clause, what, looked_at=_looked_at(dossier, kind))]


def _paper(dossier: Dossier, item: EvidenceFact, *, clause: str, what: str) -> Paper:
    row = dossier.evidence.get(item.id)
    state = plain(item.state) if item.is_stored else f"{plain(item.state)}; its file is gone or was changed"
    return Paper(
        clause=clause,
        what=what,
        provider=dossier.provider(item.provider) if item.provider else "",
        provided=item.sha256 is not None,
        state=state,
        file_name=row.file.name if row else item.title,
        sha256=item.sha256 or "",
        date=day(row.occurred_at) if row else NONE,
        statements=_statements(item),
    )


def _statements(item: EvidenceFact) -> str:
    """Return which clauses a report confirms, and which it does not."""
    confirmed = [row.clause for row in item.statements if row.confirmed]
    refused = [row.clause for row in item.statements if not row.confirmed]
    parts = [
        f"{word} {', '.join(clauses)}"
        for word, clauses in (("confirms", confirmed), ("does not confirm", refused))
        if clauses
    ]
    return "; ".join(parts)


def _absent(clause: str, what: str, provider: str = "", *, looked_at: bool = True) -> Paper:
    return Paper(
        clause=clause,
        what=what,
        provider=provider,
        provided=False,
        state="Not provided" if looked_at else "Not looked at in this step",
        file_name="",
        sha256="",
        date=NONE,
    )


def _certificates(dossier: Dossier) -> list[Paper]:
    held = {certificate.provider: certificate for certificate in dossier.facts.certificates}
    looked_at = dossier.assessment.step in (Step.COMPLETION, Step.PANEL)
    what = "Test Completion Certificate"
    return [
        _certificate(dossier, held[provider.id], provider.name, what)
        if provider.id in held
        else _absent("12.6(i)", what, provider.name, looked_at=looked_at)
        for provider in _owing(dossier)
    ]


def _certificate(dossier: Dossier, held: CertificateFact, provider: str, what: str) -> Paper:
    record = dossier.matters.get(held.matter or "")
    document = next((row.document for row in reversed(record.decisions) if row.document), None) if record else None
    return Paper(
        clause="12.6(i)",
        what=f"{what} {held.reference}".strip(),
        provider=provider,
        provided=held.state.is_in_force,
        state=plain(held.state),
        file_name=document.name if document else "",
        sha256=document.sha256 if document else "",
        date=day(held.issued_on),
    )


def _issue_log(dossier: Dossier) -> Paper:
    log = dossier.facts.issue_log
    if log is None:
        return _absent("9.2", "Testing Issue log")
    held = f"{count(log.issues, 'Testing Issue')}, produced {instant(log.generated_at)}"
    return Paper(
        clause="9.2",
        what="Testing Issue log",
        provider="",
        provided=True,
        state=held if log.intact else f"{held}; its file is gone or was changed",
        file_name="",
        sha256=log.sha256,
        date=day(log.generated_at),
    )
