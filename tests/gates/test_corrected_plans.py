"""A wrongly recorded approval of a Work Off Plan, recorded rightly: the days that TAB set are the right one's."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from svtad.gates.actions import assess_scope, draw_up_work_off_plan
from svtad.gates.gathering import gather
from svtad.gates.models import WorkOffPlan
from svtad.governance.actions import correct_decision
from svtad.governance.actions.given import Given
from svtad.governance.models import Deadline, Decision
from svtad.lib.errors import InvalidInput
from svtad.parties import sessions
from svtad.parties.models import Person
from svtad.rulebook.vocabulary import Step
from testphases.models import FactsChanged, TestScope
from tests.factories import MAKER, decide
from tests.gates.test_work_off_plans import open_issue
from tests.gates.world import judged

pytestmark = pytest.mark.clause("SVTAD 1.23", "15.1", "15.1-approve")


@pytest.fixture
def approved(phase) -> tuple[TestScope, WorkOffPlan, Decision]:
    """A plan of a phase without certificates, counted from the wrong day; one issue has a day of TAB's own."""
    sct = phase.house.scope("SCT", "MOC")
    own, counted = open_issue(phase, "2", scope=sct), open_issue(phase, "4", scope=sct)
    plan = draw_up_work_off_plan(scope=sct, by=MAKER)
    decision = decide(
        plan.matter, "TAB", "APPROVE", moment=plan.recorded_at, clock_start="2026-03-09",
        due={own.reference: "2026-06-01"},
    )  # fmt: skip
    assert dates(sct) == {own.reference: "2026-06-01", counted.reference: "2026-05-07"}
    return sct, plan, decision


def dates(scope: TestScope) -> dict[str, str | None]:
    """By which day each issue is to be resolved, as the phase is judged now."""
    lines = judged(gather(scope, as_at=None), Step.REPORTS).finding("15.1").dates
    names = {each.id: each.reference for each in gather(scope, as_at=None).issues}
    return {names[line.issue]: line.due for line in lines}


def correct(decision: Decision, **data: object) -> Decision:
    given = Given(decided_at=decision.decided_at, document=decision.document, data=dict(data))
    return correct_decision(decision=decision, outcome="APPROVE", given=given, reason="Misread the minutes.", by=MAKER)


def two(decision: Decision) -> tuple[str, str]:
    """The references of the issue with a day of its own, and of the one that is counted."""
    [own] = decision.data["due"]
    plan = WorkOffPlan.objects.get(matter=decision.matter)
    [other] = [item.issue.reference for item in plan.items.all() if item.issue.reference != own]
    return own, other


def test_the_phase_is_judged_by_the_corrected_days_and_no_more_by_the_wrong_ones(approved):
    scope, plan, wrong = approved
    own, counted = two(wrong)
    before = FactsChanged.objects.filter(scope=scope).count()
    right = correct(wrong, clock_start="2026-03-16", due={own: "2026-06-15"})
    assert (right.supersedes, right.to_state, plan.matter.decisions.count()) == (wrong, "TAB_APPROVED", 2)
    assert dates(scope) == {own: "2026-06-15", counted: "2026-05-14"}
    assert FactsChanged.objects.filter(scope=scope).count() > before, "the phase is judged anew"
    wrong.refresh_from_db()
    assert wrong.data["clock_start"] == "2026-03-09", "what was recorded stays"


def test_a_day_that_the_right_record_does_not_set_holds_no_more(approved):
    scope, _, wrong = approved
    own, counted = two(wrong)
    correct(wrong)
    assert dates(scope) == {own: None, counted: None}


def test_its_deadlines_follow(approved):
    scope, plan, wrong = approved
    own, _ = two(wrong)
    assess_scope(scope=scope, by=MAKER)
    correct(wrong, clock_start="2026-03-16", due={own: "2026-06-15"})
    assess_scope(scope=scope, by=MAKER)
    held = Deadline.objects.filter(matter=plan.matter, ended_at=None)
    assert dict(held.values_list("outcome", "last_day")) == {
        "RESOLVE_SEVERITY_4": dt.date(2026, 5, 14), "RESOLVE_BY_DAY_SET": dt.date(2026, 6, 15),
    }  # fmt: skip


def test_a_correction_is_held_to_what_an_approval_may_set_and_changes_nothing_where_it_may_not(approved):
    scope, plan, wrong = approved
    own, _ = two(wrong)
    before = dates(scope)
    for data, field in (
        ({"clock_start": "9 March"}, "clock_start"),
        ({"due": {own: "soon"}}, f"due {own}"),
        ({"due": {"TI-none": "2026-06-01"}}, "due TI-none"),
        ({"due": "2026-06-01"}, "due"),
    ):
        with pytest.raises(InvalidInput) as refused:
            correct(wrong, **data)
        assert [error.field for error in refused.value.errors] == [field]
    assert (plan.matter.decisions.count(), dates(scope)) == (1, before)


def test_on_the_page_the_days_are_there_to_be_corrected(approved, phase):
    scope, plan, wrong = approved
    own, counted = two(wrong)
    client = Client()
    client.force_login(Person.objects.get(public_id=phase.house.actor("registrar").actor_id), backend=sessions.BACKEND)
    address = f"/governance/matters/{plan.matter.public_id}/correct/"
    page = client.get(address).content.decode()
    assert 'value="2026-03-09"' in page
    assert f"{own} 2026-06-01" in page
    shown = client.get(f"/governance/matters/{plan.matter.public_id}/").content.decode()
    assert f"Due:</span> {own} 2026-06-01</p>" in shown
    sent = {
        "correction-decided_at": "2026-03-20T10:00:00", "correction-clock_start": "2026-03-16",
        "correction-due": f"{own} 2026-06-15", "correction-reason": "Misread the minutes.",
        "correction-rationale": "", "correction-meeting": "",
    }  # fmt: skip
    answer = client.post(address, sent)
    assert answer.status_code == 302, answer.content.decode()[:4000]
    assert dates(scope) == {own: "2026-06-15", counted: "2026-05-14"}
