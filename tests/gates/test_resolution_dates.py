"""The days by which Work Off Plans want Testing Issues resolved: deadlines that are counted, shown and kept."""

from __future__ import annotations

import datetime as dt

import pytest

from issues.actions import change_state, propose_exclusion
from svtad.gates.actions import assess_scope, draw_up_work_off_plan
from svtad.governance.actions import add_override, correct_decision
from svtad.governance.actions.given import Given
from svtad.governance.models import Deadline
from svtad.governance.queries.deadlines import count_of, would_move
from svtad.governance.queries.events import events_for
from svtad.governance.queries.inbox import waiting_for
from svtad.parties.actors import Actor
from svtad.parties.audiences import GOVERNANCE, audience_of
from svtad.rulebook.vocabulary import Body
from tests.factories import MAKER, at, decide
from tests.gates.test_work_off_plans import open_issue
from tests.gates.world import Phase
from tests.portal.boards import signed_in


@pytest.fixture
def planned(phase: Phase):
    """Issues of severity 2 (excluded), 3 and 4 of Alpha in an approved plan; Alpha is certified on Mon 9 March 2026."""
    house = phase.house
    excluded = open_issue(phase, "2", state="FIXED")
    proposal = propose_exclusion(issue=excluded, scope=phase.scope, rationale="One meter.", by=MAKER, at=at(days=4))
    decide(proposal.matter, "TAG", "AGREE", moment=at(days=5))
    issues = {severity: open_issue(phase, severity, state="RETEST") for severity in ("3", "4")} | {"2": excluded}
    phase.log(moment=at(days=5))
    plan = draw_up_work_off_plan(scope=phase.scope, provider=house.alpha, by=MAKER, at=at(days=5))
    decide(plan.matter, "TAB", "APPROVE", moment=at(days=5, hours=1), due={excluded.reference: "2026-06-01"})
    phase.reports()
    phase.certify(house.alpha)
    assess_scope(scope=phase.scope, by=MAKER)
    return phase, plan, issues


def open_dates(plan) -> dict[str, tuple[str, int, dt.date]]:
    held = Deadline.objects.filter(matter=plan.matter, ended_at=None)
    return {row.outcome: (row.kind, row.working_days, row.last_day) for row in held}


DATES = {
    "RESOLVE_SEVERITY_3": ("DUTY", 20, dt.date(2026, 4, 8)),
    "RESOLVE_SEVERITY_4": ("DUTY", 40, dt.date(2026, 5, 7)),
    "RESOLVE_BY_DAY_SET": ("SET_DAY", 57, dt.date(2026, 6, 1)),
}


@pytest.mark.clause("SVTAD 1.23", "15.1(a)", "15.1(b)", "15.1(c)", "15.1")
def test_an_approved_plan_has_a_deadline_for_each_timescale_and_each_day_set(planned):
    phase, plan, _ = planned
    assert open_dates(plan) == DATES
    assess_scope(scope=phase.scope, by=MAKER)
    assert Deadline.objects.filter(matter=plan.matter).count() == len(DATES)
    third = Deadline.objects.get(matter=plan.matter, outcome="RESOLVE_SEVERITY_3")
    assert count_of(third, at(days=8)).text == "day 1 of 20, last day Wed 8 Apr 2026 23:59"
    assert (third.body, third.clause) == (Body.PROVIDER, "15.1")


@pytest.mark.clause("SVTAD 1.23", "15.1")
def test_a_plan_that_tab_has_not_approved_binds_nobody_yet(phase):
    open_issue(phase)
    plan = phase.plan_work(phase.house.alpha, approve=False)
    phase.log(moment=at(days=5))
    phase.reports()
    assess_scope(scope=phase.scope, by=MAKER)
    assert open_dates(plan) == {}


@pytest.mark.clause("SVTAD 1.23", "15.1")
def test_what_is_resolved_ends_its_deadline_as_met_and_what_is_not_is_overdue(planned):
    phase, plan, issues = planned
    change_state(issue=issues["3"], to_state="CLOSED", by=MAKER, at=at(days=9))
    assess_scope(scope=phase.scope, by=MAKER)
    assert set(open_dates(plan)) == {"RESOLVE_SEVERITY_4", "RESOLVE_BY_DAY_SET"}
    assert Deadline.objects.get(matter=plan.matter, outcome="RESOLVE_SEVERITY_3").end == "MET"
    manager = phase.house.actor("test_manager")
    late = dt.datetime(2026, 5, 8, 9, tzinfo=dt.UTC)
    [waiting] = [each for each in waiting_for(manager, bodies={Body.DCC}, moment=late) if each.matter == plan.matter]
    assert waiting.is_overdue
    assert [duty.deadline.outcome for duty in waiting.duties] == ["RESOLVE_SEVERITY_4", "RESOLVE_BY_DAY_SET"]


@pytest.mark.clause("SVTAD 1.23", "15.1")
def test_who_owes_it_and_who_brought_the_plan_have_it_in_inbox_and_calendar_and_nobody_else(planned):
    phase, plan, _ = planned
    house, moment = phase.house, at(days=9)

    def holds(actor: Actor, body: Body) -> tuple[bool, int]:
        mine = [each for each in waiting_for(actor, bodies={body}, moment=moment) if each.matter == plan.matter]
        events = events_for(actor, bodies={body}, moment=moment, link=lambda route, public_id: public_id)
        return any(each.duties for each in mine), sum("resolve" in each.summary for each in events)

    listed = signed_in(house, "test_manager").get("/inbox/?as=csv")
    assert b"".join(listed).count(b"RESOLVE_") == 3
    alpha = house.actor("provider_tester", house.alpha)
    assert holds(alpha, Body.PROVIDER) == (True, 3)
    assert holds(house.actor("test_manager"), Body.DCC) == (True, 3)
    assert holds(house.actor("provider_tester", house.beta), Body.PROVIDER) == (False, 0)
    assert holds(house.actor("tag_member"), Body.TAG) == (False, 0)


@pytest.mark.clause("SVTAD 1.23", "15.1", "SVTAD-WD")
def test_a_holiday_proclaimed_later_moves_no_day_by_itself_and_never_one_that_tab_set(planned):
    phase, plan, _ = planned
    for day in (dt.date(2026, 3, 31), dt.date(2026, 5, 29)):
        add_override(
            day=day, is_working_day=False, jurisdiction="ENG", reason="A jubilee", source="Proclaimed", by=MAKER,
            audience=audience_of(*GOVERNANCE), at=at(days=8),
        )  # fmt: skip
    assess_scope(scope=phase.scope, by=MAKER)
    assert open_dates(plan) == DATES
    moved = {row.outcome: day for row, day in would_move(at(days=9)) if row.matter == plan.matter}
    assert moved == {"RESOLVE_SEVERITY_3": dt.date(2026, 4, 9), "RESOLVE_SEVERITY_4": dt.date(2026, 5, 8)}


@pytest.mark.clause("SVTAD 1.23", "15.1")
def test_a_corrected_record_of_the_day_that_tab_set_moves_its_deadline(planned):
    phase, plan, issues = planned
    decision = plan.matter.decisions.get(outcome="APPROVE")
    correct_decision(
        decision=decision, outcome="APPROVE", reason="Misread the minutes.", by=MAKER,
        given=Given(decided_at=decision.decided_at, data={"due": {issues["2"].reference: "2026-06-15"}}),
    )  # fmt: skip
    assess_scope(scope=phase.scope, by=MAKER)
    assert open_dates(plan)["RESOLVE_BY_DAY_SET"][2] == dt.date(2026, 6, 15)
    [old] = Deadline.objects.filter(matter=plan.matter, outcome="RESOLVE_BY_DAY_SET").exclude(ended_at=None)
    assert (old.last_day, old.end) == (dt.date(2026, 6, 1), "OVERTAKEN")
