"""14.4 and 14.5: pending disputes taken jointly and exactly, under the three readings of what TAG may choose."""

from __future__ import annotations

import pytest

from svtad.rulebook.criteria.disputes import allowed_severities, crowded
from svtad.rulebook.findings import Finding
from svtad.rulebook.judge import judge
from svtad.rulebook.vocabulary import CountState, DisputeReading, DisputeState, ExclusionState, Step, Verdict
from tests.rulebook.builders import (
    A,
    B,
    cell,
    decision,
    dispute,
    exclusion,
    issue,
    issues,
    parameter,
    regression,
    sit,
    with_plan,
)

pytestmark = pytest.mark.clause("SVTAD 1.23", "14.5", "14.2", "14.4")


def judged(rows, disputes, reading: str | None = None, **changes) -> Finding:
    """The threshold criterion with these issues and disputes."""
    facts = sit(issues=rows, disputes=disputes, parameters=(parameter("disputes.severities", reading),), **changes)
    return judge(with_plan(facts), step=Step.REPORTS).finding("12.6(c)")


def test_clause_14_5_two_disputes_harmless_alone_block_together() -> None:
    rows = (*issues(14), issue("x", "4"), issue("y", "4"))
    one = judged(rows, (dispute("x", "3"),))
    assert one.verdict is Verdict.MET
    both = judged(rows, (dispute("x", "3"), dispute("y", "3")))
    assert both.verdict is Verdict.BLOCKED
    assert [(row.kind, row.id, row.pending) for row in both.blockers] == [
        ("dispute", "dispute-x-3", True),
        ("dispute", "dispute-y-3", True),
    ]
    assert "14.5" in both.summary
    third = next(cell for cell in both.thresholds if cell.severity == "3")
    assert (third.count, third.lowest, third.highest, third.verdict) == (14, 14, 16, Verdict.BLOCKED)
    assert next(cell for cell in both.thresholds if cell.severity == "4").verdict is Verdict.MET
    assert next(row for row in both.readings if row.key == "disputes.severities").value == "between"


def test_clause_14_5_a_dispute_with_room_wherever_it_lands_does_not_block_except_under_any() -> None:
    rows = (*issues(10), issue("x", "4"))
    assert judged(rows, (dispute("x", "3"),)).verdict is Verdict.MET
    assert judged(rows, (dispute("x", "3"),), "either").verdict is Verdict.MET
    assert judged(rows, (dispute("x", "3"),), "any").verdict is Verdict.BLOCKED


def test_clause_14_5_a_dispute_that_fails_either_way_does_not_block() -> None:
    rows = (*issues(15), issue("x", "3"))
    full = judged((*rows, *issues(30, "4")), (dispute("x", "4"),))
    assert full.verdict is Verdict.NOT_MET
    assert any("severity 3 and 4 cannot hold" in note for note in full.notes)
    assert {row.severity for row in full.thresholds if row.verdict is Verdict.NOT_MET} == {"3"}
    room = judged((*rows, *issues(29, "4")), (dispute("x", "4"),))
    assert room.verdict is Verdict.BLOCKED


def test_clause_14_5_whether_the_severity_between_counts_depends_on_the_reading() -> None:
    rows = (*issues(10), *issues(30, "4"), *issues(10, "5"), issue("x", "5"))
    claim = (dispute("x", "3"),)
    assert judged(rows, claim, "either").verdict is Verdict.MET
    assert judged(rows, claim, "between").verdict is Verdict.BLOCKED
    assert judged(rows, claim).verdict is Verdict.BLOCKED


def test_clause_14_5_a_claim_of_severity_2_blocks_whenever_the_dccs_severities_are_within_limits() -> None:
    for reading in DisputeReading:
        assert judged((issue("x", "4"),), (dispute("x", "2"),), reading.value).verdict is Verdict.BLOCKED
    over = judged((issue("x", "4"), *issues(1, "1")), (dispute("x", "2"),))
    assert over.verdict is Verdict.NOT_MET


@pytest.mark.clause("SVTAD 1.23", "13.20")
def test_clause_13_20_the_dispute_of_an_excluded_issue_does_not_matter() -> None:
    rows = (*issues(14), issue("x", "4"), issue("y", "4"))
    claims = (dispute("x", "3"), dispute("y", "2"))
    out = exclusion("y", ExclusionState.TAG_AGREED)
    assert judged(rows, claims).verdict is Verdict.BLOCKED
    assert judged(rows, claims, exclusions=(out,)).verdict is Verdict.MET
    still = exclusion("y", ExclusionState.REFERRED)
    assert judged(rows, claims, exclusions=(still,)).verdict is Verdict.BLOCKED


@pytest.mark.clause("SVTAD 1.23", "13.22")
def test_clause_13_22_the_dispute_of_a_counted_sct_issue_matters_and_of_another_not() -> None:
    tested = issue("sct", "4", kind="SCT")
    claim = (dispute("sct", "3"),)
    for state, verdict in ((CountState.COUNT, Verdict.BLOCKED), (CountState.NOT_COUNT, Verdict.MET)):
        one = judged(issues(15), claim, considered_issues=(tested,), count_decisions=(decision("sct", state),))
        assert one.verdict is verdict


@pytest.mark.parametrize("state", [DisputeState.DECIDED, DisputeState.WITHDRAWN])
def test_clause_14_4_only_a_pending_dispute_has_an_effect(state) -> None:
    assert judged((issue("x", "4"),), (dispute("x", "2", state=state),)).verdict is Verdict.MET


def test_clause_14_5_disputes_of_one_provider_do_not_block_another() -> None:
    rows = (issue("x", "4"), issue("z", "1", B))
    one = judged(rows, (dispute("x", "2"),))
    assert one.verdict is Verdict.NOT_MET
    assert one.summary == "Over the thresholds: Provider B."
    assert ("dispute", "dispute-x-2") in {(row.kind, row.id) for row in one.blockers}
    for_a = judge(with_plan(sit(issues=rows, disputes=(dispute("x", "2"),))), step=Step.REPORTS, provider=A)
    assert for_a.finding("12.6(c)").verdict is Verdict.BLOCKED


def test_clause_14_5_a_phase_that_fails_whatever_tag_decides_is_not_met_and_not_blocked() -> None:
    blocked = with_plan(sit(issues=(issue("x", "4"),), disputes=(dispute("x", "2"),)))
    assert judge(blocked, step=Step.REPORTS).verdict is Verdict.BLOCKED
    poor = (cell("dmc-b", 1, 20), regression(150, 150))
    failing = with_plan(sit(issues=(issue("x", "4"),), disputes=(dispute("x", "2"),), test_counts=poor))
    assert judge(failing, step=Step.REPORTS).verdict is Verdict.NOT_MET


def test_clause_14_2_two_disputes_of_one_issue_span_both_claims() -> None:
    rows = (issue("x", "4"), *issues(60, "5"))
    both = judged(rows, (dispute("x", "3"), dispute("x", "5")), "either")
    assert both.verdict is Verdict.BLOCKED
    assert judged(rows, (dispute("x", "3"),), "either").verdict is Verdict.MET


def test_clause_14_5_an_unattributed_disputed_issue_cannot_be_evaluated() -> None:
    one = judged((issue("x", "4", None), issue("y", None)), (dispute("x", "2"), dispute("y", "2")))
    assert one.verdict is Verdict.CANNOT_EVALUATE
    assert {row.kind for row in one.blockers} == {"issue"}


@pytest.mark.parametrize(("reading", "allowed"), [("between", "345"), ("either", "35"), ("any", "12345")])
def test_clause_14_2_the_readings_of_what_tag_may_choose(reading, allowed) -> None:
    chosen = allowed_severities(reading=reading, current="5", claimed=["3"], severities=tuple("12345"))
    assert chosen == frozenset(allowed)


def test_clause_14_5_disputes_are_placed_where_there_is_room_for_all() -> None:
    limits = dict.fromkeys("12345", 1)
    empty = dict.fromkeys("12345", 0)
    chain = [frozenset("12"), frozenset("12"), frozenset("23"), frozenset("34")]
    assert crowded(empty, chain, limits) == ()
    assert crowded(empty, [*chain, frozenset("4")], limits) == ("1", "2", "3", "4")
    assert crowded({**empty, "5": 2}, chain, limits) == ("5",)


def test_clause_14_5_forty_disputes_are_judged_without_trying_their_outcomes() -> None:
    many = issues(40, "4", prefix="d")
    claims = tuple(dispute(one.id, "3") for one in many)
    one = judged((*issues(15), *many), claims, "between")
    assert one.verdict is Verdict.NOT_MET
    fewer = judged((*issues(5), *many), claims, "any")
    assert fewer.verdict is Verdict.BLOCKED
    assert len(fewer.blockers) == 40
