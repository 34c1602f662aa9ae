"""12.6(f) and Table 13.1 row 2: all regression tests, on the stage exit versions, passed."""

from __future__ import annotations

import pytest

from svtad.rulebook.judge import judge
from svtad.rulebook.vocabulary import Step, TestKind, TestRowStatus, Verdict
from tests.rulebook.builders import cell, parameter, pit, regression, row, sit

pytestmark = pytest.mark.clause("SVTAD 1.23", "12.6(f)", "Table 13.1 row 2")


def judged(*, rows=(), counts=None, **changes):
    """12.6(f) of a SIT with these regression counts."""
    if counts is not None:
        changes["test_counts"] = (cell("dmc-a", 10, 10), counts)
    return judge(sit(test_rows=rows, **changes), step=Step.REPORTS).finding("12.6(f)")


def test_table_13_1_row_2_one_pass_on_another_build_is_not_met_until_rerun() -> None:
    old = row("r7", TestRowStatus.WRONG_VERSION, kind=TestKind.REGRESSION, versions="5.1")
    before = judged(counts=regression(150, 150, on_exit=(149, 149)), rows=(old,))
    assert before.verdict is Verdict.NOT_MET
    assert before.summary == "149 of 150 planned regression tests passed on the stage exit versions."
    assert [(one.id, one.text) for one in before.blockers] == [
        ("r7", "not run on the stage exit versions (run on 5.1)")
    ]
    after = judged(counts=regression(150, 150))
    assert (after.verdict, after.blockers) == (Verdict.MET, ())
    assert {one.label: one.value for one in after.numbers}["Stage exit versions"] == "5.2"


def test_table_13_1_row_2_one_failure_is_not_met() -> None:
    failed = row("r7", TestRowStatus.FAILED, kind=TestKind.REGRESSION)
    one = judged(counts=regression(149, 150), rows=(failed, row("f1", TestRowStatus.FAILED)))
    assert one.verdict is Verdict.NOT_MET
    assert [(blocker.id, blocker.text) for blocker in one.blockers] == [("r7", "failed")]


def test_table_13_1_row_2_without_frozen_versions_it_cannot_be_evaluated() -> None:
    missing = judged(stage_exit_versions=None)
    assert missing.verdict is Verdict.CANNOT_EVALUATE
    assert missing.missing[0].key == "stage_exit_versions"
    unrun = judged(stage_exit_versions=None, counts=regression(149, 150, executed=149, on_exit=(0, 0)))
    assert unrun.verdict is Verdict.NOT_MET


def test_table_13_1_row_2_has_no_descoping_unless_the_setting_allows_it() -> None:
    rows = (row("r1", TestRowStatus.DESCOPED, kind=TestKind.REGRESSION),)
    counts = regression(149, 150, descoped=1)
    strict = judged(counts=counts, rows=rows)
    assert strict.verdict is Verdict.NOT_MET
    assert strict.blockers[0].text == "de-scoped, which row 2 does not provide for"
    allowed = judged(counts=counts, rows=rows, parameters=(parameter("regression.descope_allowed", "yes"),))
    assert allowed.verdict is Verdict.MET
    assert (
        judged(
            counts=regression(148, 150, executed=149, descoped=1),
            rows=rows,
            parameters=(parameter("regression.descope_allowed", "yes"),),
        ).blockers
        == ()
    )


@pytest.mark.clause("SVTAD 1.23", "12.7")
def test_clause_12_7_row_2_shows_the_verdict_of_12_6_f_once() -> None:
    judgement = judge(sit(test_counts=(cell("dmc-a", 10, 10), regression(149, 150))), step=Step.REPORTS)
    detail = judgement.finding("T13.1-2")
    assert detail.verdict is judgement.finding("12.6(f)").verdict is Verdict.NOT_MET
    assert detail.parents == ("12.6(f)",)
    assert judgement.details_of("12.6(f)") == (detail,)
    assert detail not in judgement.criteria
    assert detail.blockers == ()


def test_clause_12_6_f_pit_without_a_configured_criterion_cannot_be_evaluated() -> None:
    one = judge(pit(parameters=()), step=Step.REPORTS).finding("12.6(f)")
    assert one.verdict is Verdict.CANNOT_EVALUATE
    assert one.missing[0].key == "pit.regression_pass_rate"


def test_clause_12_6_f_pit_is_judged_by_the_configured_share() -> None:
    counts = (cell(None, 95, 100), regression(9, 10, group="R", on_exit=(10, 9)))
    nine = parameter("pit.regression_pass_rate", "90%")
    any_version = parameter("pit.regression_on_exit_versions", "no")

    def verdict(*parameters, **changes):
        return judge(pit(parameters=parameters, **changes), step=Step.REPORTS).finding("12.6(f)").verdict

    assert verdict(nine, test_counts=counts) is Verdict.MET
    assert verdict(parameter("pit.regression_pass_rate", "91%"), test_counts=counts) is Verdict.NOT_MET
    elsewhere = (cell(None, 95, 100), regression(9, 10, group="R", on_exit=(0, 0)))
    assert verdict(nine, test_counts=elsewhere) is Verdict.NOT_MET
    assert verdict(nine, any_version, test_counts=elsewhere, stage_exit_versions=None) is Verdict.MET
