"""12.6(a), 12.6(b) and Table 13.1 row 1: every planned test executed, nine tenths passed on each DMC."""

from __future__ import annotations

from fractions import Fraction

import pytest

from svtad.rulebook.criteria.tallies import needed_passes
from svtad.rulebook.facts import DmcFact
from svtad.rulebook.findings import Finding
from svtad.rulebook.judge import judge
from svtad.rulebook.vocabulary import DescopeState, DmcState, Outcome, Step, TestKind, TestRowStatus, Verdict
from tests.rulebook.builders import cell, parameter, pit, regression, row, sit

row_1 = pytest.mark.clause("SVTAD 1.23", "Table 13.1 row 1", "12.6(b)")


def finding(key: str, **changes) -> Finding:
    """One finding of a SIT that is met but for the changes."""
    return judge(sit(**changes), step=Step.REPORTS).finding(key)


def counts(*cells):
    """These functional cells, and regression that is met."""
    return (*cells, regression(150, 150))


@row_1
@pytest.mark.parametrize(
    ("passed", "planned", "verdict"),
    [
        (17, 20, Verdict.NOT_MET),
        (18, 20, Verdict.MET),
        (27, 30, Verdict.MET),
        (26, 29, Verdict.NOT_MET),
        (0, 1, Verdict.NOT_MET),
        (1, 1, Verdict.MET),
        (9, 10, Verdict.MET),
    ],
)
def test_table_13_1_row_1_each_dmc_must_pass_nine_tenths_by_itself(passed, planned, verdict) -> None:
    judged = finding("12.6(b)", test_counts=counts(cell("dmc-a", 100, 100), cell("dmc-b", passed, planned)))
    assert judged.verdict is verdict
    assert judged.dmcs[1].verdict is verdict
    assert judged.dmcs[0].verdict is Verdict.MET


@row_1
def test_table_13_1_row_1_a_good_aggregate_does_not_help_a_dmc_below_the_rate() -> None:
    judged = finding(
        "12.6(b)",
        test_counts=counts(cell("dmc-a", 100, 100), cell("dmc-b", 17, 20)),
        test_rows=(row("t1", TestRowStatus.FAILED, dmc="dmc-b"), row("t2", TestRowStatus.FAILED, dmc="dmc-a")),
    )
    assert judged.summary == "Below 90%: DMC B (17 of 20)."
    assert [(one.kind, one.id) for one in judged.blockers] == [("dmc", "dmc-b"), ("test", "t1")]
    assert judged.blockers[0].text == "17 of 20 passed, 18 needed"
    assert judged.dmcs[1].needed == 18


@row_1
@pytest.mark.clause("SVTAD 1.23", "9.5(b)")
def test_clause_9_5_b_recorded_passes_count_unless_the_setting_says_assured_ones() -> None:
    tests = counts(cell("dmc-a", 27, 30, assured=26))
    recorded = finding("12.6(b)", test_counts=tests)
    assert recorded.verdict is Verdict.MET
    assert {one.label: one.value for one in recorded.numbers}["Assured as passed"] == "26"
    assured = finding("12.6(b)", test_counts=tests, parameters=(parameter("pass_rate.assured_only", "yes"),))
    assert assured.verdict is Verdict.NOT_MET
    assert assured.summary == "Below 90%: DMC A (26 of 30)."
    chosen = {one.key: one for one in assured.readings}["pass_rate.assured_only"]
    assert (chosen.value, chosen.is_default) == ("yes", False)


@pytest.mark.clause("SVTAD 1.23", "12.6(a)", "Table 13.1 row 1")
def test_clause_12_6_a_eighteen_of_twenty_passed_with_one_not_run_is_not_executed() -> None:
    judgement = judge(
        sit(
            test_counts=counts(cell("dmc-b", 18, 20, executed=19)),
            test_rows=(row("t20", TestRowStatus.NOT_RUN, dmc="dmc-b"),),
        ),
        step=Step.REPORTS,
    )
    executed = judgement.finding("12.6(a)")
    assert executed.verdict is Verdict.NOT_MET
    assert executed.summary == "169 of 170 planned tests have been executed."
    assert [one.id for one in executed.blockers] == ["t20"]
    assert judgement.finding("12.6(b)").verdict is Verdict.MET
    detail = judgement.finding("T13.1-1")
    assert detail.verdict is Verdict.NOT_MET
    assert detail.parents == ("12.6(a)", "12.6(b)")
    assert (detail.dmcs[0].verdict, detail.dmcs[0].note) == (Verdict.NOT_MET, "1 not run")


@pytest.mark.clause("SVTAD 1.23", "12.6(a)")
def test_clause_12_6_a_a_test_passed_and_then_skipped_is_still_passed() -> None:
    assert [outcome for outcome in Outcome if outcome.executed] == [Outcome.PASSED, Outcome.FAILED, Outcome.ERROR]
    assert [outcome for outcome in Outcome if outcome.passed] == [Outcome.PASSED]
    assert [outcome for outcome in Outcome if outcome.failed] == [Outcome.FAILED, Outcome.ERROR]
    assert not Outcome.SKIPPED.executed
    assert "tests.executed" in {one.key for one in finding("12.6(a)").readings}


@pytest.mark.clause("SVTAD 1.23", "12.6(a)", "Table 13.1 row 1")
@pytest.mark.parametrize(("descoped", "verdict"), [(0, Verdict.NOT_MET), (1, Verdict.NOT_MET), (2, Verdict.MET)])
def test_clause_12_6_a_only_finally_descoped_tests_leave_the_denominator(descoped, verdict) -> None:
    judged = finding("12.6(b)", test_counts=counts(cell("dmc-b", 17, 20, descoped=descoped)))
    assert judged.verdict is verdict
    assert judged.dmcs[0].due == 20 - descoped


@pytest.mark.clause("SVTAD 1.23", "12.6(a)")
def test_clause_12_6_a_a_descoping_that_only_the_tab_approved_leaves_the_test_planned() -> None:
    waiting = (
        row("t19", TestRowStatus.FAILED, dmc="dmc-b", descope=DescopeState.TAB_APPROVED, ran_and_failed=True),
        row("t20", TestRowStatus.FAILED, dmc="dmc-b", descope=DescopeState.AWAITING_SOS, ran_and_failed=True),
        row("t18", TestRowStatus.FAILED, dmc="dmc-b"),
    )
    judged = finding("12.6(b)", test_counts=counts(cell("dmc-b", 17, 20)), test_rows=waiting)
    assert judged.verdict is Verdict.NOT_MET
    assert judged.awaiting
    assert [(one.id, one.pending) for one in judged.blockers[1:]] == [("t18", False), ("t19", True), ("t20", True)]
    assert judged.blockers[3].text == "failed; de-scoping is before the Secretary of State; ran and failed"
    one_only = finding("12.6(b)", test_counts=counts(cell("dmc-b", 17, 20)), test_rows=waiting[:1])
    assert not one_only.awaiting


@pytest.mark.clause("SVTAD 1.23", "12.6(a)")
def test_clause_12_6_a_an_unexecuted_test_whose_descoping_is_pending_awaits_a_body() -> None:
    unrun = counts(cell("dmc-a", 99, 100, executed=99))
    pending = row("t1", TestRowStatus.NOT_RUN, descope=DescopeState.PROPOSED)
    judged = finding("12.6(a)", test_counts=unrun, test_rows=(pending,))
    assert (judged.verdict, judged.awaiting) == (Verdict.NOT_MET, True)
    assert judged.blockers[0].text == "not executed; de-scoping is before the TAB"
    unlisted = finding("12.6(a)", test_counts=unrun)
    assert (unlisted.awaiting, unlisted.blockers[0].reference) == (False, "1 more")


@pytest.mark.clause("SVTAD 1.23", "12.6(a)")
def test_clause_12_6_a_a_descoped_test_that_ran_and_failed_is_marked() -> None:
    judged = finding(
        "12.6(a)",
        test_counts=counts(cell("dmc-b", 18, 20, descoped=2)),
        test_rows=(row("t20", TestRowStatus.DESCOPED, dmc="dmc-b", ran_and_failed=True),),
    )
    assert judged.verdict is Verdict.MET
    assert "De-scoped although it ran and failed, which is contestable: T20." in judged.notes


@row_1
def test_table_13_1_row_1_a_dmc_with_every_test_descoped_is_not_applicable_and_listed() -> None:
    judged = finding("12.6(b)", test_counts=counts(cell("dmc-a", 9, 10), cell("dmc-b", 0, 5, descoped=5)))
    assert judged.verdict is Verdict.MET
    assert (judged.dmcs[1].verdict, judged.dmcs[1].note) == (None, "not applicable: every planned test is de-scoped")
    assert judged.summary == "90% or more have passed."


@row_1
@pytest.mark.parametrize(
    "cells", [(), (cell("dmc-a", 0, 0),), (cell("dmc-a", 0, 5, descoped=5),)], ids=["no cell", "none", "all de-scoped"]
)
def test_table_13_1_row_1_nothing_planned_cannot_be_evaluated(cells) -> None:
    judgement = judge(sit(test_counts=cells), step=Step.REPORTS)
    for key in ("12.6(a)", "12.6(b)", "T13.1-1", "12.6(f)"):
        assert judgement.finding(key).verdict is Verdict.CANNOT_EVALUATE
    assert judgement.finding("12.6(b)").missing[0].key == "test_counts"


@row_1
def test_table_13_1_row_1_tests_on_no_dmc_form_a_bucket_of_their_own() -> None:
    judged = finding("12.6(b)", test_counts=counts(cell("dmc-a", 100, 100), cell(None, 8, 10)))
    assert judged.verdict is Verdict.NOT_MET
    assert (judged.dmcs[-1].name, judged.dmcs[-1].verdict) == ("No DMC", Verdict.NOT_MET)
    assert "tests.no_dmc" in {one.key for one in judged.readings}


@pytest.mark.clause("SVTAD 1.23", "13.6", "13.7", "13.8")
@pytest.mark.parametrize(
    ("dmc", "counts_again"),
    [
        (DmcFact(id="dmc-b", name="DMC B", state=DmcState.DESELECTED), False),
        (DmcFact(id="dmc-b", name="DMC B", state=DmcState.DESELECTED, referral_open=True), True),
        (DmcFact(id="dmc-b", name="DMC B", state=DmcState.DESELECTED, referral_open=True, sos_says_stop=True), False),
        (DmcFact(id="dmc-b", name="DMC B", state=DmcState.REINSTATED), True),
    ],
    ids=["de-selected", "referred", "told to stop", "reinstated"],
)
def test_clause_13_6_a_deselected_dmc_leaves_and_counts_again_while_referred(dmc, counts_again) -> None:
    poor = counts(cell("dmc-a", 100, 100), cell("dmc-b", 1, 20, executed=2))
    kept = DmcFact(id="dmc-a", name="DMC A")
    judgement = judge(sit(test_counts=poor, dmcs=(kept, dmc)), step=Step.REPORTS)
    expected = Verdict.NOT_MET if counts_again else Verdict.MET
    assert judgement.finding("12.6(a)").verdict is expected
    assert judgement.finding("12.6(b)").verdict is expected
    if not counts_again:
        removed = judgement.finding("12.6(b)").dmcs[-1]
        assert (removed.verdict, removed.planned, removed.note) == (None, 20, "removed: de-selected (13.6)")
        assert any("Removed from the criterion" in note for note in judgement.finding("12.6(a)").notes)


@pytest.mark.clause("SVTAD 1.23", "13.6")
def test_clause_13_6_regression_tests_of_a_deselected_dmc_leave_too() -> None:
    gone = (DmcFact(id="dmc-a", name="DMC A", state=DmcState.DESELECTED), DmcFact(id="dmc-b", name="DMC B"))
    judgement = judge(sit(dmcs=gone), step=Step.REPORTS)
    assert judgement.finding("12.6(f)").verdict is Verdict.CANNOT_EVALUATE
    assert judgement.finding("12.6(a)").numbers[0].value == "20"


@pytest.mark.clause("SVTAD 1.23", "12.6(b)")
@pytest.mark.clause("SVTAD 1.23", "12.2")
def test_clause_12_6_b_pit_without_a_configured_minimum_cannot_be_evaluated() -> None:
    judgement = judge(pit(parameters=()), step=Step.REPORTS)
    rate = judgement.finding("12.6(b)")
    assert rate.verdict is Verdict.CANNOT_EVALUATE
    assert [(one.kind, one.key) for one in rate.missing] == [("parameter", "pit.minimum_pass_rate")]
    assert "none exists for PIT" in rate.missing[0].text
    assert judgement.verdict is Verdict.CANNOT_EVALUATE
    assert (rate.dmcs[0].needed, rate.dmcs[0].verdict) == (None, None)


@pytest.mark.clause("SVTAD 1.23", "12.6(b)")
@pytest.mark.parametrize(
    ("minimum", "verdict"),
    [("95%", Verdict.MET), ("19/20", Verdict.MET), ("0.951", Verdict.NOT_MET), ("96%", Verdict.NOT_MET)],
)
def test_clause_12_6_b_pit_is_judged_by_the_configured_minimum(minimum, verdict) -> None:
    parameters = (parameter("pit.minimum_pass_rate", minimum),)
    assert judge(pit(parameters=parameters), step=Step.REPORTS).finding("12.6(b)").verdict is verdict


@pytest.mark.clause("SVTAD 1.23", "12.6(b)")
def test_clause_12_6_b_pit_may_be_taken_over_the_whole_phase_by_a_setting() -> None:
    cells = (cell("dmc-a", 80, 80), cell("dmc-b", 15, 20), regression(10, 10))
    minimum, whole = parameter("pit.minimum_pass_rate", "95%"), parameter("pit.pass_rate_scope", "phase")

    def rate(*parameters, **changes) -> Finding:
        return judge(pit(dmcs=sit().dmcs, parameters=parameters, **changes), step=Step.REPORTS).finding("12.6(b)")

    assert rate(minimum, test_counts=cells).verdict is Verdict.NOT_MET
    assert rate(minimum, whole, test_counts=cells).verdict is Verdict.MET
    short = rate(
        minimum,
        whole,
        test_counts=(cell("dmc-a", 94, 100),),
        test_rows=(row("t1", TestRowStatus.FAILED), row("t2", TestRowStatus.NOT_RUN)),
    )
    assert short.verdict is Verdict.NOT_MET
    assert [one.text for one in short.blockers] == ["failed", "not executed"]
    assert rate(minimum, whole, test_counts=()).verdict is Verdict.CANNOT_EVALUATE


@row_1
@pytest.mark.parametrize(
    ("due", "minimum", "needed"),
    [(20, Fraction(9, 10), 18), (29, Fraction(9, 10), 27), (0, Fraction(9, 10), 0), (7, Fraction(1), 7)],
)
def test_needed_passes_are_exact_and_rounded_up(due, minimum, needed) -> None:
    assert needed_passes(due, minimum) == needed


@row_1
def test_a_rate_that_is_no_whole_percentage_is_shown_as_a_fraction() -> None:
    judged = judge(pit(parameters=(parameter("pit.minimum_pass_rate", "2/3"),)), step=Step.REPORTS).finding("12.6(b)")
    assert judged.limit == "2/3 of the planned functional tests of each DMC"


@pytest.mark.clause("SVTAD 1.23", "12.6(a)")
def test_clause_12_6_a_regression_tests_are_planned_tests_too() -> None:
    rows = (row("r1", TestRowStatus.NOT_RUN, kind=TestKind.REGRESSION),)
    judgement = judge(
        sit(test_counts=(cell("dmc-a", 10, 10), regression(149, 150, executed=149)), test_rows=rows),
        step=Step.REPORTS,
    )
    assert judgement.finding("12.6(a)").verdict is Verdict.NOT_MET
    assert judgement.finding("T13.1-1").verdict is Verdict.MET
    assert judgement.finding("12.6(f)").verdict is Verdict.NOT_MET
