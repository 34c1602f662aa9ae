"""Criteria that the edition does not hold (12.3, 12.4), the overlap of 5.7 and the repetition of 7.3 at entry."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from svtad.rulebook.facts import (
    ApproachDocumentFact,
    ChangedDocumentFact,
    EnteredCriterionFact,
    InterfaceRepeatFact,
    OverlapApproval,
    RunningPhase,
)
from svtad.rulebook.fewest import fewest
from svtad.rulebook.judge import judge
from svtad.rulebook.stages import GATE_OF, TRANSITIONS, judge_stage_gate
from svtad.rulebook.vocabulary import CriterionGate, DocumentState, StageState, Step, Verdict
from tests.rulebook.builders import A, certificate, entry_of, issues, precursor, sit, with_plan

CLAUSE = "SVTAD 1.23"
A_DAY = date(2019, 9, 8)


def criterion(id: str, met: bool | None, gate: CriterionGate = CriterionGate.EXIT) -> EnteredCriterionFact:
    return EnteredCriterionFact(id=id, gate=gate, clause="9.1", text=f"Criterion {id}", met=met, reasons="As run.")


def entry(facts, key: str):
    return judge(facts, step=Step.ENTRY).finding(key)


def entry_keys(facts) -> list[str]:
    return [finding.key for finding in judge(facts, step=Step.ENTRY).findings]


def sct(*entered: EnteredCriterionFact, count: int = 0, version: str = "1.0"):
    return with_plan(
        sit(
            phase_kind="SCT",
            certificates=(),
            issues=issues(count, kind="SCT"),
            criteria_version=version,
            entered_criteria=entered,
        )
    )


@pytest.mark.clause(CLAUSE, "12.3", "12.2")
@pytest.mark.parametrize(
    ("entered", "verdict", "words"),
    [
        ((), "CANNOT_EVALUATE", "No Exit Criteria of SCTAD v1.0 are entered."),
        ((criterion("a", True),), "MET", "Exit Criteria of SCTAD v1.0: 1 of 1 recorded as met."),
        ((criterion("a", True), criterion("b", None)), "CANNOT_EVALUATE",
         "Exit Criteria of SCTAD v1.0: 1 of 2 without an answer."),
        ((criterion("a", True), criterion("b", None), criterion("c", False)), "NOT_MET",
         "Exit Criteria of SCTAD v1.0: 1 of 3 recorded as not met."),
    ],
)  # fmt: skip
def test_clause_12_3_the_approach_documents_criteria_are_judged_as_they_are_answered(entered, verdict, words) -> None:
    found = judge(sct(*entered), step=Step.COMPLETION).finding("12.3")
    assert (found.verdict.value, found.summary) == (verdict, words)
    assert "entered.answered" in {reading.key for reading in found.readings}


@pytest.mark.clause(CLAUSE, "12.3")
def test_clause_12_3_what_is_not_met_or_unanswered_is_named() -> None:
    found = judge(sct(criterion("a", False), criterion("b", None)), step=Step.COMPLETION).finding("12.3")
    assert [(row.reference, row.text) for row in found.blockers] == [("9.1 Criterion a", "is not met: As run.")]
    assert [row.key for row in found.missing] == ["b"]


@pytest.mark.clause(CLAUSE, "12.2", "Table 13.2", "15.1")
def test_rule_11_sct_with_16_of_severity_3_is_not_met_and_with_15_the_rest_cannot_be_evaluated() -> None:
    assert judge(sct(count=16, version=""), step=Step.COMPLETION).verdict is Verdict.NOT_MET
    assert judge(sct(count=15, version=""), step=Step.COMPLETION).verdict is Verdict.CANNOT_EVALUATE
    # What the approach document says may be met: the table still has the last word, and so has the plan (15.1).
    assert judge(sct(criterion("a", True), count=16), step=Step.COMPLETION).verdict is Verdict.NOT_MET
    whole = judge(sct(criterion("a", True), count=0), step=Step.COMPLETION)
    assert whole.verdict is Verdict.MET
    unplanned = replace(sct(criterion("a", True), count=1), work_off_plans=())
    assert judge(unplanned, step=Step.COMPLETION).finding("15.1").verdict is Verdict.NOT_MET


@pytest.mark.clause(CLAUSE, "12.3", "12.5")
def test_clause_12_3_entry_criteria_of_the_approach_document_are_judged_where_there_are_any() -> None:
    facts = entry_of(sct(criterion("a", True)))
    assert "12.3-entry" not in entry_keys(facts)
    for met, verdict in ((True, Verdict.MET), (False, Verdict.NOT_MET), (None, Verdict.CANNOT_EVALUATE)):
        with_one = replace(facts, entered_criteria=(criterion("e", met, CriterionGate.ENTRY), criterion("a", True)))
        assert entry(with_one, "12.3-entry").verdict is verdict
        assert judge(with_one, step=Step.COMPLETION).finding("12.3").verdict is Verdict.MET


# --- 5.7 ------------------------------------------------------------------------------------------

RUNNING = (RunningPhase(scope="moc-sit", title="MOC SIT", phase_kind="SIT"),)
AGREED = OverlapApproval(tag_reviewed_on=date(2019, 9, 1), panel_agreed_on=A_DAY, matter="M-1")
OVERLAPS = [
    (None, Verdict.NOT_MET, False, "No overlap was put before the TAG and the Panel (5.7)."),
    (replace(AGREED, tag_reviewed_on=None, panel_agreed_on=None), Verdict.NOT_MET, True,
     "The overlap is before the TAG, for its review (M-1); until it is agreed there is no exception."),
    (replace(AGREED, panel_agreed_on=None, matter=None), Verdict.NOT_MET, True,
     "The overlap is before the Panel; until it is agreed there is no exception."),
    (replace(AGREED, panel_agreed_on=None, panel_refused_on=A_DAY), Verdict.NOT_MET, False,
     "The Panel did not agree to the overlap on 2019-09-08 (M-1)."),
    (replace(AGREED, tag_reviewed_on=None), Verdict.NOT_MET, False,
     "The Panel agreed on 2019-09-08 (M-1), which does not hold: 5.7 wants the TAG's review before it, and it holds "
     "from its day."),
    (AGREED, Verdict.MET, False, ""),
]  # fmt: skip
IDS = ["none", "before TAG", "before the Panel", "refused", "Panel without TAG", "agreed"]


@pytest.mark.clause(CLAUSE, "5.7")
@pytest.mark.parametrize(("overlap", "verdict", "awaiting", "note"), OVERLAPS, ids=IDS)
def test_clause_5_7_a_running_sit_is_not_overlapped_before_the_panel_agreed(overlap, verdict, awaiting, note) -> None:
    facts = entry_of(sit(phase_kind="INTERFACE", certificates=()), overlap=overlap, running=RUNNING)
    found = entry(facts, "5.7")
    assert (found.verdict, found.awaiting) == (verdict, awaiting)
    assert found.notes == ((note,) if note else ())
    assert [row.pending for row in found.blockers] == ([] if verdict is Verdict.MET else [awaiting])


@pytest.mark.clause(CLAUSE, "5.7", "12.5(b)")
@pytest.mark.parametrize(("overlap", "verdict", "awaiting", "note"), OVERLAPS, ids=IDS)
def test_clause_12_5_b_says_how_far_the_agreement_has_come(overlap, verdict, awaiting, note) -> None:
    running = precursor(kind="SIT", certificates=())
    facts = entry_of(sit(phase_kind="INTERFACE", precursors=(running,), certificates=()), overlap=overlap)
    found = entry(facts, "12.5(b)")
    assert (found.verdict, found.awaiting) == (verdict, awaiting)
    expected = note or "Excepted by the agreed overlap (5.7): SIT of MOC."
    assert found.notes == (expected,)


@pytest.mark.clause(CLAUSE, "5.7", "12.5(b)")
def test_clause_5_7_a_pending_overlap_makes_no_other_certificate_wait() -> None:
    pending = replace(AGREED, panel_agreed_on=None)
    both = (precursor(kind="SIT", certificates=()), precursor(certificates=(certificate(A),)))
    found = entry(entry_of(sit(phase_kind="INTERFACE", precursors=both, certificates=()), overlap=pending), "12.5(b)")
    assert (found.verdict, found.awaiting) == (Verdict.NOT_MET, False)
    assert {row.reference.partition(",")[0]: row.pending for row in found.blockers} == {
        "SIT of MOC": True,
        "PIT of MOC": False,
    }


@pytest.mark.clause(CLAUSE, "5.7")
def test_clause_5_7_is_asked_only_where_something_would_overlap() -> None:
    assert "5.7" not in entry_keys(entry_of(sit()))
    assert "5.7" not in entry_keys(sit(entry=None, evidence=()))
    assert "5.7" in entry_keys(entry_of(sit(), running=(replace(RUNNING[0], phase_kind="INTERFACE"),)))
    assert "5.7" not in entry_keys(entry_of(sit(phase_kind="SCT"), running=RUNNING))
    assert fewest(entry_of(sit()), step=Step.ENTRY) == fewest(entry_of(sit(), overlap=AGREED), step=Step.ENTRY)


# --- 7.3 ------------------------------------------------------------------------------------------


@pytest.mark.clause(CLAUSE, "7.3", "7.3-changes")
def test_clause_7_3_interface_testing_of_moc_waits_for_the_direction_and_for_the_changed_documents() -> None:
    def found(repeat: InterfaceRepeatFact):
        return entry(entry_of(sit(phase_kind="INTERFACE", certificates=()), repeat=repeat), "7.3")

    held = ChangedDocumentFact(document="UTSAD", version="2.0", effective_on=date(2019, 10, 1))
    assert found(InterfaceRepeatFact()).blockers[0].reference == "Direction under 7.3"
    assert found(InterfaceRepeatFact(matter="M-3")).blockers[0].reference == "M-3"
    directed = InterfaceRepeatFact(matter="M-3", directed_on=A_DAY)
    assert "no document version is named" in found(directed).summary
    later = replace(held, effective_on=date(2019, 10, 2))
    assert found(replace(directed, documents=(later,))).verdict is Verdict.NOT_MET
    one = found(replace(directed, documents=(held,)))
    assert (one.verdict, one.summary) == (
        Verdict.MET,
        "The Secretary of State directed it; in effect for it: UTSAD v2.0.",
    )
    assert "7.3" not in entry_keys(entry_of(sit(phase_kind="INTERFACE", certificates=())))


# --- 12.3 -----------------------------------------------------------------------------------------


@pytest.mark.clause(CLAUSE, "12.3", "12.3-gate")
def test_clause_12_3_a_document_before_the_secretary_of_state_is_awaited() -> None:
    held = ApproachDocumentFact(document="UTSAD", version="", state=DocumentState.SUBMITTED, matter="M-2")
    found = entry(entry_of(sit(phase_kind="INTERFACE", certificates=()), approach_document=held), "12.3")
    assert (found.verdict, found.awaiting, found.blockers[0].id) == (Verdict.NOT_MET, True, "M-2")
    assert found.summary == "UTSAD: is submitted, not approved."


# --- 12.4 -----------------------------------------------------------------------------------------


@pytest.mark.clause(CLAUSE, "12.4")
def test_clause_12_4_a_stage_without_gates_is_free_and_a_gate_without_criteria_cannot_be_evaluated() -> None:
    for gate in CriterionGate:
        assert judge_stage_gate(gate=gate, has_gate=False, criteria=()).verdict is Verdict.MET
        assert judge_stage_gate(gate=gate, has_gate=True, criteria=()).verdict is Verdict.CANNOT_EVALUATE
        other = next(each for each in CriterionGate if each is not gate)
        beside = (criterion("x", True, other),)
        assert judge_stage_gate(gate=gate, has_gate=True, criteria=beside).verdict is Verdict.CANNOT_EVALUATE
        met = (criterion("x", True, gate),)
        assert judge_stage_gate(gate=gate, has_gate=True, criteria=met).verdict is Verdict.MET


@pytest.mark.clause(CLAUSE, "12.4", "DEF-test-stage")
def test_clause_12_4_a_stage_is_planned_then_running_then_done() -> None:
    assert {state.value: [each.value for each in following] for state, following in TRANSITIONS.items()} == {
        "PLANNED": ["RUNNING"],
        "RUNNING": ["DONE"],
        "DONE": [],
    }
    assert {state.value: gate.value for state, gate in GATE_OF.items()} == {"RUNNING": "ENTRY", "DONE": "EXIT"}
    assert set(TRANSITIONS) == set(StageState)
