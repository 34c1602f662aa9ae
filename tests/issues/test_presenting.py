"""Whether a presented issue counts in Interface Testing, and at which severity (13.23, 13.24)."""

from __future__ import annotations

import pytest

from issues.actions import ask_counting, determine_severity
from issues.queries import counting_at
from svtad.governance.actions import Given, correct_decision
from svtad.lib.errors import Refused
from svtad.rulebook.judge import judge
from svtad.rulebook.vocabulary import Step
from testphases.actions import enter_eligibility, move_eligibility
from tests.factories import MAKER, at, decide, make_issue

CLAUSE = "SVTAD 1.23"


@pytest.fixture
def interface(house):
    return house.scope("INTERFACE", "MOC")


def presented(house, interface, severity="3", *, scope=None):
    issue = make_issue(scope or interface, raised_by=house.supplier, severity=severity, provider=house.alpha)
    return issue, ask_counting(issue=issue, scope=interface, by=MAKER, at=at(days=1))


@pytest.mark.clause(CLAUSE, "13.23(a)", "13.23(b)", "13.23(c)")
@pytest.mark.parametrize(
    ("kind", "severity", "limb"),
    [
        ("INTERFACE", "2", "13.23(a)"),
        ("INTERFACE", "4", "13.23(b)"),
        ("SIT", "3", "13.23(c)"),
        ("SCT", "1", "13.23(c)"),
    ],
)
def test_an_issue_is_presented_under_the_limb_that_reaches_it(house, interface, kind, severity, limb):
    row = enter_eligibility(organisation=house.supplier, role="Import Supplier", by=MAKER)
    move_eligibility(eligibility=row, to_state="IN_PROGRESS", by=MAKER)
    move_eligibility(eligibility=row, to_state="COMPLETE", basis="Report 7.", by=MAKER)
    _, question = presented(house, interface, severity, scope=house.scope(kind, "MOC"))
    assert (question.matter.procedure, question.matter.data) == ("INTERFACE_COUNT", {"presented_under": limb})
    assert question.matter.state == "PRESENTED"


@pytest.mark.clause(CLAUSE, "13.23(c)")
def test_what_no_limb_reaches_is_refused(house, interface):
    with pytest.raises(Refused, match="reaches 1 to 3 alone"):
        presented(house, interface, "4", scope=house.scope("SIT", "MOC"))
    with pytest.raises(Refused, match="of a later release"):
        presented(house, interface, "2", scope=house.scope("SIT", "FOC"))
    unrated = make_issue(interface, raised_by=house.supplier)
    with pytest.raises(Refused, match="has no severity yet"):
        ask_counting(issue=unrated, scope=interface, by=MAKER, at=at(days=1))


@pytest.mark.clause(CLAUSE, "13.23(i)", "13.23(ii)", "13.24")
def test_tag_changes_the_severity_then_says_what_counts_and_the_secretary_of_state_has_the_last_word(house, interface):
    issue, question = presented(house, interface, "3")
    assert [row.state for row in counting_at(interface, at(days=1))] == ["UNDECIDED"]
    matter = question.matter
    with pytest.raises(Refused):
        decide(matter, "TAG", "COUNT", moment=at(days=2))
    decide(matter, "TAG", "CHANGE_SEVERITY", moment=at(days=2), severity="2")
    issue.refresh_from_db()
    assert issue.severity == "2"
    decide(matter, "DCC", "REFER_SEVERITY", moment=at(days=90))
    decide(matter, "SOS", "DETERMINE_SEVERITY", moment=at(days=91), severity="4")
    issue.refresh_from_db()
    assert issue.severity == "4"
    assert [row.state for row in counting_at(interface, at(days=91))] == ["UNDECIDED"]
    decide(matter, "TAG", "COUNT", moment=at(days=92))
    decide(matter, "DCC", "REFER", moment=at(days=93))
    decide(matter, "SOS", "NOT_COUNT", moment=at(days=94))
    states = [counting_at(interface, at(days=day))[0].state.value for day in (92, 93, 94)]
    assert states == ["COUNT", "COUNT_REFERRED", "SOS_NOT_COUNT"]


@pytest.mark.clause(CLAUSE, "13.18", "13.23(ii)")
def test_interface_testing_is_judged_by_what_tag_said(house, interface):
    from svtad.gates.gathering import gather

    own, question = presented(house, interface, "2")
    other, elsewhere = presented(house, interface, "3", scope=house.scope("SIT", "MOC"))

    def verdict() -> str:
        return judge(gather(interface, as_at=None), step=Step.REPORTS).finding("13.18").verdict.value

    assert verdict() == "CANNOT_EVALUATE"
    for each in (question, elsewhere):
        decide(each.matter, "TAG", "CONFIRM_SEVERITY", moment=at(days=2))
        assert verdict() == "CANNOT_EVALUATE"
    decide(elsewhere.matter, "TAG", "COUNT", moment=at(days=3))
    wrong = decide(question.matter, "TAG", "COUNT", moment=at(days=3))
    assert verdict() == "NOT_MET", "the limit of severity 2 is none"
    correct_decision(
        decision=wrong, outcome="NOT_COUNT", given=Given(decided_at=at(days=3)), reason="Misread.", by=MAKER,
        at=at(days=4),
    )  # fmt: skip
    assert verdict() == "MET"
    facts = gather(interface, as_at=None)
    assert [row.id for row in facts.considered_issues] == [other.public_id]
    assert {row.issue: row.state.value for row in facts.count_decisions} == {
        own.public_id: "NOT_COUNT", other.public_id: "COUNT",
    }  # fmt: skip


@pytest.mark.clause(CLAUSE, "13.23(i)")
def test_the_dcc_grades_no_severity_that_tag_determined_here(house, interface):
    issue, question = presented(house, interface, "3")
    decide(question.matter, "TAG", "CHANGE_SEVERITY", moment=at(days=2), severity="2")
    with pytest.raises(Refused):
        determine_severity(issue=issue, severity="5", by=MAKER, at=at(days=3))


def test_the_page_of_an_issue_asks_for_interface_testing_too(house, interface):
    from django.urls import reverse

    from tests.portal.boards import signed_in, text

    issue = make_issue(interface, raised_by=house.supplier, severity="3", provider=house.alpha)
    manager = signed_in(house, "test_manager")
    address = reverse("issues:issue", args=[issue.public_id])
    assert "Ask whether it counts" in text(manager.get(address))
    acted = manager.post(f"{address}count/", {"count-scope": interface.public_id, "count-rationale": "It may stop us."})
    assert acted.status_code == 302, acted.content
    assert issue.counting_questions.get().matter.procedure == "INTERFACE_COUNT"
