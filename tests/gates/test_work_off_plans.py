"""Work Off Plans: what is in them, when it is due, and when an item is done."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest

from issues.actions import change_state, propose_exclusion
from issues.models import TestingIssue
from svtad.gates.actions import change_plan_item, draw_up_work_off_plan
from svtad.gates.gathering import gather
from svtad.gates.models import WorkOffPlanItem
from svtad.governance.files import read_file
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from svtad.rulebook.vocabulary import Step
from testphases import actions as phase_actions
from testphases.models import FactsChanged
from tests.factories import MAKER, at, decide, make_house, make_issue
from tests.gates.world import Phase, finding, judged, make_phase, verdicts

Planned = tuple[Phase, TestingIssue, WorkOffPlanItem]


def open_issue(phase, severity="3", *, scope=None, provider=None, **more):
    house = phase.house
    return make_issue(
        scope or phase.scope,
        raised_by=house.alpha,
        severity=severity,
        provider=provider or house.alpha,
        moment=more.pop("moment", at(days=3)),
        **more,
    )


def rows(plan):
    text = read_file(plan.file).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.clause("SVTAD 1.23", "15.1", "12.6(g)", "13.20-agree")
def test_a_plan_holds_every_open_issue_carried_over_and_excluded_ones_too(phase):
    house = phase.house
    own = open_issue(phase)
    carried = open_issue(phase, scope=house.scope("SIT", "IOC"))
    excluded = open_issue(phase, "2", state="FIXED")
    proposal = propose_exclusion(issue=excluded, scope=phase.scope, rationale="One meter.", by=MAKER, at=at(days=4))
    decide(proposal.matter, "TAG", "AGREE", moment=at(days=5))
    open_issue(phase, state="CLOSED")
    open_issue(phase, provider=house.beta)
    plan = draw_up_work_off_plan(scope=phase.scope, provider=house.alpha, by=house.actor("test_manager"))
    assert {item.issue for item in plan.items.all()} == {own, carried, excluded}
    by_reference = {row["Testing Issue"]: row for row in rows(plan)}
    assert by_reference[excluded.reference]["Excluded"] == "yes"
    assert by_reference[excluded.reference]["Due"] == "TAB to set"
    assert by_reference[own.reference]["Due"] == "counts from the certificate"
    assert by_reference[carried.reference]["Raised in"] == "IOC SIT"


@pytest.mark.clause("SVTAD 1.23", "12.6(g)", "15.1-approve")
def test_every_open_issue_needs_a_plan_that_tab_approved(phase):
    issue = open_issue(phase)
    phase.log(moment=at(days=5))
    assert [blocker.reference for blocker in finding(phase.assess("REPORTS"), "12.6(g)").blockers] == [issue.reference]
    plan = phase.plan_work(phase.house.alpha, approve=False)
    waiting = finding(phase.assess("REPORTS"), "12.6(g)")
    assert (waiting.verdict, waiting.awaiting) == ("NOT_MET", True)
    assert [blocker.reference for blocker in waiting.blockers] == [plan.matter.reference]
    decide(plan.matter, "TAB", "APPROVE", moment=plan.recorded_at)
    assert finding(phase.assess("REPORTS"), "12.6(g)").verdict == "MET"


@pytest.mark.clause("SVTAD 1.23", "DEF-wop")
def test_a_later_issue_goes_in_a_further_plan(phase):
    open_issue(phase)
    first = phase.plan_work(phase.house.alpha)
    with pytest.raises(Refused, match="No open Testing Issue of ALPHA Ltd is without"):
        draw_up_work_off_plan(scope=phase.scope, provider=phase.house.alpha, by=MAKER)
    later = open_issue(phase, "5")
    second = phase.plan_work(phase.house.alpha)
    assert first.items.count() == 1
    assert [item.issue for item in second.items.all()] == [later]


def test_a_plan_of_the_phase_takes_in_whatever_is_in_no_plan_yet(phase):
    phase_wide = [open_issue(phase, provider=phase.house.beta)]
    in_a_plan = open_issue(phase)
    phase.plan_work(phase.house.alpha)
    unattributed = make_issue(phase.scope, raised_by=phase.house.beta)
    plan = draw_up_work_off_plan(scope=phase.scope, by=MAKER)
    found = {item.issue for item in plan.items.all()}
    assert found == {*phase_wide, unattributed}
    assert in_a_plan not in found


@pytest.mark.clause("SVTAD 1.23", "15.1(a)", "15.1(b)", "15.1(c)")
def test_dates_count_from_the_certificate_of_the_issue_s_own_provider(phase):
    house = phase.house
    for severity in ("3", "4", "5"):
        open_issue(phase, severity)
    open_issue(phase, "3", provider=house.beta)
    phase.log(moment=at(days=5))
    phase.plan_work()
    phase.reports()
    phase.certify(house.alpha)
    facts = gather(phase.scope, as_at=None)
    start = at(days=7).date()
    assert [row.issued_on for row in facts.certificates] == [start]
    dates = {
        (line.provider, line.severity): line.due for line in judged(facts, Step.COMPLETION).finding("12.6(g)").dates
    }
    # From Mon 9 March 2026: 3 and 6 April, 4 and 25 May are no Working Days.
    assert dates[house.alpha.public_id, "3"] == "2026-04-08"
    assert dates[house.alpha.public_id, "4"] == "2026-05-07"
    assert dates[house.alpha.public_id, "5"] == "2026-06-05"
    assert dates[house.beta.public_id, "3"] is None


def test_the_file_shows_the_dates_where_the_certificate_is_issued_already(phase):
    phase.reports()
    phase.certify(phase.house.alpha)
    open_issue(phase, "3", moment=at(days=8))
    plan = draw_up_work_off_plan(scope=phase.scope, provider=phase.house.alpha, by=MAKER)
    assert [row["Due"] for row in rows(plan)] == ["2026-04-08"]


@pytest.mark.clause("SVTAD 1.23", "15.1")
def test_tab_sets_the_day_where_15_1_gives_none(phase):
    excluded = open_issue(phase, "2")
    plan = phase.plan_work(phase.house.alpha, approve=False)
    for wrong in (
        {"due": {"TI-none": "2026-06-01"}},
        {"due": {excluded.reference: "soon"}},
        {"clock_start": "9 March"},
    ):
        with pytest.raises(InvalidInput):
            decide(plan.matter, "TAB", "APPROVE", moment=plan.recorded_at, **wrong)
    decide(plan.matter, "TAB", "APPROVE", moment=plan.recorded_at, due={excluded.reference: "2026-06-01"})
    [line] = judged(gather(phase.scope, as_at=None), Step.REPORTS).finding("12.6(g)").dates
    assert (line.due, line.note) == ("2026-06-01", "15.1 sets no timescale: set by the TAB")


@pytest.mark.clause("SVTAD 1.23", "15.1")
def test_a_phase_without_certificates_counts_from_the_day_that_tab_set(phase):
    sct = phase.house.scope("SCT", "MOC")
    open_issue(phase, scope=sct)
    plan = draw_up_work_off_plan(scope=sct, by=MAKER)
    decide(plan.matter, "TAB", "APPROVE", moment=plan.recorded_at)
    assert verdicts(judged(gather(sct, as_at=None), Step.REPORTS))["15.1"] == "CANNOT_EVALUATE"
    open_issue(phase, "4", scope=sct)
    further = draw_up_work_off_plan(scope=sct, by=MAKER)
    decide(further.matter, "TAB", "APPROVE", moment=further.recorded_at, clock_start="2026-03-09")
    dates = {line.severity: line.due for line in judged(gather(sct, as_at=None), Step.REPORTS).finding("15.1").dates}
    assert dates == {"3": None, "4": "2026-05-07"}


# --- working it off -----------------------------------------------------------------------------------


def plan_an_item(phase: Phase) -> Planned:
    issue = open_issue(phase, "5", scope=phase.pit, state="RETEST", moment=at(days=2))
    plan = draw_up_work_off_plan(scope=phase.pit, provider=phase.house.alpha, by=MAKER, at=at(days=3))
    decide(plan.matter, "TAB", "APPROVE", moment=at(days=3))
    return phase, issue, plan.items.get()


@pytest.fixture(scope="class")
def lent_planned(lend) -> Planned:
    return lend(make_house, make_phase, plan_an_item)


@pytest.fixture
def planned(lent_planned, db) -> Planned:
    """An item of PIT's plan: severity 5, open."""
    return lent_planned


def rerun(phase, outcome="PASSED", *, moment=None):
    [test] = phase.plan("again")
    return phase.run(test, outcome, moment=moment or at(days=6))


@pytest.mark.clause("SVTAD 1.23", "12.6(h)")
def test_an_earlier_item_stands_in_the_way_until_it_is_closed_and_re_run(planned):
    phase, issue, item = planned
    manager = phase.house.actor("test_manager")

    def standing():
        return finding(phase.assess("REPORTS"), "12.6(h)")

    assert standing().verdict == "NOT_MET"
    assert standing().blockers[0].reference == issue.reference
    with pytest.raises(Refused, match="is still open"):
        change_plan_item(item=item, state="CLOSED", by=manager)
    change_state(issue=issue, to_state="CLOSED", by=MAKER, at=at(days=5))
    change_plan_item(item=item, state="CLOSED", by=manager, at=at(days=5))
    assert (standing().verdict, standing().blockers[0].text) == (
        "NOT_MET",
        "(MOC PIT) is closed without a successful re-run",
    )
    change_plan_item(item=item, state="RERUN_PASSED", run=rerun(phase), by=manager, at=at(days=6))
    assert standing().verdict == "MET"


@pytest.mark.clause("SVTAD 1.23", "12.6(h)")
def test_a_re_run_is_a_passed_run_after_the_fix(planned):
    phase, issue, item = planned
    change_state(issue=issue, to_state="CLOSED", by=MAKER, at=at(days=5))
    change_plan_item(item=item, state="CLOSED", by=MAKER, at=at(days=5))
    before_the_fix = rerun(phase, moment=at(days=1))
    void = rerun(phase)
    phase_actions.void_run(run=void, reason="Wrong build.", by=MAKER, at=at(days=6, hours=1))
    void.refresh_from_db()
    for run in (before_the_fix, void, rerun(phase, "FAILED")):
        with pytest.raises(Refused):
            change_plan_item(item=item, state="RERUN_PASSED", run=run, by=MAKER)
    with pytest.raises(InvalidInput, match="Name the run"):
        change_plan_item(item=item, state="RERUN_PASSED", by=MAKER)


def test_a_failed_re_run_opens_the_item_again(planned):
    phase, issue, item = planned
    with pytest.raises(Refused, match="it may go to closed"):
        change_plan_item(item=item, state="RERUN_PASSED", run=rerun(phase), by=MAKER)
    change_state(issue=issue, to_state="CLOSED", by=MAKER, at=at(days=5))
    change_plan_item(item=item, state="CLOSED", by=MAKER, at=at(days=5))
    change_plan_item(item=item, state="OPEN", run=rerun(phase, "FAILED"), note="Fails again.", by=MAKER, at=at(days=7))
    [before] = gather(phase.scope, as_at=None).precursors or ()
    assert [row.state for row in before.work_off_plans[0].items] == ["OPEN"]
    assert [
        row.state for row in (gather(phase.scope, as_at=at(days=6)).precursors or ())[0].work_off_plans[0].items
    ] == ["CLOSED"]


def test_word_reaches_the_phase_that_follows(planned):
    phase, issue, item = planned
    FactsChanged.objects.all().delete()
    change_state(issue=issue, to_state="CLOSED", by=MAKER, at=at(days=5))
    change_plan_item(item=item, state="CLOSED", by=MAKER, at=at(days=5))
    assert FactsChanged.objects.filter(scope=phase.scope).exists()


@pytest.mark.clause("SVTAD 1.23", "12.6(h)")
def test_a_plan_is_complete_only_when_every_item_is_closed_and_re_run(planned):
    phase, issue, item = planned
    matter = item.plan.matter
    decide(matter, "DCC", "START", moment=at(days=4))
    with pytest.raises(Refused, match=issue.reference):
        decide(matter, "DCC", "COMPLETE", moment=at(days=8))
    change_state(issue=issue, to_state="CLOSED", by=MAKER, at=at(days=5))
    change_plan_item(item=item, state="CLOSED", by=MAKER, at=at(days=5))
    change_plan_item(item=item, state="RERUN_PASSED", run=rerun(phase), by=MAKER, at=at(days=6))
    decide(matter, "DCC", "COMPLETE", moment=at(days=8))
    assert matter.state == "COMPLETE"


@pytest.mark.clause("SVTAD 1.23", "15.1")
def test_an_earlier_item_has_no_date_while_its_provider_has_no_certificate(planned):
    phase, _, _ = planned
    [before] = gather(phase.scope, as_at=None).precursors or ()
    assert [row.due for row in before.work_off_plans[0].items] == [None]


@pytest.mark.parametrize("role", ["registrar", "provider_tester", "tab_member", "participant"])
def test_only_the_dcc_s_test_manager_records_progress(planned, role):
    phase, _, item = planned
    with pytest.raises(ActionDenied):
        change_plan_item(item=item, state="CLOSED", by=phase.house.actor(role))


@pytest.mark.parametrize("role", ["provider_tester", "tab_member", "sit_auditor", "participant"])
def test_only_the_dcc_draws_up_a_plan(phase, role):
    open_issue(phase)
    with pytest.raises(ActionDenied):
        draw_up_work_off_plan(scope=phase.scope, provider=phase.house.alpha, by=phase.house.actor(role))


def test_a_formula_in_a_title_is_defused_in_the_file(phase):
    open_issue(phase, title="=HYPERLINK(1)")
    plan = draw_up_work_off_plan(scope=phase.scope, provider=phase.house.alpha, by=MAKER)
    assert [row["Title"] for row in rows(plan)] == ["'=HYPERLINK(1)"]


def test_progress_is_not_recorded_before_it_happened(planned):
    _, issue, item = planned
    change_state(issue=issue, to_state="CLOSED", by=MAKER, at=at(days=5))
    with pytest.raises(InvalidInput, match="later than the moment"):
        change_plan_item(
            item=item, state="CLOSED", occurred_at=at(days=6) + dt.timedelta(seconds=1), by=MAKER, at=at(days=6)
        )
