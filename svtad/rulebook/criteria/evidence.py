"""Criteria that hang on attached, hashed evidence: 12.6(d), (e) and Table 13.1 rows 4 to 7."""

from __future__ import annotations

from collections.abc import Collection

from svtad.rulebook.case import Case, Result, number
from svtad.rulebook.facts import EvidenceFact, IssueLogFact
from svtad.rulebook.findings import Blocker, EvidenceLine, Missing
from svtad.rulebook.vocabulary import EvidenceKind, EvidenceState, Verdict

STANDS = frozenset(EvidenceState) - {
    EvidenceState.DRAFT,
    EvidenceState.RETURNED,
    EvidenceState.REJECTED,
    EvidenceState.INTERIM,
}
"""The states in which a piece of evidence has been produced: not a draft, nor sent back, nor only interim."""


def items(case: Case, kind: EvidenceKind) -> tuple[EvidenceFact, ...]:
    """The evidence of a kind."""
    return tuple(row for row in case.facts.evidence if row.kind is kind)


def good(rows: tuple[EvidenceFact, ...], states: Collection[EvidenceState] = STANDS) -> tuple[EvidenceFact, ...]:
    """Those whose file is stored and unchanged and whose state is one of ``states``."""
    return tuple(row for row in rows if row.is_stored and row.state in states)


def lines(rows: tuple[EvidenceFact, ...], states: Collection[EvidenceState] = STANDS) -> tuple[EvidenceLine, ...]:
    """What a finding says of the evidence it looked at."""
    accepted = {row.id for row in good(rows, states)}
    return tuple(
        EvidenceLine(
            kind=row.kind,
            id=row.id,
            title=row.title,
            provider=row.provider,
            state=row.state,
            sha256=row.sha256,
            accepted=row.id in accepted,
        )
        for row in rows
    )


def why_not(row: EvidenceFact) -> str:
    """Why a piece of evidence does not count."""
    if row.sha256 is None:
        return "no file is attached"
    if not row.intact:
        return "its stored file is gone or no longer matches its SHA-256"
    return f"it is {in_words(row.state)}"


def in_words(state: str) -> str:
    """A state as words within a sentence: SHARED_WITH_TAG as "shared with TAG"."""
    return " ".join(part if part in ("TAB", "TAG", "SOS") else part.lower() for part in state.split("_"))


def not_good(rows: tuple[EvidenceFact, ...], states: Collection[EvidenceState] = STANDS) -> tuple[Blocker, ...]:
    """A blocker for each that does not count."""
    accepted = {row.id for row in good(rows, states)}
    return tuple(
        Blocker(kind="evidence", id=row.id, reference=row.title or row.kind, text=f"({why_not(row)})")
        for row in rows
        if row.id not in accepted
    )


def results_documented(case: Case) -> Result:
    """Test results and other requisite evidence is documented.

    Every counted execution has a stored file as evidence, or the statement that none is needed.
    """
    held = case.facts.execution_evidence
    if held is None:
        missing = Missing(kind="fact", key="execution_evidence", text="What evidence the executions have is not known.")
        return Result(verdict=Verdict.CANNOT_EVALUATE, summary=missing.text, missing=(missing,))
    numbers = (
        number("Executions", held.executed),
        number("With evidence", held.with_evidence),
        number("No file needed", held.no_file_needed),
        number("Without evidence", held.missing),
        number("File gone or changed", held.hash_failed),
    )
    if held.executed == 0:
        return Result(
            verdict=Verdict.NOT_MET, summary="No test result exists that could be documented.", numbers=numbers
        )
    lacking = held.missing + held.hash_failed
    listed = tuple(Blocker(kind="execution", id=gap.id, reference=gap.reference, text=gap.text) for gap in held.gaps)
    more = lacking - len(listed)
    rest = Blocker(kind="execution", id="", reference=f"{more} more", text=f"{more} more executions, not listed")
    return Result(
        verdict=Verdict.NOT_MET if lacking else Verdict.MET,
        summary=f"{held.executed - lacking} of {held.executed} executions are documented.",
        numbers=numbers,
        limit="every counted execution",
        blockers=(*listed, rest) if more > 0 else listed,
    )


def results_documented_row(case: Case) -> Result:
    """Results of testing are documented and the evidence is stored."""
    return detail(case.once(results_documented), "12.6(d)")


def detail(whole: Result, parent: str) -> Result:
    """A row of Table 13.1 with the verdict of the criterion that it details."""
    return Result(
        verdict=whole.verdict,
        summary=whole.summary,
        numbers=whole.numbers,
        limit=whole.limit,
        evidence=whole.evidence,
        notes=(f"Judged once, under {parent}, which it details.",),
        awaiting=whole.awaiting,
    )


def issue_logs_produced(case: Case) -> Result:
    """Test issue logs are produced.

    A stored log, generated after the last execution and the last issue raised, holds every Testing Issue of the phase.
    """
    log = case.facts.issue_log
    raised = case.facts.issues_raised
    if raised is None:
        missing = Missing(kind="fact", key="issues_raised", text="How many Testing Issues were raised is not known.")
        return Result(verdict=Verdict.CANNOT_EVALUATE, summary=missing.text, missing=(missing,))
    if log is None:
        return Result(
            verdict=Verdict.NOT_MET,
            summary="No Testing Issue log has been produced.",
            numbers=(number("Testing Issues raised", raised),),
        )
    faults = _log_faults(case, log, raised)
    return Result(
        verdict=Verdict.NOT_MET if faults else Verdict.MET,
        summary=faults[0] if faults else f"The log holds all {raised} Testing Issues raised.",
        numbers=(number("Testing Issues raised", raised), number("In the log", log.issues)),
        limit="every Testing Issue raised, in a log newer than the last execution",
        blockers=tuple(
            Blocker(kind="issue_log", id=log.id, reference="Testing Issue log", text=_predicate(fault))
            for fault in faults
        ),
        evidence=(
            EvidenceLine(
                kind=EvidenceKind.ISSUE_LOG,
                id=log.id,
                title="Testing Issue log",
                provider=None,
                state=EvidenceState.ISSUED,
                sha256=log.sha256,
                accepted=not faults,
            ),
        ),
    )


def _log_faults(case: Case, log: IssueLogFact, raised: int) -> list[str]:
    faults = []
    executed, last = case.facts.last_execution_at, case.facts.last_issue_raised_at
    if not log.intact:
        faults.append("The stored log is gone or no longer matches its SHA-256.")
    if last is not None and log.generated_at < last:
        faults.append("The log was generated before the last Testing Issue was raised.")
    if executed is not None and log.generated_at < executed:
        faults.append("The log was generated before the last execution.")
    if log.issues != raised:
        faults.append(f"The log holds {log.issues} of {raised} Testing Issues raised.")
    return faults


def _predicate(fault: str) -> str:
    """What a sentence says of the log, to stand behind its name."""
    return fault.removeprefix("The ").removeprefix("stored ").removeprefix("log ").rstrip(".")


def issue_logs_row(case: Case) -> Result:
    """Logs have been produced and stored for all Testing Issues identified in testing."""
    return detail(case.once(issue_logs_produced), "12.6(e)")


def traceability_to_requirements(case: Case) -> Result:
    """Test traceability to the requirements, as the TTM defines it, is demonstrated and documented.

    The SIT Auditor's final report confirms it as clause 19.4(a) sets out.
    """
    return _audited(case, EvidenceKind.TTM, "Test Traceability Matrix", "19.4(a)")


def traceability_of_executed_tests(case: Case) -> Result:
    """A test heatmap shows the coverage and success of testing, and traceability to the TTM.

    The SIT Auditor's final report confirms it as clause 19.4(b) sets out.
    """
    return _audited(case, EvidenceKind.TEST_HEATMAP, "Test heatmap", "19.4(b)")


def _audited(case: Case, kind: EvidenceKind, name: str, clause: str) -> Result:
    """A document that is attached and that the SIT Auditor confirmed."""
    documents = items(case, kind)
    audits = items(case, EvidenceKind.SIT_AUDIT_REPORT)
    final = (EvidenceState.FINAL,)
    evidence = (*lines(documents), *lines(audits, final))
    blockers = [*not_good(documents), *not_good(audits, final)]
    if not documents:
        blockers.append(Blocker(kind="evidence", id="", reference=name, text="is not attached"))
    if not audits:
        blockers.append(Blocker(kind="evidence", id="", reference="SIT Audit Report", text="is not attached"))
    if not good(documents) or not good(audits, final):
        return Result(
            verdict=Verdict.NOT_MET,
            summary=f"{blockers[0].reference} {blockers[0].text}.",
            blockers=tuple(blockers),
            evidence=evidence,
        )
    answers = [
        statement.confirmed for row in good(audits, final) for statement in row.statements if statement.clause == clause
    ]
    if not answers:
        missing = Missing(
            kind="fact", key=f"statement {clause}", text=f"The SIT Audit Report does not answer {clause}."
        )
        return Result(verdict=Verdict.CANNOT_EVALUATE, summary=missing.text, missing=(missing,), evidence=evidence)
    if not all(answers):
        refusal = Blocker(
            kind="evidence", id=audits[0].id, reference="SIT Audit Report", text=f"does not confirm {clause}"
        )
        return Result(
            verdict=Verdict.NOT_MET,
            summary=f"The SIT Auditor does not confirm {clause}.",
            blockers=(refusal,),
            evidence=evidence,
        )
    return Result(verdict=Verdict.MET, summary=f"The SIT Auditor confirms {clause}.", evidence=evidence)
