"""The judge against a second one that was written separately and tries every outcome of the disputes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import product

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from svtad.rulebook.criteria import disputes as joint
from svtad.rulebook.editions.svtad_1_23 import EDITION, TABLE_13_2
from svtad.rulebook.facts import Facts
from svtad.rulebook.judge import judge
from svtad.rulebook.vocabulary import Step
from tests.rulebook import oracle
from tests.rulebook.builders import PROVIDERS, A, B, parameter, pit, plan, sit
from tests.rulebook.strategies import SMALL, SMALL_LIMITS, issue_facts, paper_facts

seen: Counter[str] = Counter()
STEPS = (Step.REPORTS, Step.CERTIFICATES, Step.COMPLETION, Step.PANEL)


@pytest.fixture(scope="module", autouse=True)
def enough_cases_of_each_verdict() -> Iterator[None]:
    """The comparison is worth something only if it met enough of everything."""
    seen.clear()
    yield
    parts = ("thresholds", "phases", "interface", "pit", "others", "joint")
    if not all(seen[part] for part in parts):
        return  # only a part of this file was run
    cases = sum(seen[part] for part in parts)
    print(f"{cases} cases: {dict(seen)}")
    assert cases >= 5000
    # `script/soak` makes up twenty times as many.
    assert seen["soaked"] == 0 or cases >= 70_000
    for part in ("pit", "others"):
        for verdict in ("MET", "NOT_MET", "CANNOT_EVALUATE"):
            assert seen[f"{part} {verdict}"] >= 10, seen
    for verdict in ("MET", "NOT_MET", "CANNOT_EVALUATE", "BLOCKED"):
        assert seen[f"12.6(c) {verdict}"] >= 50, seen
    for reading in ("between", "either", "any"):
        assert seen[f"blocked under {reading}"] >= 10, seen


def compare(facts: Facts, step: Step, provider: str | None, small: bool) -> None:
    """Both judges give every finding, and the phase, the same verdict."""
    edition = SMALL_LIMITS if small else EDITION
    judgement = judge(facts, step=step, provider=provider, edition=edition)
    expected = oracle.judge_sit(facts.to_json(), step.value, provider, list(SMALL.values()) if small else None)
    found = {finding.key: finding.verdict.value for finding in judgement.findings}
    found[""] = judgement.verdict.value
    assert found == expected
    verdict = found["12.6(c)"]
    seen[f"12.6(c) {verdict}"] += 1
    if verdict == "BLOCKED":
        reading = oracle.setting(facts.to_json(), "disputes.severities", "between")
        seen[f"blocked under {reading}"] += 1
    event(verdict)


#: Making up facts takes ten times as long as judging them, so each are judged in several ways. The soak makes up more.
SUITE_AND_SOAK = pytest.mark.parametrize("times", [1, pytest.param(20, marks=[pytest.mark.soak])])


def made_up(cases: int):
    """How a property over made-up facts is tried: the same each time, with so many facts."""
    return settings(max_examples=cases, deadline=None, derandomize=True, database=None)


@pytest.mark.clause("SVTAD 1.23", "12.6(c)", "13.18", "13.19", "13.20", "13.21", "13.22", "14.4", "14.5")
@SUITE_AND_SOAK
def test_issues_disputes_and_exclusions_are_judged_as_the_oracle_judges_them(times) -> None:
    @given(data=st.data(), release=st.sampled_from(("IOC", "MOC", "FOC")))
    @made_up(400 * times)
    def each(data, release) -> None:
        facts = data.draw(issue_facts(sit(release=release), SMALL))
        for provider in (None, A, B):
            seen["thresholds"] += 1
            compare(facts, Step.REPORTS, provider, small=True)

    each()


@pytest.mark.clause("SVTAD 1.23", "12.6(c)", "Table 13.2", "14.5")
@SUITE_AND_SOAK
def test_the_real_limits_are_judged_as_the_oracle_judges_them(times) -> None:
    @given(data=st.data())
    @made_up(75 * times)
    def each(data) -> None:
        facts = data.draw(issue_facts(sit(), TABLE_13_2["SIT"]))
        for provider in (None, A, B):
            seen["thresholds"] += 1
            compare(facts, Step.REPORTS, provider, small=False)

    each()


@pytest.mark.clause("SVTAD 1.23", "12.6", "13.14", "Table 13.1")
@SUITE_AND_SOAK
def test_whole_phases_are_judged_as_the_oracle_judges_them(times) -> None:
    @given(data=st.data())
    @made_up(125 * times)
    def each(data) -> None:
        facts = data.draw(paper_facts(data.draw(issue_facts(sit(), SMALL))))
        for step, provider in product(STEPS, (None, A, B)):
            seen["phases"] += 1
            compare(facts, step, provider, small=True)

    each()


@pytest.mark.clause("SVTAD 1.23", "13.18", "13.23", "13.24")
@SUITE_AND_SOAK
def test_interface_testing_thresholds_are_judged_as_the_oracle_judges_them(times) -> None:
    @given(data=st.data(), release=st.sampled_from(("IOC", "MOC")))
    @made_up(150 * times)
    def each(data, release) -> None:
        base = sit(phase_kind="INTERFACE", release=release, certificates=())
        facts = data.draw(issue_facts(base, SMALL))
        judgement = judge(facts, step=Step.REPORTS, edition=SMALL_LIMITS)
        expected = oracle.thresholds(facts.to_json(), maxima=list(SMALL.values()))
        seen["interface"] += 1
        assert judgement.finding("13.18").verdict == expected

    each()


@pytest.mark.clause("SVTAD 1.23", "12.6", "12.6(b)", "12.6(f)", "13.18")
@SUITE_AND_SOAK
def test_whole_pits_are_judged_as_the_oracle_judges_them(times) -> None:
    @given(
        data=st.data(),
        rate=st.sampled_from(("95%", "9/10", "100%", None)),
        again=st.sampled_from(("100%", "19/20", None)),
        scope=st.sampled_from(("per_dmc", "phase", None)),
        on_exit=st.sampled_from(("yes", "no", None)),
    )
    @made_up(100 * times)
    def each(data, rate, again, scope, on_exit) -> None:
        base = data.draw(issue_facts(pit(providers=PROVIDERS), SMALL))
        facts = data.draw(paper_facts(base))
        mine = {
            "pit.minimum_pass_rate": rate,
            "pit.regression_pass_rate": again,
            "pit.pass_rate_scope": scope,
            "pit.regression_on_exit_versions": on_exit,
        }
        kept = [row for row in facts.parameters if row.key not in (*mine, "regression.descope_allowed")]
        facts = replace(facts, parameters=(*kept, *(parameter(key, value) for key, value in mine.items() if value)))
        for step, provider in product((Step.REPORTS, Step.CERTIFICATES, Step.COMPLETION), (None, A, B)):
            judgement = judge(facts, step=step, provider=provider, edition=SMALL_LIMITS)
            expected = oracle.judge_pit(facts.to_json(), step.value, provider, list(SMALL.values()))
            found = {finding.key: finding.verdict.value for finding in judgement.findings}
            assert found | {"": judgement.verdict.value} == expected
            seen["pit"] += 1
            for verdict in found.values():
                seen[f"pit {verdict}"] += 1
        seen["soaked"] += times > 1

    each()


@pytest.mark.clause("SVTAD 1.23", "13.18", "13.23", "13.24", "15.1", "7.3")
@pytest.mark.parametrize("kind", ["INTERFACE", "SCT"])
@SUITE_AND_SOAK
def test_interface_testing_and_sct_are_judged_as_the_oracle_judges_them(kind, times) -> None:
    @given(data=st.data(), release=st.sampled_from(("IOC", "MOC", "FOC")), clock=st.booleans())
    @made_up(75 * times)
    def each(data, release, clock) -> None:
        base = sit(phase_kind=kind, release=release, certificates=())
        facts = data.draw(issue_facts(base, SMALL))
        if data.draw(st.booleans()):
            facts = replace(facts, issues=tuple(one for one in facts.issues if one.severity in ("4", "5")))
            facts = replace(facts, exclusions=(), disputes=(), count_decisions=())
        open_ones = tuple(one for one in facts.issues if one.state.is_open)
        left_out = data.draw(st.sampled_from((0, 0, 1)))
        start = date(2019, 10, 1) if clock else None
        facts = replace(facts, work_off_plans=(plan(*open_ones[left_out:], clock_start=start),))
        for step in (Step.REPORTS, Step.COMPLETION):
            judgement = judge(facts, step=step, edition=SMALL_LIMITS)
            expected = oracle.judge_other(facts.to_json(), list(SMALL.values()))
            found = {finding.key: finding.verdict.value for finding in judgement.findings}
            assert found | {"": judgement.verdict.value} == expected
            seen["others"] += 1
            for verdict in found.values():
                seen[f"others {verdict}"] += 1

    each()


@pytest.mark.clause("SVTAD 1.23", "14.5")
@given(
    fixed=st.lists(st.integers(0, 4), min_size=5, max_size=5),
    limits=st.lists(st.integers(0, 3), min_size=5, max_size=5),
    allowed=st.lists(st.frozensets(st.sampled_from("12345"), min_size=1), max_size=5),
)
@made_up(1000)
def test_the_joint_verdict_is_what_trying_every_outcome_gives(fixed, limits, allowed) -> None:
    seen["joint"] += 1
    certain = dict(zip("12345", fixed, strict=True))
    most = dict(zip("12345", limits, strict=True))
    results = set()
    for outcome in product(*allowed):
        tally = {severity: certain[severity] + outcome.count(severity) for severity in "12345"}
        results.add(all(tally[severity] <= most[severity] for severity in "12345"))
    assert joint.could_pass(certain, allowed, most) == (True in results)
    assert joint.could_fail(certain, allowed, most) == (False in results)


@pytest.mark.clause("SVTAD 1.23", "14.5")
@given(data=st.data())
@made_up(60)
def test_a_judgement_depends_on_no_order_and_survives_the_file(data) -> None:
    facts = data.draw(paper_facts(data.draw(issue_facts(sit(), SMALL))))
    turned = replace(facts, issues=facts.issues[::-1], evidence=facts.evidence[::-1], disputes=facts.disputes[::-1])
    again = Facts.from_json(facts.to_json())
    assert again == facts == turned
    assert judge(again, step=Step.PANEL) == judge(turned, step=Step.PANEL)
