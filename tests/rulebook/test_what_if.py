"""What a change would make of a judgement: each kind by itself, and what cannot be made is named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from svtad.rulebook.codec import FactsError
from svtad.rulebook.editions.svtad_1_23 import EDITION
from svtad.rulebook.facts import DmcFact, Facts
from svtad.rulebook.vocabulary import (
    CountState,
    DmcState,
    ExclusionState,
    Step,
    TestKind,
    TestRowStatus,
    Verdict,
)
from svtad.rulebook.whatif import Change, ChangeKind, changed, what_if
from tests.rulebook.builders import (
    cell,
    decision,
    dispute,
    exclusion,
    issue,
    issues,
    parameter,
    pit,
    regression,
    row,
    sit,
)

OVER = (*issues(16, "3"),)


def change(kind: str, subject: str, value: str | None = None) -> Change:
    return Change(kind=ChangeKind(kind), subject=subject, value=value)


def moved(facts: Facts, *changes: Change, step: Step = Step.REPORTS) -> dict[str, tuple[str, str]]:
    result = what_if(facts, changes, step=step)
    assert result.changes == changes
    return {each.key: (each.before.value, each.after.value) for each in result.moved}


THRESHOLD = {"12.6(c)": ("NOT_MET", "MET")}


@pytest.mark.clause("SVTAD 1.23", "12.6(c)", "13.20", "14.4")
@pytest.mark.parametrize(
    ("made", "more"),
    [
        (change("CLOSE", OVER[0].id), {}),
        (change("SEVERITY", OVER[0].id, "4"), {}),
        (change("EXCLUDE", OVER[0].id), {}),
        (change("EXCLUDE", OVER[0].id), {"exclusions": (exclusion(OVER[0].id, ExclusionState.PROPOSED),)}),
        (change("EXCLUDE", OVER[0].id), {"exclusions": (exclusion(OVER[0].id, ExclusionState.REFERRED),)}),
    ],
)
def test_an_issue_that_leaves_a_severity_brings_it_within_its_limit(made, more):
    found = moved(sit(issues=OVER, **more), made)
    assert {key: both for key, both in found.items() if key == "12.6(c)"} == THRESHOLD


@pytest.mark.clause("SVTAD 1.23", "13.21")
def test_an_agreed_exclusion_is_tags_and_one_before_the_secretary_of_state_is_upheld():
    for before, agreed, refused in (
        (ExclusionState.PROPOSED, ExclusionState.TAG_AGREED, ExclusionState.TAG_REJECTED),
        (ExclusionState.REFERRED, ExclusionState.SOS_UPHELD, ExclusionState.SOS_DISMISSED),
    ):
        facts = sit(issues=OVER, exclusions=(exclusion(OVER[0].id, before), exclusion(OVER[1].id, before)))
        for kind, wanted in (("EXCLUDE", agreed), ("NOT_EXCLUDE", refused)):
            after = changed(facts, [change(kind, OVER[0].id)], edition=EDITION)
            assert {row.issue: row.state for row in after.exclusions} == {OVER[0].id: wanted, OVER[1].id: before}


@pytest.mark.clause("SVTAD 1.23", "14.5")
def test_a_dispute_decided_either_way_ends_the_block():
    facts = sit(issues=(*issues(15, "3"), issue("d", "4")), disputes=(dispute("d", "3"),))
    assert moved(facts, change("DISPUTE", "d", "3"))["12.6(c)"] == ("BLOCKED", "NOT_MET")
    assert moved(facts, change("DISPUTE", "d", "4"))["12.6(c)"] == ("BLOCKED", "MET")
    other = replace(facts, issues=(*facts.issues, issue("e", "5")), disputes=(*facts.disputes, dispute("e", "4")))
    after = changed(other, [change("DISPUTE", "d", "4")], edition=EDITION)
    assert {row.issue: row.state.is_pending for row in after.disputes} == {"d": False, "e": True}


@pytest.mark.clause("SVTAD 1.23", "13.22", "13.23(ii)", "13.24")
@pytest.mark.parametrize(
    ("before", "count", "not_count"),
    [
        (None, CountState.COUNT, CountState.NOT_COUNT),
        (CountState.UNDECIDED, CountState.COUNT, CountState.NOT_COUNT),
        (CountState.NOT_COUNT, CountState.COUNT, CountState.NOT_COUNT),
        (CountState.COUNT_REFERRED, CountState.SOS_COUNT, CountState.SOS_NOT_COUNT),
        (CountState.NOT_COUNT_REFERRED, CountState.SOS_COUNT, CountState.SOS_NOT_COUNT),
    ],
)
def test_whether_an_issue_from_elsewhere_counts_is_decided(before, count, not_count):
    one = issue("sct", "1", kind="SCT")
    made = () if before is None else (decision("sct", before),)
    facts = sit(considered_issues=(one, issue("other", "5", kind="SCT")), count_decisions=made)
    for kind, wanted in (("COUNT", count), ("NOT_COUNT", not_count)):
        after = changed(facts, [change(kind, "sct")], edition=EDITION)
        assert [(row.issue, row.state) for row in after.count_decisions] == [("sct", wanted)]


def one_test(status: TestRowStatus, kind: TestKind = TestKind.FUNCTIONAL) -> Facts:
    """A SIT in which one of twenty tests of DMC B, or of ten regression tests, has that status, two others failed."""
    functional = kind is TestKind.FUNCTIONAL
    ran, passed, on_exit = {
        TestRowStatus.NOT_RUN: (19, 17, (9, 9)),
        TestRowStatus.FAILED: (20, 17, (10, 9)),
        TestRowStatus.WRONG_VERSION: (20, 17, (9, 9)),
    }[status]
    mine = (
        cell("dmc-b", passed, 20, executed=ran)
        if functional
        else regression(10 if status is TestRowStatus.WRONG_VERSION else 9, 10, executed=ran - 10, on_exit=on_exit)
    )
    others = regression(10, 10) if functional else cell("dmc-b", 18, 20)
    tested = "dmc-b" if functional else "dmc-a"
    listed = row("t", status, kind=kind, dmc=tested, functional_group="Core")
    failed = tuple(row(f"f{n}", TestRowStatus.FAILED, dmc="dmc-b", functional_group="Core") for n in range(2))
    return sit(test_counts=(cell("dmc-a", 100, 100), mine, others), test_rows=(listed, *failed))


@pytest.mark.clause("SVTAD 1.23", "12.6(a)", "12.6(b)", "12.6(d)", "Table 13.1 row 1")
@pytest.mark.parametrize("status", [TestRowStatus.NOT_RUN, TestRowStatus.FAILED])
def test_a_functional_test_that_passes_counts_as_executed_and_passed_with_its_evidence(status):
    facts = one_test(status)
    found = moved(facts, change("PASS", "t"))
    assert found["12.6(b)"] == ("NOT_MET", "MET")
    assert ("12.6(a)" in found) == (status is TestRowStatus.NOT_RUN)
    after = changed(facts, [change("PASS", "t")], edition=EDITION)
    held, before = after.execution_evidence, facts.execution_evidence
    assert held is not None
    assert before is not None
    assert held.executed - before.executed == (status is TestRowStatus.NOT_RUN)
    assert [one.id for one in after.test_rows] == ["f0", "f1"]
    [mine] = [one for one in after.test_counts if one.dmc == "dmc-b"]
    assert (mine.passed, mine.not_run, mine.assured_passed) == (18, 0, 1)


@pytest.mark.clause("SVTAD 1.23", "12.6(f)", "Table 13.1 row 2")
@pytest.mark.parametrize("status", [TestRowStatus.NOT_RUN, TestRowStatus.FAILED, TestRowStatus.WRONG_VERSION])
def test_a_regression_test_that_passes_has_run_on_the_stage_exit_versions(status):
    found = moved(one_test(status, TestKind.REGRESSION), change("PASS", "t"))
    assert found["12.6(f)"] == ("NOT_MET", "MET")


def test_what_failed_on_the_exit_versions_and_passed_since_is_not_counted_as_passed_twice():
    facts = sit(
        test_counts=(cell("dmc-a", 100, 100), regression(10, 10, on_exit=(10, 9))),
        test_rows=(row("t", TestRowStatus.FAILED, kind=TestKind.REGRESSION, functional_group="Core"),),
    )
    assert moved(facts, change("PASS", "t"))["12.6(f)"] == ("NOT_MET", "MET")


@pytest.mark.clause("SVTAD 1.23", "12.6(a)", "12.6(b)")
def test_a_de_scoped_test_leaves_every_count_and_is_marked_where_it_had_failed():
    waits = one_test(TestRowStatus.NOT_RUN)
    assert moved(waits, change("DESCOPE", "t"))["12.6(a)"] == ("NOT_MET", "MET")
    failed = one_test(TestRowStatus.FAILED)
    after = changed(failed, [change("DESCOPE", "t")], edition=EDITION)
    [mine] = [one for one in after.test_counts if one.dmc == "dmc-b"]
    assert (mine.descoped, mine.executed, mine.passed, mine.failed) == (1, 19, 17, 2)
    [gone] = [one for one in after.test_rows if one.id == "t"]
    assert (gone.status, gone.descope, gone.ran_and_failed) == ("DESCOPED", "SOS_APPROVED", True)
    held, before = after.execution_evidence, failed.execution_evidence
    assert held is not None
    assert before is not None
    assert held.executed == before.executed - 1


@pytest.mark.clause("SVTAD 1.23", "12.6(a)", "Table 13.1 row 2")
@pytest.mark.parametrize("status", [TestRowStatus.FAILED, TestRowStatus.WRONG_VERSION, TestRowStatus.NOT_RUN])
def test_a_de_scoped_regression_test_still_has_to_be_run_by_row_2(status):
    facts = replace(one_test(status, TestKind.REGRESSION), execution_evidence=None)
    result = what_if(facts, [change("DESCOPE", "t")], step=Step.REPORTS)
    assert result.after.finding("12.6(f)").verdict is Verdict.NOT_MET
    allowed = replace(facts, parameters=(parameter("regression.descope_allowed", "yes"),))
    assert what_if(allowed, [change("DESCOPE", "t")], step=Step.REPORTS).after.finding("12.6(f)").verdict == "MET"


@pytest.mark.clause("SVTAD 1.23", "12.6(a)")
def test_in_pit_tabs_approval_is_the_final_one():
    facts = pit(
        test_counts=(cell(None, 95, 100, executed=99), regression(10, 10, group="Regression")),
        test_rows=(row("t", TestRowStatus.NOT_RUN, dmc=None, functional_group="Core"),),
    )
    after = changed(facts, [change("DESCOPE", "t")], edition=EDITION)
    assert [one.descope for one in after.test_rows] == ["TAB_APPROVED"]


@pytest.mark.clause("SVTAD 1.23", "13.6", "13.7", "13.8")
def test_a_dmc_leaves_the_criterion_and_comes_back():
    short = sit(test_counts=(cell("dmc-a", 100, 100), cell("dmc-b", 17, 20), regression(150, 150)))
    assert moved(short, change("DESELECT", "dmc-b")) == {"12.6(b)": ("NOT_MET", "MET")}
    gone = DmcFact(id="dmc-b", name="DMC B", state=DmcState.DESELECTED)
    without = replace(short, dmcs=(short.dmcs[0], gone))
    assert moved(without, change("REINSTATE", "dmc-b")) == {"12.6(b)": ("MET", "NOT_MET")}


def test_changes_are_made_in_their_order_and_none_leaves_all_as_it_was():
    facts = sit(issues=issues(17, "3"))
    one, two = facts.issues[:2]
    assert moved(facts, change("CLOSE", one.id), change("SEVERITY", two.id, "5"))["12.6(c)"] == ("NOT_MET", "MET")
    result = what_if(facts, [], step=Step.REPORTS)
    assert (result.before, result.moved) == (result.after, ())


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (change("CLOSE", "nobody"), "no Testing Issue 'nobody'"),
        (change("SEVERITY", "i", "9"), "'9' is not a severity: 1, 2, 3, 4, 5"),
        (change("SEVERITY", "i"), "None is not a severity"),
        (change("DISPUTE", "i", "4"), "no dispute of the severity of 'i' is pending"),
        (change("NOT_EXCLUDE", "i"), "no exclusion of 'i' is pending"),
        (change("COUNT", "i"), "whether 'i' counts is nobody's to decide in Systems"),
        (change("PASS", "t-none"), "no listed test 't-none'"),
        (change("PASS", "gone"), "GONE is de-scoped already"),
        (change("DESCOPE", "lost"), "LOST is in no count of tests"),
        (change("DESELECT", "dmc-z"), "no Device Model Combination 'dmc-z'"),
        (change("REINSTATE", "dmc-z"), "no Device Model Combination 'dmc-z'"),
    ],
)
def test_what_cannot_be_made_is_named_with_its_place(made, said):
    rows = (row("gone", TestRowStatus.DESCOPED), row("lost", TestRowStatus.NOT_RUN, functional_group="Other"))
    facts = sit(issues=(issue("i"),), test_rows=rows)
    with pytest.raises(FactsError) as error:
        what_if(facts, [change("CLOSE", "i"), made], step=Step.REPORTS)
    assert str(error.value).startswith("changes[1]")
    assert said in str(error.value)


@pytest.mark.clause("SVTAD 1.23", "13.20")
def test_nothing_is_excluded_in_pit():
    with pytest.raises(FactsError, match="does not reach"):
        what_if(pit(issues=(issue("i", kind="PIT"),)), [change("EXCLUDE", "i")], step=Step.REPORTS)
