"""The fewest changes are enough and no fewer would do; and which single decision decides a judgement."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from svtad.rulebook.editions.svtad_1_23 import EDITION
from svtad.rulebook.facts import DmcFact, Facts
from svtad.rulebook.fewest import Fewest, fewest
from svtad.rulebook.judge import judge
from svtad.rulebook.pending import pending
from svtad.rulebook.vocabulary import (
    Cause,
    CountState,
    DescopeState,
    DmcState,
    ExclusionState,
    Step,
    TestKind,
    TestRowStatus,
    Verdict,
)
from svtad.rulebook.whatif import Change, ChangeKind, changed
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
    pit,
    regression,
    row,
    sit,
    with_plan,
)
from tests.rulebook.strategies import SMALL, SMALL_LIMITS, issue_facts
from tests.rulebook.test_against_oracle import SUITE_AND_SOAK, made_up


def least(facts: Facts, *, edition=EDITION, step: Step = Step.REPORTS) -> Fewest:
    return fewest(facts, step=step, edition=edition)


def met(facts: Facts, keys: tuple[str, ...], *, edition=EDITION) -> bool:
    judgement = judge(facts, step=Step.REPORTS, edition=edition)
    return all(judgement.finding(key).verdict is Verdict.MET for key in keys)


def with_fewer(facts: Facts, candidates: list[Change], count: int, *, key: str, edition=EDITION) -> bool:
    """Whether some choice of fewer than `count` candidates makes the criterion MET: all are tried."""
    return any(
        met(changed(facts, chosen, edition=edition), (key,), edition=edition)
        for size in range(count)
        for chosen in combinations(candidates, size)
    )


# --- Testing Issues ---------------------------------------------------------------------------------------------------


@pytest.mark.clause("SVTAD 1.23", "12.6(c)", "13.19", "14.5")
def test_each_provider_closes_just_what_it_has_too_many():
    facts = with_plan(sit(issues=(*issues(18, "3", A), *issues(1, "2", A), *issues(31, "4", B), *issues(60, "5", B))))
    found = least(facts)
    assert [(need.key, need.count) for need in found.needs] == [("12.6(c)", 4), ("12.6(c)", 1)]
    assert "4 of the 19 Testing Issues of Provider A to leave the count" in found.needs[0].text
    assert met(changed(facts, found.changes, edition=EDITION), ("12.6(c)",))
    assert not found.others


@pytest.mark.clause("SVTAD 1.23", "14.5")
def test_a_disputed_issue_that_may_end_on_two_full_severities_is_closed_first():
    both = issue("both", "4")
    facts = with_plan(sit(issues=(*issues(15, "3"), *issues(30, "4"), both), disputes=(dispute("both", "3"),)))
    found = least(facts)
    assert found.changes == (Change(kind=ChangeKind.CLOSE, subject="both"),)
    assert met(changed(facts, found.changes, edition=EDITION), ("12.6(c)",))


@pytest.mark.clause("SVTAD 1.23", "12.6(c)", "13.19", "13.22")
def test_what_is_undecided_has_to_be_decided_or_closed_one_by_one():
    facts = with_plan(
        sit(
            issues=(issue("unrated", None), issue("nobody's", "3", None)),
            considered_issues=(issue("sct", "3", kind="SCT"),),
        )
    )
    found = least(facts)
    assert found.count == 3
    assert {change.subject for change in found.changes} == {"unrated", "nobody's", "sct"}
    assert [finding.key for finding in found.others] == ["12.6(c)"]
    assert met(changed(facts, found.changes, edition=EDITION), ("12.6(c)",))


@pytest.mark.clause("SVTAD 1.23", "12.6(c)", "14.5")
@SUITE_AND_SOAK
def test_no_fewer_issues_would_do(times) -> None:
    hardest = [0]

    @given(data=st.data())
    @made_up(60 * times)
    def each(data) -> None:
        facts = data.draw(issue_facts(sit(), {"1": 0, "2": 0, "3": 1, "4": 1, "5": 1}))
        facts = replace(facts, exclusions=())
        assume(not met(facts, ("12.6(c)",), edition=SMALL_LIMITS))
        found = least(facts, edition=SMALL_LIMITS)
        mine = [need for need in found.needs if need.key == "12.6(c)"]
        changes = [change for need in mine for change in need.changes]
        count = sum(need.count for need in mine)
        assert len(changes) == count
        assert met(changed(facts, changes, edition=SMALL_LIMITS), ("12.6(c)",), edition=SMALL_LIMITS)
        everything = (*facts.issues, *facts.considered_issues)
        assume(len(everything) <= 12 and count <= 4)
        closing = [Change(kind=ChangeKind.CLOSE, subject=one.id) for one in everything if one.state.is_open]
        hardest[0] = max(hardest[0], count)
        assert not with_fewer(facts, closing, count, key="12.6(c)", edition=SMALL_LIMITS)

    each()
    assert hardest[0] >= 3


@pytest.mark.clause("SVTAD 1.23", "14.5")
@SUITE_AND_SOAK
def test_no_fewer_of_many_disputes_would_do(times) -> None:
    @given(
        fixed=st.lists(st.integers(0, 4), min_size=3, max_size=3),
        disputes=st.lists(st.tuples(st.sampled_from("345"), st.sampled_from("2345")), max_size=6),
        reading=st.sampled_from(("between", "either", "any")),
    )
    @made_up(30 * times)
    def each(fixed, disputes, reading) -> None:
        plain = tuple(one for severity, count in zip("345", fixed, strict=True) for one in issues(count, severity))
        disputed = tuple(issue(f"d{number}", severity) for number, (severity, _) in enumerate(disputes))
        facts = sit(
            issues=(*plain, *disputed),
            disputes=tuple(dispute(f"d{number}", claimed) for number, (_, claimed) in enumerate(disputes)),
            parameters=(parameter("disputes.severities", reading),),
        )
        found = least(facts, edition=SMALL_LIMITS)
        changes = [change for need in found.needs if need.key == "12.6(c)" for change in need.changes]
        assert met(changed(facts, changes, edition=SMALL_LIMITS), ("12.6(c)",), edition=SMALL_LIMITS)
        assume(len(changes) <= 4)
        closing = [Change(kind=ChangeKind.CLOSE, subject=one.id) for one in facts.issues]
        assert not with_fewer(facts, closing, len(changes), key="12.6(c)", edition=SMALL_LIMITS)

    each()


# --- planned tests ----------------------------------------------------------------------------------------------------


def made_of(*, passed: int, failed: int, not_run: int, dmc: str | None = "dmc-a", kind=TestKind.FUNCTIONAL, **more):
    """A cell with its failed and waiting tests listed."""
    planned = passed + failed + not_run
    on_exit = (passed + failed, passed) if kind is TestKind.REGRESSION else None
    counts = cell(dmc, passed, planned, executed=passed + failed, kind=kind, on_exit=on_exit, **more)
    place = f"{dmc}-{kind.value}"
    about: dict[str, Any] = {"dmc": dmc, "kind": kind, "functional_group": "Core"}
    rows = [
        *(row(f"{place}-f{number}", TestRowStatus.FAILED, **about) for number in range(failed)),
        *(row(f"{place}-n{number}", TestRowStatus.NOT_RUN, **about) for number in range(not_run)),
    ]
    return counts, rows


@pytest.mark.clause("SVTAD 1.23", "12.6(a)", "12.6(b)", "12.6(f)")
@SUITE_AND_SOAK
def test_no_fewer_tests_would_do(times) -> None:
    @given(
        functional=st.lists(
            st.tuples(st.integers(0, 20), st.integers(0, 4), st.integers(0, 2)), min_size=2, max_size=2
        ),
        again=st.tuples(st.integers(1, 5), st.integers(0, 2), st.integers(0, 1)),
        assured=st.booleans(),
    )
    @made_up(60 * times)
    def each(functional, again, assured) -> None:
        cells, rows = [], []
        for dmc, (passed, failed, not_run) in zip(("dmc-a", "dmc-b"), functional, strict=True):
            counts, listed = made_of(passed=passed, failed=failed, not_run=not_run, dmc=dmc, assured=passed)
            cells.append(counts)
            rows += listed
        counts, listed = made_of(passed=again[0], failed=again[1], not_run=again[2], kind=TestKind.REGRESSION)
        settings = (parameter("pass_rate.assured_only", "yes" if assured else "no"),)
        facts = sit(test_counts=(*cells, counts), test_rows=(*rows, *listed), parameters=settings)
        assume(any(sum(each_) for each_ in functional))
        found = least(facts)
        keys = ("12.6(a)", "12.6(b)", "12.6(f)")
        assert len(found.changes) == found.count
        assert met(changed(facts, found.changes, edition=EDITION), keys)
        candidates = [Change(kind=ChangeKind.PASS, subject=one.id) for one in facts.test_rows]
        assume(found.count <= 5)
        assert not any(
            met(changed(facts, chosen, edition=EDITION), keys)
            for size in range(found.count)
            for chosen in combinations(candidates, size)
        )

    each()


@pytest.mark.clause("SVTAD 1.23", "12.6(a)", "12.6(b)")
def test_a_waiting_test_is_counted_once_for_execution_and_pass_rate():
    counts, rows = made_of(passed=16, failed=3, not_run=1)
    found = least(sit(test_counts=(counts, regression(10, 10)), test_rows=tuple(rows)))
    assert [(need.key, need.count) for need in found.needs] == [("12.6(a)", 1), ("12.6(b)", 1)]
    assert "1 more of the tests of DMC A to pass" in found.needs[1].text


@pytest.mark.clause("SVTAD 1.23", "12.6(b)", "9.5(b)")
def test_what_is_not_listed_by_name_is_counted_all_the_same():
    counts, rows = made_of(passed=19, failed=1, not_run=0, assured=10)
    facts = sit(
        test_counts=(counts, regression(10, 10)),
        test_rows=tuple(rows),
        parameters=(parameter("pass_rate.assured_only", "yes"),),
    )
    found = least(facts)
    assert [(need.count, len(need.changes)) for need in found.needs] == [(8, 1)]


@pytest.mark.clause("SVTAD 1.23", "12.6(b)", "13.6")
def test_tests_of_a_dmc_that_left_are_nobodys_need():
    counts, rows = made_of(passed=1, failed=3, not_run=3, dmc="dmc-b")
    facts = sit(
        dmcs=(DmcFact(id="dmc-a", name="DMC A"), DmcFact(id="dmc-b", name="DMC B", state=DmcState.DESELECTED)),
        test_counts=(cell("dmc-a", 100, 100), counts, regression(10, 10)),
        test_rows=tuple(rows),
    )
    assert least(facts).needs == ()


@pytest.mark.clause("SVTAD 1.23", "12.6(b)")
@pytest.mark.parametrize(("assured", "count"), [("no", 3), ("yes", 5)])
def test_in_pit_the_minimum_may_be_of_the_whole_phase(assured, count):
    counts, rows = made_of(passed=92, failed=8, not_run=0, dmc=None, assured=90)
    facts = pit(
        test_counts=(counts, regression(10, 10, group="Regression")),
        test_rows=tuple(rows),
        parameters=(
            parameter("pit.minimum_pass_rate", "95%"),
            parameter("pit.regression_pass_rate", "100%"),
            parameter("pit.pass_rate_scope", "phase"),
            parameter("pass_rate.assured_only", assured),
        ),
    )
    found = least(facts)
    assert [(need.key, need.count) for need in found.needs] == [("12.6(b)", count)]
    assert met(changed(facts, found.changes, edition=EDITION), ("12.6(b)",))


@pytest.mark.clause("SVTAD 1.23", "12.6(a)")
def test_without_a_plan_there_is_nothing_to_count():
    found = least(sit(test_counts=()))
    assert found.needs == ()
    assert {"12.6(a)", "12.6(b)", "12.6(f)"} <= {finding.key for finding in found.others}


@pytest.mark.clause("SVTAD 1.23", "12.6(b)", "12.6(f)")
def test_what_no_number_is_set_for_is_listed_beside():
    found = least(pit(parameters=()))
    assert found.needs == ()
    assert [finding.key for finding in found.others] == ["12.6(b)", "12.6(f)"]


@pytest.mark.clause("SVTAD 1.23", "12.6(f)", "Table 13.1 row 2")
def test_a_de_scoped_regression_test_cannot_be_named_as_one_to_pass():
    facts = sit(
        test_counts=(cell("dmc-a", 100, 100), regression(9, 10, descoped=1)),
        test_rows=(row("gone", TestRowStatus.DESCOPED, kind=TestKind.REGRESSION, functional_group="Core"),),
    )
    found = least(facts)
    assert (found.needs, [finding.key for finding in found.others]) == ((), ["12.6(f)"])


# --- which single decision decides it ---------------------------------------------------------------------------------


def ways(facts: Facts, *, edition=EDITION, step: Step = Step.REPORTS) -> dict[str, dict[str, str]]:
    return {
        each.reference: {option.text: option.verdict.value for option in each.options}
        for each in pending(facts, step=step, edition=edition)
    }


@pytest.mark.clause("SVTAD 1.23", "14.5", "13.20", "13.22", "12.6(a)")
def test_every_pending_matter_is_shown_with_what_each_end_of_it_gives():
    counts, rows = made_of(passed=18, failed=1, not_run=1)
    listed = tuple(
        replace(one, descope=DescopeState.AWAITING_SOS, descope_matter="M-9")
        if one.status is TestRowStatus.NOT_RUN
        else one
        for one in rows
    )
    plain = issues(14, "3")
    facts = with_plan(
        sit(
            issues=(*plain, issue("d", "4"), issue("x", "3")),
            disputes=(dispute("d", "3"),),
            exclusions=(exclusion("x", ExclusionState.REFERRED), exclusion(plain[0].id, ExclusionState.TAG_REJECTED)),
            considered_issues=(issue("s", "5", kind="SCT"), issue("r", "5", kind="SCT"), issue("c", "5", kind="SCT")),
            count_decisions=(decision("r", CountState.NOT_COUNT_REFERRED), decision("c", CountState.COUNT)),
            test_counts=(counts, regression(10, 10)),
            test_rows=listed,
        )
    )
    assert ways(facts) == {
        "D": {"TAG decides severity 3": "NOT_MET", "TAG decides severity 4": "NOT_MET"},
        "X": {"the Secretary of State upholds it": "NOT_MET", "the Secretary of State dismisses it": "NOT_MET"},
        "S": {"it counts": "NOT_MET", "it does not count": "NOT_MET"},
        "R": {"it counts": "NOT_MET", "it does not count": "NOT_MET"},
        "DMC-A-FUNCTIONAL-N0": {"finally approved": "BLOCKED", "not approved": "NOT_MET"},
    }
    found = pending(facts, step=Step.REPORTS)
    assert (found[0].reference, found[0].decides) == ("DMC-A-FUNCTIONAL-N0", True)
    assert {each.reference: each.matter for each in found} == {
        "DMC-A-FUNCTIONAL-N0": "M-9", "D": "dispute-d-3", "X": "matter-x", "S": None, "R": "count-r",
    }  # fmt: skip


@pytest.mark.clause("SVTAD 1.23", "14.5")
def test_the_one_decision_that_decides_it_comes_first():
    facts = with_plan(
        sit(
            issues=(*issues(15, "3"), issue("far", "5"), issue("near", "4")),
            disputes=(dispute("far", "4"), dispute("near", "3")),
        )
    )
    first, second = pending(facts, step=Step.REPORTS)
    assert (first.reference, first.decides, first.moves) == ("NEAR", True, True)
    assert (second.reference, second.decides, second.moves) == ("FAR", False, False)


@pytest.mark.clause("SVTAD 1.23", "13.20", "13.24")
def test_interface_testing_has_its_counting_and_pit_no_exclusions():
    facts = sit(phase_kind="INTERFACE", certificates=(), issues=(issue("u", "3", kind="INTERFACE"),))
    assert set(ways(facts)) == {"U"}
    none = pit(issues=(issue("i", "3", kind="PIT"),), exclusions=(exclusion("i", ExclusionState.PROPOSED),))
    assert ways(none) == {}
    assert pending(none, step=Step.ENTRY) == ()


def test_an_issue_whose_dispute_rests_on_no_severity_yet_is_left_out():
    facts = sit(issues=(issue("d", None), issue("away", "4", release="FOC")))
    facts = replace(facts, disputes=(dispute("d", "3"), dispute("away", "3")))
    assert set(ways(facts)) == {"AWAY"}


INTERFACE = sit(phase_kind="INTERFACE", certificates=())


@pytest.mark.clause("SVTAD 1.23", "12.6(c)", "14.5", "13.20", "13.22", "13.23")
@pytest.mark.parametrize(
    ("base", "step", "provider"),
    [
        pytest.param(sit(), Step.REPORTS, None, id="sit"),
        pytest.param(sit(), Step.CERTIFICATES, A, id="for-a-certificate"),
        pytest.param(INTERFACE, Step.COMPLETION, None, id="interface"),
    ],
)
@SUITE_AND_SOAK
def test_each_end_gives_what_judging_the_changed_facts_gives(times, base, step, provider) -> None:
    @given(data=st.data())
    @made_up(30 * times)
    def each(data) -> None:
        facts = data.draw(issue_facts(base, SMALL))
        for matter in pending(facts, step=step, provider=provider, edition=SMALL_LIMITS):
            for option in matter.options:
                after = changed(facts, option.changes, edition=SMALL_LIMITS)
                whole = judge(after, step=step, provider=provider, edition=SMALL_LIMITS)
                assert option.verdict is whole.verdict
                assert dict(option.criteria) == {finding.key: finding.verdict for finding in whole.criteria}

    each()


@pytest.mark.clause("SVTAD 1.23", "13.19", "13.22")
def test_what_is_open_beside_a_matter_is_open_in_each_of_its_ends():
    waiting = (issue("s", "1", kind="SCT"), issue("nobody", "1", None, kind="SCT"), issue("dcc", "1", kind="SCT"))
    waiting = (*waiting[:2], replace(waiting[2], cause=Cause.DCC, provider=None))
    both = with_plan(sit(considered_issues=waiting))
    undecided = {"it counts": "NOT_MET", "it does not count": "NOT_MET"}
    found = {
        each.reference: {option.text: dict(option.criteria)["12.6(c)"].value for option in each.options}
        for each in pending(both, step=Step.REPORTS)
    }
    assert found["NOBODY"] == {"it counts": "CANNOT_EVALUATE", "it does not count": "CANNOT_EVALUATE"}
    assert found["S"] == found["DCC"] == {**undecided, "it does not count": "CANNOT_EVALUATE"}


def test_a_cause_outside_the_dcc_is_no_reason_to_name_a_change():
    facts = with_plan(sit(issues=(issue("i", "3", cause=Cause.DEVICE),)))
    assert least(facts).needs == ()
