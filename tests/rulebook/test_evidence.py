"""12.6(d), 12.6(e) and Table 13.1 rows 4 to 7: criteria that hang on attached, hashed evidence."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from svtad.rulebook.facts import EvidenceGap, ExecutionEvidence, IssueLogFact
from svtad.rulebook.findings import Finding
from svtad.rulebook.judge import judge
from svtad.rulebook.vocabulary import EvidenceKind, EvidenceState, Step, Verdict
from tests.rulebook.builders import A, B, C, audited, evidence, reports, sit

LOG = IssueLogFact(id="log", sha256="b" * 64, generated_at=datetime(2019, 9, 30, 17, tzinfo=UTC), issues=12)


def finding(key: str, **changes) -> Finding:
    """One finding of a SIT before the Panel that is met but for the changes."""
    return judge(sit(**changes), step=Step.PANEL).finding(key)


results = pytest.mark.clause("SVTAD 1.23", "12.6(d)", "Table 13.1 row 4")


@results
def test_clause_12_6_d_one_of_500_executions_without_evidence_is_not_met_and_listed() -> None:
    gap = EvidenceGap(id="run-9", reference="T9", text="no evidence")
    held = ExecutionEvidence(executed=500, with_evidence=400, no_file_needed=99, missing=1, gaps=(gap,))
    one = finding("12.6(d)", execution_evidence=held)
    assert (one.verdict, one.summary) == (Verdict.NOT_MET, "499 of 500 executions are documented.")
    assert [row.id for row in one.blockers] == ["run-9"]
    assert finding("T13.1-4", execution_evidence=held).verdict is Verdict.NOT_MET


@results
def test_what_stands_in_the_way_is_listed_as_a_reader_looks_for_it() -> None:
    names = {"run-1": "T10", "run-2": "T9", "run-3": "T9", "run-4": "A" + "9" * 5000, "run-5": "T009"}
    gaps = tuple(EvidenceGap(id=key, reference=name, text="no evidence") for key, name in names.items())
    held = ExecutionEvidence(executed=8, with_evidence=0, missing=8, gaps=gaps)
    listed = finding("12.6(d)", execution_evidence=held).blockers
    assert [row.id for row in listed] == ["run-4", "run-2", "run-3", "run-5", "run-1", ""]


@results
def test_table_13_1_row_4_a_file_that_fails_its_hash_is_not_met() -> None:
    held = ExecutionEvidence(executed=500, with_evidence=500, hash_failed=3, gaps=())
    one = finding("12.6(d)", execution_evidence=held)
    assert one.verdict is Verdict.NOT_MET
    assert [row.reference for row in one.blockers] == ["3 more"]


@results
def test_clause_12_6_d_without_any_execution_nothing_is_documented() -> None:
    assert finding("12.6(d)", execution_evidence=ExecutionEvidence(executed=0, with_evidence=0)).verdict is (
        Verdict.NOT_MET
    )
    unknown = finding("12.6(d)", execution_evidence=None)
    assert (unknown.verdict, unknown.missing[0].key) == (Verdict.CANNOT_EVALUATE, "execution_evidence")


logs = pytest.mark.clause("SVTAD 1.23", "12.6(e)", "9.2", "Table 13.1 row 5")


@logs
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"issues": 11}, "The log holds 11 of 12 Testing Issues raised."),
        ({"issues": 13}, "The log holds 13 of 12 Testing Issues raised."),
        ({"intact": False}, "The stored log is gone or no longer matches its SHA-256."),
    ],
)
def test_table_13_1_row_5_the_stored_log_holds_every_issue_raised(changes, words) -> None:
    one = finding("12.6(e)", issue_log=replace(LOG, **changes))
    assert (one.verdict, one.summary) == (Verdict.NOT_MET, words)
    assert finding("T13.1-5", issue_log=replace(LOG, **changes)).verdict is Verdict.NOT_MET


@logs
def test_clause_12_6_e_a_log_older_than_the_last_issue_or_execution_is_stale() -> None:
    generated = LOG.generated_at
    at_once = finding("12.6(e)", last_execution_at=generated, last_issue_raised_at=generated)
    assert at_once.verdict is Verdict.MET
    later = generated + timedelta(seconds=1)
    for changes, words in (
        ({"last_issue_raised_at": later}, "The log was generated before the last Testing Issue was raised."),
        ({"last_execution_at": later}, "The log was generated before the last execution."),
    ):
        one = finding("12.6(e)", **changes)
        assert (one.verdict, one.summary) == (Verdict.NOT_MET, words)
    never = finding("12.6(e)", last_execution_at=None, last_issue_raised_at=None)
    assert never.verdict is Verdict.MET


@logs
def test_clause_12_6_e_without_a_log_it_is_not_met_and_without_a_count_not_evaluated() -> None:
    assert finding("12.6(e)", issue_log=None).verdict is Verdict.NOT_MET
    unknown = finding("12.6(e)", issues_raised=None)
    assert (unknown.verdict, unknown.missing[0].key) == (Verdict.CANNOT_EVALUATE, "issues_raised")


audit = pytest.mark.clause("SVTAD 1.23", "Table 13.1 row 6", "Table 13.1 row 7", "19.4")


@audit
@pytest.mark.parametrize(("row", "letter"), [("6", "a"), ("7", "b")])
def test_table_13_1_rows_6_and_7_hang_on_the_sit_auditors_confirmation(row, letter) -> None:
    key = f"T13.1-{row}"
    assert finding(key).verdict is Verdict.MET
    refused = finding(key, evidence=(*reports(A, B, C), *audited(**{letter: False})))
    assert (refused.verdict, refused.summary) == (
        Verdict.NOT_MET,
        f"The SIT Auditor does not confirm 19.4({letter}).",
    )
    silent = tuple(replace(one, statements=()) for one in audited())
    unanswered = finding(key, evidence=(*reports(A, B, C), *silent))
    assert (unanswered.verdict, unanswered.missing[0].key) == (
        Verdict.CANNOT_EVALUATE,
        f"statement 19.4({letter})",
    )


@audit
def test_table_13_1_row_6_needs_the_matrix_and_a_final_report() -> None:
    ttm, heatmap, report = audited()
    nothing = finding("T13.1-6", evidence=reports(A, B, C))
    assert (nothing.verdict, nothing.summary) == (Verdict.NOT_MET, "Test Traceability Matrix is not attached.")
    assert [row.reference for row in nothing.blockers] == ["Test Traceability Matrix", "SIT Audit Report"]
    interim = finding("T13.1-6", evidence=(ttm, replace(report, state=EvidenceState.INTERIM)))
    assert [(row.id, row.text) for row in interim.blockers] == [(report.id, "(it is interim)")]
    draft = finding("T13.1-7", evidence=(replace(heatmap, state=EvidenceState.DRAFT, title=""), report))
    assert [(row.reference, row.text) for row in draft.blockers] == [("TEST_HEATMAP", "(it is draft)")]
    unhashed = finding("T13.1-6", evidence=(replace(ttm, sha256=None), report))
    assert unhashed.blockers[0].text == "(no file is attached)"
    changed = finding("T13.1-6", evidence=(replace(ttm, intact=False), report))
    assert changed.blockers[0].text == "(its stored file is gone or no longer matches its SHA-256)"


@audit
def test_table_13_1_row_6_is_an_own_criterion_and_counts_only_before_the_panel() -> None:
    facts = sit(evidence=(*reports(A, B, C), evidence(EvidenceKind.TTM, EvidenceState.ACCEPTED)))
    assert judge(facts, step=Step.COMPLETION).verdict is Verdict.MET
    panel = judge(facts, step=Step.PANEL)
    assert panel.verdict is Verdict.NOT_MET
    assert not panel.finding("T13.1-6").is_detail
