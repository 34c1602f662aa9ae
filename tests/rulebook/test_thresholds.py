"""12.6(c), 13.18 to 13.24 and Table 13.2: what counts, for whom, and against which limit."""

from __future__ import annotations

import pytest

from svtad.rulebook.facts import Facts, LeftCount, ProviderFact
from svtad.rulebook.findings import Finding
from svtad.rulebook.judge import judge
from svtad.rulebook.vocabulary import (
    Cause,
    CountState,
    ExclusionState,
    IssueState,
    LeftReason,
    Step,
    Verdict,
)
from tests.rulebook.builders import (
    PROVIDERS,
    A,
    B,
    decision,
    exclusion,
    issue,
    issues,
    parameter,
    pit,
    sit,
    with_plan,
)

table_13_2 = pytest.mark.clause("SVTAD 1.23", "Table 13.2", "13.19", "12.6(c)")


def judged(facts: Facts) -> Finding:
    """The threshold criterion of the phase, with every open issue in a plan."""
    key = "12.6(c)" if facts.phase_kind in ("SIT", "PIT") else "13.18"
    return judge(with_plan(facts), step=Step.REPORTS).finding(key)


def why(finding: Finding) -> dict[str, str]:
    """The ledger in short: issue → why."""
    return {line.issue: line.why for line in finding.ledger}


def cells(finding: Finding, provider: str = A) -> dict[str, int]:
    """The counts of a provider by severity."""
    return {cell.severity: cell.count for cell in finding.thresholds if cell.provider == provider}


@table_13_2
def test_table_13_2_the_limits_hold_per_provider_and_are_never_added_up() -> None:
    both = judged(sit(issues=(*issues(15), *issues(15, provider=B))))
    assert both.verdict is Verdict.MET
    assert both.limit == "0/0/15/30/60 for severity 1/2/3/4/5, per DCC Service Provider"
    assert [cell.headroom for cell in both.thresholds if cell.severity == "3"] == [0, 0, 15]
    one = judged(sit(issues=issues(16)))
    assert one.verdict is Verdict.NOT_MET
    assert one.summary == "Over the thresholds: Provider A."
    assert len(one.blockers) == 16
    assert {cell.headroom for cell in one.thresholds if cell.verdict is Verdict.NOT_MET} == {-1}


@table_13_2
@pytest.mark.parametrize(("severity", "limit"), [("1", 0), ("2", 0), ("3", 15), ("4", 30), ("5", 60)])
def test_table_13_2_sit_limits_are_inclusive_maxima(severity, limit) -> None:
    assert judged(sit(issues=issues(limit, severity))).verdict is Verdict.MET
    assert judged(sit(issues=issues(limit + 1, severity))).verdict is Verdict.NOT_MET


@table_13_2
@pytest.mark.parametrize(("kind", "limit"), [("PIT", 15), ("SCT", 15), ("INTERFACE", 5)])
def test_table_13_2_each_phase_kind_has_its_column(kind, limit) -> None:
    base = pit if kind == "PIT" else sit

    def verdict(number: int) -> Verdict:
        rows = issues(number, kind=kind)
        presented = rows if kind == "INTERFACE" else ()
        decisions = tuple(decision(one.id, CountState.COUNT) for one in presented)
        return judged(base(phase_kind=kind, issues=rows, count_decisions=decisions)).verdict

    assert verdict(limit) is Verdict.MET
    assert verdict(limit + 1) is Verdict.NOT_MET


@table_13_2
def test_table_13_2_room_in_one_severity_does_not_help_another() -> None:
    one = judged(sit(issues=issues(31, "4")))
    assert one.verdict is Verdict.NOT_MET
    assert cells(one) == {"1": 0, "2": 0, "3": 0, "4": 31, "5": 0}


@pytest.mark.clause("SVTAD 1.23", "13.18")
def test_clause_13_18_an_issue_fixed_and_not_retested_counts_and_a_closed_one_does_not() -> None:
    open_states = [state for state in IssueState if state.is_open]
    assert open_states == [
        IssueState.RAISED,
        IssueState.DETERMINED,
        IssueState.IN_FIX,
        IssueState.FIXED,
        IssueState.RETEST,
    ]
    one = judged(sit(issues=(issue("fixed", "2", state=IssueState.FIXED), issue("done", "2", state=IssueState.CLOSED))))
    assert cells(one)["2"] == 1
    assert why(one) == {"done": "closed", "fixed": "open, raised in this phase"}


@pytest.mark.clause("SVTAD 1.23", "13.18")
def test_clause_13_18_open_issues_of_the_same_kind_in_earlier_releases_count() -> None:
    own = issues(10)
    carried = issues(6, prefix="old", release="IOC")
    one = judged(sit(issues=(*own, *carried)))
    assert one.verdict is Verdict.NOT_MET
    cell = next(cell for cell in one.thresholds if cell.severity == "3")
    assert (cell.count, cell.own, cell.carried) == (16, 10, 6)
    other_kind = judged(sit(issues=(*own, *issues(6, prefix="old", release="IOC", kind="PIT"))))
    assert other_kind.verdict is Verdict.MET
    later = judged(sit(issues=(*own, *issues(6, prefix="new", release="FOC"))))
    assert later.verdict is Verdict.MET


@pytest.mark.clause("SVTAD 1.23", "13.18", "13.22")
def test_clause_13_18_the_ledger_says_where_each_issue_came_from() -> None:
    rows = (issue("own"), issue("old", release="IOC"), issue("stray", kind="PIT"))
    tested = (issue("sct", kind="SCT"),)
    one = judged(sit(issues=rows, considered_issues=tested, count_decisions=(decision("sct", CountState.COUNT),)))
    assert {line.issue: (line.origin, line.counted, line.clause) for line in one.ledger} == {
        "own": ("own", True, "13.18"),
        "old": ("carried", True, "13.18"),
        "stray": ("elsewhere", False, "13.18"),
        "sct": ("considered", True, "13.22"),
    }


@pytest.mark.clause("SVTAD 1.23", "13.18")
def test_clause_13_18_foc_counts_both_earlier_releases_unless_the_setting_says_the_one_before() -> None:
    rows = (*issues(10, release="FOC"), *issues(3, prefix="m"), *issues(3, prefix="o", release="IOC"))
    both = judged(sit(release="FOC", issues=rows))
    assert both.verdict is Verdict.NOT_MET
    setting = parameter("carry_over.releases", "immediately_preceding")
    last = judged(sit(release="FOC", issues=rows, parameters=(setting,)))
    assert (last.verdict, cells(last)["3"]) == (Verdict.MET, 13)
    assert [one.value for one in last.readings if one.key == "carry_over.releases"] == ["immediately_preceding"]


@pytest.mark.clause("SVTAD 1.23", "13.19")
def test_clause_13_19_an_open_unattributed_issue_cannot_be_evaluated() -> None:
    one = judged(sit(issues=(issue("i1", provider=None), issue("i2", severity=None))))
    assert one.verdict is Verdict.CANNOT_EVALUATE
    assert [row.key for row in one.missing] == ["issues.provider", "issues.severity"]
    assert [(row.id, row.text) for row in one.blockers] == [
        ("i1", "whose it is, or whether it counts, is not decided"),
        ("i2", "its severity is not determined"),
    ]
    over = judged(sit(issues=(issue("i1", provider=None), issue("i2", "1"))))
    assert over.verdict is Verdict.NOT_MET


@pytest.mark.clause("SVTAD 1.23", "13.19")
def test_clause_13_19_the_dcc_itself_has_a_cell_of_its_own() -> None:
    dcc = ProviderFact(id="dcc", name="DCC", is_dcc=True)
    rows = (*issues(15), *issues(16, provider="dcc", cause=Cause.DCC))
    listed = judged(sit(providers=(*PROVIDERS, dcc), issues=rows))
    assert listed.summary == "Over the thresholds: DCC."
    assert cells(listed, "dcc")["3"] == 16
    unlisted = judged(sit(issues=(issue("x", "2", None, cause=Cause.DCC),)))
    assert unlisted.summary == "Over the thresholds: The DCC itself."
    assert cells(unlisted, "DCC")["2"] == 1
    assert any("in no list of providers" in note for note in unlisted.notes)
    torn = judged(sit(providers=(*PROVIDERS, dcc), issues=(issue("x", "3", A, cause=Cause.DCC),)))
    assert torn.verdict is Verdict.CANNOT_EVALUATE


@pytest.mark.clause("SVTAD 1.23", "13.19")
@pytest.mark.parametrize(
    ("left", "cause", "state", "counts", "words"),
    [
        (LeftCount(reason=LeftReason.NOT_DCC_CAUSED, determination="d1", reasons="the Device"), Cause.DEVICE,
         IssueState.DETERMINED, False, "not caused by the DCC or its systems: the Device"),
        (LeftCount(reason=LeftReason.REJECTED, determination="d1", reasons="a duplicate"), Cause.UNSET,
         IssueState.REJECTED, False, "rejected: a duplicate"),
        (LeftCount(reason=LeftReason.REJECTED, determination="d1", reasons=" "), Cause.UNSET,
         IssueState.REJECTED, True, "counts: the determination gives no reasons"),
        (LeftCount(reason=LeftReason.NOT_DCC_CAUSED, determination=None, reasons="the Device"), Cause.DEVICE,
         IssueState.DETERMINED, True, "counts: no determination that takes it out is recorded"),
        (LeftCount(reason=LeftReason.REJECTED, determination="d1", reasons="a duplicate"), Cause.UNSET,
         IssueState.IN_FIX, True, "counts: it is open again"),
        (LeftCount(reason=LeftReason.NOT_DCC_CAUSED, determination="d1", reasons="the Device"), Cause.DCC_SYSTEM,
         IssueState.DETERMINED, True, "counts: its cause is no longer outside the DCC"),
        (None, Cause.DEVICE, IssueState.DETERMINED, True, "open, raised in this phase"),
        (None, Cause.UNSET, IssueState.REJECTED, True, "open, raised in this phase"),
    ],
)  # fmt: skip
def test_clause_13_19_an_issue_leaves_the_count_only_by_a_determination_with_reasons(
    left, cause, state, counts, words
) -> None:
    one = judged(sit(issues=(issue("x", "1", cause=cause, state=state, left=left),)))
    assert one.verdict is (Verdict.NOT_MET if counts else Verdict.MET)
    assert why(one) == {"x": words}
    assert one.ledger[0].counted is counts
    assert one.ledger[0].decision == (left.determination if left else None)
    assert {number.label: number.value for number in one.numbers}["Left by a determination"] == str(int(not counts))


exclusions = pytest.mark.clause("SVTAD 1.23", "13.20", "13.21")


@exclusions
@pytest.mark.parametrize("state", list(ExclusionState))
def test_clause_13_20_an_excluded_issue_counts_until_tag_agrees_or_the_sos_upholds(state) -> None:
    rows = issues(16)
    one = judged(sit(issues=rows, exclusions=(exclusion(rows[0].id, state),)))
    excluded = state in (ExclusionState.TAG_AGREED, ExclusionState.SOS_UPHELD)
    assert one.verdict is (Verdict.MET if excluded else Verdict.NOT_MET)
    line = one.ledger[0]
    assert (line.counted, line.decision) == (not excluded, f"matter-{rows[0].id}")
    cell = next(cell for cell in one.thresholds if cell.severity == "3")
    assert (cell.count, cell.excluded) == ((15, 1) if excluded else (16, 0))


@exclusions
def test_clause_13_21_seventeen_with_one_agreed_and_one_rejected_is_sixteen_until_the_sos_upholds() -> None:
    rows = issues(17)
    agreed = exclusion(rows[0].id, ExclusionState.TAG_AGREED)
    states = (
        (ExclusionState.TAG_REJECTED, Verdict.NOT_MET, False),
        (ExclusionState.REFERRED, Verdict.NOT_MET, True),
        (ExclusionState.SOS_UPHELD, Verdict.MET, False),
    )
    for state, verdict, awaiting in states:
        one = judged(sit(issues=rows, exclusions=(agreed, exclusion(rows[1].id, state))))
        assert (one.verdict, one.awaiting) == (verdict, awaiting)
    pending = judged(sit(issues=rows, exclusions=(agreed, exclusion(rows[1].id, ExclusionState.PROPOSED))))
    assert [row.id for row in pending.blockers if row.pending] == [rows[1].id]


@exclusions
def test_clause_13_21_a_new_proposal_after_a_rejected_one_may_be_agreed() -> None:
    rows = issues(16)
    both = (exclusion(rows[0].id, ExclusionState.TAG_REJECTED), exclusion(rows[0].id, ExclusionState.TAG_AGREED))
    assert judged(sit(issues=rows, exclusions=both)).verdict is Verdict.MET


@exclusions
def test_clause_13_21_an_exclusion_that_would_not_suffice_is_not_awaited() -> None:
    rows = issues(18)
    one = judged(sit(issues=rows, exclusions=(exclusion(rows[0].id, ExclusionState.PROPOSED),)))
    assert (one.verdict, one.awaiting) == (Verdict.NOT_MET, False)


@exclusions
@pytest.mark.parametrize("kind", ["PIT", "SCT"])
def test_clause_13_20_does_not_reach_pit_or_sct(kind) -> None:
    rows = issues(16, kind=kind)
    base = pit if kind == "PIT" else sit
    one = judged(base(phase_kind=kind, issues=rows, exclusions=(exclusion(rows[0].id, ExclusionState.TAG_AGREED),)))
    assert one.verdict is Verdict.NOT_MET
    assert "13.20 does not reach" in why(one)[rows[0].id]
    assert not any(row.pending for row in one.blockers)


sct = pytest.mark.clause("SVTAD 1.23", "13.22", "13.24")


@sct
@pytest.mark.parametrize(
    ("states", "verdict"),
    [
        ((CountState.COUNT, CountState.NOT_COUNT), Verdict.MET),
        ((CountState.COUNT, CountState.COUNT), Verdict.NOT_MET),
        ((CountState.COUNT, CountState.UNDECIDED), Verdict.CANNOT_EVALUATE),
        ((CountState.COUNT, None), Verdict.CANNOT_EVALUATE),
        ((CountState.COUNT, CountState.COUNT_REFERRED), Verdict.NOT_MET),
        ((CountState.COUNT, CountState.NOT_COUNT_REFERRED), Verdict.MET),
        ((CountState.COUNT, CountState.SOS_COUNT), Verdict.NOT_MET),
        ((CountState.SOS_COUNT, CountState.SOS_NOT_COUNT), Verdict.MET),
    ],
)
def test_clause_13_22_an_sct_issue_counts_in_sit_as_decided_and_undecided_cannot_be_evaluated(states, verdict) -> None:
    tested = issues(2, kind="SCT", prefix="sct")
    decisions = tuple(decision(one.id, state) for one, state in zip(tested, states, strict=True) if state)
    one = judged(sit(issues=issues(14), considered_issues=tested, count_decisions=decisions))
    assert one.verdict is verdict
    assert "considered.13.22" in {reading.key for reading in one.readings}
    considered = next(cell.considered for cell in one.thresholds if cell.severity == "3")
    assert considered == sum(state is not None and state.counts is True for state in states)


@sct
def test_clause_13_22_undecided_does_not_hide_a_cell_that_is_over_without_it() -> None:
    tested = issues(1, kind="SCT", prefix="sct")
    assert judged(sit(issues=issues(16), considered_issues=tested)).verdict is Verdict.NOT_MET


@sct
def test_clause_13_22_only_sct_issues_of_the_same_release_are_considered_and_only_in_sit() -> None:
    strays = (
        *issues(20, kind="SCT", release="IOC", prefix="a"),
        *issues(20, kind="UIT", prefix="b"),
    )
    assert judged(sit(considered_issues=strays)).verdict is Verdict.MET
    assert judged(pit(considered_issues=issues(20, kind="SCT"))).verdict is Verdict.MET


@sct
def test_clause_13_22_an_excluded_or_closed_sct_issue_needs_no_decision() -> None:
    rows = (issue("gone", kind="SCT", state=IssueState.CLOSED), issue("out", kind="SCT"))
    one = judged(sit(considered_issues=rows, exclusions=(exclusion("out", ExclusionState.TAG_AGREED),)))
    assert one.verdict is Verdict.MET


presented = pytest.mark.clause("SVTAD 1.23", "13.23", "13.18")


def interface(rows, counted=(), **changes) -> Finding:
    """Interface Testing thresholds with TAG counting the first of the presented issues."""
    decisions = tuple(decision(one.id, CountState.COUNT if one in counted else CountState.NOT_COUNT) for one in rows)
    return judged(sit(**{"phase_kind": "INTERFACE", "issues": rows, "count_decisions": decisions, **changes}))


@presented
def test_clause_13_23_interface_testing_counts_what_tag_determines() -> None:
    seven = issues(7, kind="INTERFACE")
    assert interface(seven, seven[:5]).verdict is Verdict.MET
    assert interface(seven, seven[:6]).verdict is Verdict.NOT_MET
    apart = (*issues(3, kind="INTERFACE"), *issues(3, provider=B, kind="INTERFACE"))
    assert interface(apart, apart).verdict is Verdict.MET
    assert interface(seven, count_decisions=()).verdict is Verdict.CANNOT_EVALUATE


@presented
def test_clause_13_23_severity_4_is_presented_only_once_the_party_finished_eligibility_testing() -> None:
    def verdict(eligible: bool | None, severity: str = "4") -> Verdict:
        return interface((issue("x", severity, kind="INTERFACE", eligible=eligible),), count_decisions=()).verdict

    assert verdict(False) is Verdict.MET
    assert verdict(True) is Verdict.CANNOT_EVALUATE
    assert verdict(None) is Verdict.CANNOT_EVALUATE
    assert verdict(False, "3") is Verdict.CANNOT_EVALUATE
    one = interface((issue("x", "4", kind="INTERFACE", eligible=False),), count_decisions=())
    assert why(one) == {"x": "not presented: its Party has not completed Eligibility Testing"}


@presented
def test_clause_13_18_production_issues_that_tag_agrees_join_the_count() -> None:
    own = issues(5, kind="INTERFACE")
    live = issue("live", kind="PRODUCTION")
    minor = issue("minor", "4", kind="PRODUCTION")

    def verdict(state: CountState) -> Verdict:
        decisions = (*(decision(one.id, CountState.COUNT) for one in own), decision("live", state))
        facts = sit(phase_kind="INTERFACE", issues=own, considered_issues=(live, minor), count_decisions=decisions)
        return judged(facts).verdict

    assert verdict(CountState.COUNT) is Verdict.NOT_MET
    assert verdict(CountState.NOT_COUNT) is Verdict.MET


@pytest.mark.clause("SVTAD 1.23", "13.19")
def test_a_provider_that_takes_no_part_is_shown_only_while_it_answers_for_an_issue() -> None:
    gone = ProviderFact(id="gone", name="Gone", takes_part=False)
    without = judged(sit(providers=(*PROVIDERS, gone)))
    assert "gone" not in {cell.provider for cell in without.thresholds}
    carried = issues(1, provider="gone", release="IOC")
    with_one = judged(sit(providers=(*PROVIDERS, gone), issues=carried))
    assert cells(with_one, "gone")["3"] == 1
    out = (exclusion(carried[0].id, ExclusionState.TAG_AGREED),)
    excluded = judged(sit(providers=(*PROVIDERS, gone), issues=carried, exclusions=out))
    assert cells(excluded, "gone")["3"] == 0


@pytest.mark.clause("SVTAD 1.23", "12.7")
def test_clause_12_7_row_3_shows_the_verdict_of_12_6_c_once() -> None:
    judgement = judge(sit(issues=issues(16)), step=Step.REPORTS)
    detail = judgement.finding("T13.1-3")
    assert (detail.verdict, detail.parents, detail.blockers) == (Verdict.NOT_MET, ("12.6(c)",), ())
