"""12.6(g), 12.6(h) and 15.1: plans for what is open, earlier plans done, and the dates."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from svtad.rulebook.facts import LeftCount
from svtad.rulebook.judge import judge
from svtad.rulebook.vocabulary import (
    Cause,
    CertificateState,
    ExclusionState,
    IssueState,
    LeftReason,
    Step,
    Verdict,
    WorkOffItemState,
    WorkOffPlanState,
)
from tests.rulebook.builders import (
    A,
    B,
    C,
    certificate,
    exclusion,
    issue,
    issues,
    item,
    parameter,
    plan,
    precursor,
    sit,
    with_plan,
)

plans = pytest.mark.clause("SVTAD 1.23", "12.6(g)", "15.1")


def finding(key: str, step: Step = Step.REPORTS, **changes):
    """One finding of a SIT that is met but for the changes."""
    return judge(sit(**changes), step=step).finding(key)


@plans
def test_clause_12_6_g_four_open_issues_and_three_items_are_not_met() -> None:
    rows = issues(4)
    one = finding("12.6(g)", issues=rows, work_off_plans=(plan(*rows[:3]),))
    assert one.verdict is Verdict.NOT_MET
    assert [row.id for row in one.blockers] == [rows[3].id]
    assert finding("12.6(g)", issues=rows, work_off_plans=(plan(*rows),)).verdict is Verdict.MET
    nothing = finding("12.6(g)")
    assert (nothing.verdict, nothing.summary) == (Verdict.MET, "No Testing Issue is open.")


@plans
def test_clause_15_1_excluded_carried_over_and_not_dcc_caused_open_issues_need_an_item_too() -> None:
    left = LeftCount(reason=LeftReason.NOT_DCC_CAUSED, determination="d", reasons="the Device")
    rows = (
        issue("excluded", "2"),
        issue("carried", release="IOC"),
        issue("device", cause=Cause.DEVICE, left=left),
    )
    out = (exclusion("excluded", ExclusionState.TAG_AGREED),)
    one = finding("12.6(g)", issues=rows, exclusions=out)
    assert [row.id for row in one.blockers] == ["carried", "device", "excluded"]
    assert finding("12.6(g)", issues=rows, exclusions=out, work_off_plans=(plan(*rows),)).verdict is Verdict.MET
    others = (issue("pit", kind="PIT"), issue("no", state=IssueState.REJECTED), issue("done", state=IssueState.CLOSED))
    assert finding("12.6(g)", issues=others).verdict is Verdict.MET


@plans
@pytest.mark.parametrize(
    ("changes", "verdict", "awaiting"),
    [
        ({}, Verdict.MET, False),
        ({"state": WorkOffPlanState.IN_PROGRESS}, Verdict.MET, False),
        ({"state": WorkOffPlanState.DRAFT}, Verdict.NOT_MET, True),
        ({"sha256": None}, Verdict.NOT_MET, False),
        ({"intact": False}, Verdict.NOT_MET, False),
    ],
)
def test_clause_15_1_the_tab_approves_the_plan_and_its_file_is_kept(changes, verdict, awaiting) -> None:
    rows = issues(2)
    one = finding("12.6(g)", issues=rows, work_off_plans=(plan(*rows, **changes),))
    assert (one.verdict, one.awaiting) == (verdict, awaiting)
    assert len(one.blockers) == (0 if verdict is Verdict.MET else 1)


@plans
def test_clause_15_1_an_issue_in_an_approved_and_in_a_draft_plan_is_planned() -> None:
    rows = issues(2)
    both = (plan(*rows), plan(*rows, id="a-draft", state=WorkOffPlanState.DRAFT))
    assert finding("12.6(g)", issues=rows, work_off_plans=both).verdict is Verdict.MET


@plans
def test_clause_15_1_the_dates_run_from_the_certificate_of_the_issues_provider() -> None:
    rows = (
        *(issue(f"a{severity}", severity) for severity in "2345"),
        issue("b3", "3", B),
        issue("c3", "3", C),
        issue("none", None),
    )
    out = (exclusion("a2", ExclusionState.TAG_AGREED),)
    held = (
        certificate(A, issued_on=date(2019, 12, 20)),
        certificate(B, issued_on=date(2020, 1, 6)),
        certificate(C, CertificateState.TAB_APPROVED),
    )
    one = finding(
        "12.6(g)", Step.COMPLETION, issues=rows, exclusions=out, certificates=held, work_off_plans=(plan(*rows),)
    )
    due = {line.issue: (line.due, line.note) for line in one.dates}
    assert due == {
        "a2": (None, "15.1 sets no timescale: TAB to set"),
        "a3": ("2020-01-22", ""),
        "a4": ("2020-02-19", ""),
        "a5": ("2020-03-18", ""),
        "b3": ("2020-02-03", ""),
        "c3": (None, "counts from the certificate"),
        "none": (None, "its severity is not determined"),
    }
    assert {line.issue: line.working_days for line in one.dates}["a5"] == 60
    early = finding("12.6(g)", issues=rows, certificates=held, work_off_plans=(plan(*rows),))
    assert {line.due for line in early.dates} == {None}


@plans
def test_clause_15_1_a_severity_2_date_set_by_the_tab_is_shown() -> None:
    row = issue("x", "2")
    held = replace(plan(row), items=(item(row, due=date(2020, 1, 31)),))
    one = finding("12.6(g)", issues=(row,), work_off_plans=(held,))
    assert (one.dates[0].due, one.dates[0].note) == ("2020-01-31", "15.1 sets no timescale: set by the TAB")
    unplanned = finding("12.6(g)", issues=(row,))
    assert unplanned.dates[0].note == "15.1 sets no timescale: TAB to set"


@pytest.mark.clause("SVTAD 1.23", "15.2")
def test_clause_15_2_a_day_approved_with_a_correction_plan_takes_the_place_of_the_first_which_stays_readable() -> None:
    later = date(2020, 2, 3)
    timed, untimed = issue("timed", "3"), issue("untimed", "2")
    held = plan(timed, untimed)
    held = replace(held, items=tuple(replace(one, corrected=later) for one in held.items))
    one = finding(
        "12.6(g)",
        Step.COMPLETION,
        issues=(timed, untimed),
        work_off_plans=(held,),
        certificates=(certificate(A, issued_on=date(2019, 9, 30)),),
    )
    lines = {line.issue: line for line in one.dates}
    assert {line.due for line in lines.values()} == {"2020-02-03"}
    assert {line.note for line in lines.values()} == {"approved by the TAB with a correction plan (15.2)"}
    # 20 Working Days after Monday 30 September 2019.
    assert (lines["timed"].first_due, lines["untimed"].first_due) == ("2019-10-28", None)


@plans
def test_clause_15_1_counting_the_day_of_the_certificate_is_the_other_reading() -> None:
    row = issue("x")
    one = finding(
        "12.6(g)",
        Step.COMPLETION,
        issues=(row,),
        certificates=(certificate(A, issued_on=date(2019, 12, 20)),),
        work_off_plans=(plan(row),),
        parameters=(parameter("working_days.counting", "trigger_day_is_first"),),
    )
    assert one.dates[0].due == "2020-01-21"


@pytest.mark.clause("SVTAD 1.23", "15.1")
@pytest.mark.parametrize("kind", ["SCT", "INTERFACE", "ACTIVE_MMT"])
def test_clause_15_1_without_a_certificate_the_clock_has_no_start_until_the_tab_sets_one(kind) -> None:
    rows = (issue("x", kind=kind),)

    def judged(**changes):
        return finding("15.1", phase_kind=kind, issues=rows, certificates=(), **changes)

    assert judged().verdict is Verdict.NOT_MET
    waiting = judged(work_off_plans=(plan(*rows),))
    assert (waiting.verdict, waiting.missing[0].key) == (Verdict.CANNOT_EVALUATE, "work_off_plans.clock_start")
    started = judged(work_off_plans=(plan(*rows, clock_start=date(2019, 12, 20)),))
    assert (started.verdict, started.dates[0].due) == (Verdict.MET, "2020-01-22")
    grave = (issue("x", "2", kind=kind),)
    untimed = finding("15.1", phase_kind=kind, issues=grave, certificates=(), work_off_plans=(plan(*grave),))
    assert untimed.verdict is Verdict.MET


earlier = pytest.mark.clause("SVTAD 1.23", "12.6(h)")


@earlier
@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        (WorkOffItemState.OPEN, Verdict.NOT_MET),
        (WorkOffItemState.CLOSED, Verdict.NOT_MET),
        (WorkOffItemState.RERUN_PASSED, Verdict.MET),
    ],
)
def test_clause_12_6_h_an_earlier_item_stands_in_the_way_before_it_is_due(state, verdict) -> None:
    row = item(issue("pit-5", "5", kind="PIT"), state, due=date(2019, 12, 24))
    one = finding("12.6(h)", precursors=(precursor(row),))
    assert one.verdict is verdict
    if verdict is Verdict.NOT_MET:
        words = "is open" if state is WorkOffItemState.OPEN else "is closed without a successful re-run"
        assert [(blocker.id, blocker.text) for blocker in one.blockers] == [
            ("pit-5", f"(PIT of MOC) {words}, due 2019-12-24")
        ]


@earlier
def test_clause_12_6_h_without_earlier_phases_or_items_nothing_stands_in_the_way() -> None:
    assert finding("12.6(h)", precursors=()).verdict is Verdict.MET
    assert finding("12.6(h)", precursors=(precursor(),)).summary.startswith("No earlier Test Phase")
    unrecorded = finding("12.6(h)", precursors=None)
    assert (unrecorded.verdict, unrecorded.missing[0].key) == (Verdict.CANNOT_EVALUATE, "precursors")


@earlier
@pytest.mark.clause("SVTAD 1.23", "15.2")
def test_clause_15_2_a_revoked_certificate_of_an_earlier_phase_flags_the_running_one() -> None:
    held = (certificate(A), certificate(B, CertificateState.REVOKED), certificate(C))
    row = item(issue("pit-3", provider=B, kind="PIT"))
    one = finding("12.6(h)", precursors=(precursor(row, certificates=held),))
    assert one.verdict is Verdict.NOT_MET
    assert one.notes == ("Certificate of an earlier phase not in force: PIT of MOC TCC-prov-b.",)
    assert one.blockers[0].text == "(PIT of MOC) is open"
    closed = replace(row, state=WorkOffItemState.RERUN_PASSED)
    after = finding("12.6(h)", precursors=(precursor(closed, certificates=held),))
    assert (after.verdict, len(after.notes)) == (Verdict.MET, 1)


@earlier
def test_clause_12_6_h_for_one_provider_the_items_of_others_do_not_count() -> None:
    row = item(issue("pit-3", provider=B, kind="PIT"))
    facts = with_plan(sit(precursors=(precursor(row),)))
    assert judge(facts, step=Step.REPORTS, provider=A).finding("12.6(h)").verdict is Verdict.MET
    assert judge(facts, step=Step.REPORTS, provider=B).finding("12.6(h)").verdict is Verdict.NOT_MET
