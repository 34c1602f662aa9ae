"""A Work Off Plan that will be late: shown, asked about, corrected with TAB, with or without a revocation (15.2)."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from issues.actions import change_state
from svtad.audit.models import AuditEvent
from svtad.gates.actions import (
    assess_scope,
    change_plan_item,
    draw_up_work_off_plan,
    open_correction_plan,
    present_correction_plan,
)
from svtad.gates.gathering import gather
from svtad.gates.gathering.plans import late_plans, standings
from svtad.gates.models import CorrectionPlan, TestCompletionCertificate
from svtad.governance.models import Deadline, Notice
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from svtad.parties.models import Person
from svtad.rulebook.vocabulary import Step
from testphases.models import FactsChanged
from tests.factories import MAKER, at, decide
from tests.gates.test_work_off_plans import open_issue
from tests.gates.world import judged, paper
from tests.portal.boards import signed_in

AWARE = dt.date(2026, 3, 20)
LATE = dt.datetime(2026, 4, 20, 10, tzinfo=dt.UTC)
"""After 8 April 2026, the day of severity 3; before 7 May, that of severity 4."""


@pytest.fixture
def planned(phase):
    """Issues of severity 3 and 4 of Alpha in an approved plan; Alpha is certified on Mon 9 March 2026."""
    house = phase.house
    issues = {severity: open_issue(phase, severity, state="RETEST") for severity in ("3", "4")}
    phase.log(moment=at(days=5))
    plan = draw_up_work_off_plan(scope=phase.scope, provider=house.alpha, by=MAKER, at=at(days=5))
    decide(plan.matter, "TAB", "APPROVE", moment=at(days=5, hours=1))
    phase.reports()
    phase.certify(house.alpha)
    assess_scope(scope=phase.scope, by=MAKER)
    plan.refresh_from_db()
    return phase, plan, issues


def present(plan, issue, day="2026-06-30", *, moment=None, by=MAKER, **more):
    moment = moment or at(days=20)
    return present_correction_plan(
        plan=plan, aware_on=AWARE, due={issue.reference: day}, document=paper("correction.pdf", moment=moment), by=by,
        at=moment, **more,
    )  # fmt: skip


def certificate(phase):
    return TestCompletionCertificate.objects.select_related("matter").get(scope=phase.scope)


def lines(phase):
    found = judged(gather(phase.scope, as_at=None), Step.COMPLETION).finding("12.6(g)").dates
    return {line.severity: (line.due, line.first_due, line.clock_start) for line in found}


BEFORE = {"3": ("2026-04-08", None, "2026-03-09"), "4": ("2026-05-07", None, "2026-03-09")}


@pytest.mark.clause("SVTAD 1.23", "15.2-correction", "15.2")
def test_days_that_tab_approves_take_the_place_of_the_first_and_the_clock_does_not_start_again(planned):
    phase, plan, issues = planned
    made = present(plan, issues["3"])
    assert (made.matter.state, lines(phase)) == ("PRESENTED", BEFORE), "until TAB approves, the days stand"
    FactsChanged.objects.all().delete()
    decide(made.matter, "TAB", "APPROVE", moment=at(days=21))
    assert FactsChanged.objects.filter(scope=phase.scope).exists(), "the phase is judged anew"
    assert lines(phase) == BEFORE | {"3": ("2026-06-30", "2026-04-08", "2026-03-09")}
    assess_scope(scope=phase.scope, by=MAKER)
    held = Deadline.objects.filter(matter=plan.matter, ended_at=None, outcome="RESOLVE_SEVERITY_3")
    assert [(row.last_day, row.clause) for row in held] == [(dt.date(2026, 6, 30), "15.2")]
    [old] = Deadline.objects.filter(matter=plan.matter, outcome="RESOLVE_SEVERITY_3").exclude(ended_at=None)
    assert old.end == "OVERTAKEN", "it was not met: another day took its place"


@pytest.mark.clause("SVTAD 1.23", "15.2-correction")
def test_a_rejected_one_changes_no_day_and_is_revised_and_presented_anew(planned):
    phase, plan, issues = planned
    made = present(plan, issues["3"])
    decide(made.matter, "TAB", "REJECT", moment=at(days=21))
    assert lines(phase) == BEFORE
    with pytest.raises(Refused, match="to be revised"):
        present(plan, issues["3"], moment=at(days=22))
    decide(made.matter, "DCC", "REVISE", moment=at(days=22))
    decide(
        made.matter, "DCC", "PRESENT", moment=at(days=22), document=paper(), due={issues["3"].reference: "2026-05-29"}
    )
    decide(made.matter, "TAB", "APPROVE", moment=at(days=23))
    assert lines(phase)["3"] == ("2026-05-29", "2026-04-08", "2026-03-09")
    again = present(plan, issues["3"], "2026-07-31", moment=at(days=24))
    decide(again.matter, "TAB", "APPROVE", moment=at(days=25))
    assert lines(phase)["3"] == ("2026-07-31", "2026-04-08", "2026-03-09")
    past = judged(gather(phase.scope, as_at=at(days=24)), Step.COMPLETION).finding("12.6(g)").dates
    assert [line.due for line in past if line.severity == "3"] == ["2026-05-29"]


@pytest.mark.clause("SVTAD 1.23", "15.2-revoke", "DEF-tcc")
@pytest.mark.parametrize(("outcome", "state"), [("APPROVE_AND_REVOKE", "APPROVED"), ("REJECT_AND_REVOKE", "REJECTED")])
def test_tab_revokes_certificates_with_it_by_their_own_step_in_the_same_transaction(planned, outcome, state):
    phase, plan, issues = planned
    held = certificate(phase)
    made = present(plan, issues["3"])
    with pytest.raises(InvalidInput, match="No Test Completion Certificate in force"):
        decide(made.matter, "TAB", outcome, moment=at(days=21), revoked=[held.number, "TCC-none"])
    held.matter.refresh_from_db()
    assert held.matter.state == "ISSUED", "nothing of it is recorded"
    decide(made.matter, "TAB", outcome, moment=at(days=21), revoked=[held.number])
    held.matter.refresh_from_db()
    last = held.matter.decisions.last()
    assert (made.matter.state, held.matter.state) == (state, "REVOKED")
    assert (last.body, last.outcome, last.data) == ("TAB", "REVOKE", {"correction_plan": made.matter.reference})
    assert made.matter.reference in last.rationale
    assert AuditEvent.objects.filter(action="record_decision", subject_id=held.matter.public_id).count() == 3
    after = judged(gather(phase.scope, as_at=None), Step.COMPLETION)
    assert after.finding("12.6(i)").verdict == "NOT_MET"
    assert lines(phase)["4"] == BEFORE["4"], "the clock runs from the first issue, revoked or not"


@pytest.mark.clause("SVTAD 1.23", "15.2-correction")
def test_what_a_correction_plan_names_is_an_open_item_and_a_day_to_come(planned):
    _, plan, issues = planned
    for due in ({}, {"TI-none": "2026-06-30"}, {issues["3"].reference: "soon"}, {issues["3"].reference: "2026-03-01"}):
        with pytest.raises(InvalidInput):
            present_correction_plan(plan=plan, aware_on=AWARE, due=due, document=paper(), by=MAKER, at=at(days=20))
    with pytest.raises(InvalidInput, match="later than the day"):
        open_correction_plan(plan=plan, aware_on=dt.date(2026, 12, 1), by=MAKER, at=at(days=20))
    assert not CorrectionPlan.objects.exists()
    present(plan, issues["3"])
    with pytest.raises(Refused, match="is not decided"):
        present(plan, issues["4"], moment=at(days=21))


def test_a_plan_that_tab_has_not_approved_has_none(phase):
    issue = open_issue(phase)
    plan = phase.plan_work(phase.house.alpha, approve=False)
    with pytest.raises(Refused, match="is draft"):
        present(plan, issue)


@pytest.mark.parametrize("role", ["provider_tester", "tab_member", "participant"])
def test_only_the_dcc_presents_one(planned, role):
    phase, plan, issues = planned
    with pytest.raises(ActionDenied):
        present(plan, issues["3"], by=phase.house.actor(role))


# --- late, and asked about ------------------------------------------------------------------------------


@pytest.mark.clause("SVTAD 1.23", "15.1", "15.2-monitor")
def test_what_is_late_is_derived_and_counted_by_day(planned):
    phase, plan, issues = planned
    [before] = standings([plan], moment=dt.datetime(2026, 4, 8, 20, tzinfo=dt.UTC))
    assert (before.overdue, before.next_due) == (0, dt.date(2026, 4, 8))
    [after] = standings([plan], moment=LATE)
    assert (after.overdue, after.next_due, after.wants_correction) == (1, dt.date(2026, 5, 7), True)
    change_state(issue=issues["4"], to_state="CLOSED", by=MAKER, at=at(days=30))
    item = plan.items.get(issue=issues["4"])
    change_plan_item(item=item, state="CLOSED", by=MAKER, at=at(days=30))
    assess_scope(scope=phase.scope, by=MAKER)
    [now] = standings([plan], moment=LATE)
    counted = [(point.day.isoformat(), point.open, point.allowed) for point in now.points]
    assert counted == [
        (at(days=5).date().isoformat(), 2, 2), (at(days=30).date().isoformat(), 1, 2), ("2026-04-08", 1, 1),
        ("2026-04-20", 1, 1), ("2026-05-07", None, 0),
    ]  # fmt: skip
    assert [point.what for point in now.points if "closed" in point.what] == [f"{issues['4'].reference} closed"]
    assert now.points[-1].what == "", "what is closed is not said to be due"


@pytest.mark.clause("SVTAD 1.23", "12.6(h)")
def test_a_re_run_of_a_closed_item_is_no_second_closing(planned):
    phase, plan, issues = planned
    item = plan.items.get(issue=issues["4"])
    change_state(issue=issues["4"], to_state="CLOSED", by=MAKER, at=at(days=30))
    change_plan_item(item=item, state="CLOSED", by=MAKER, at=at(days=30))
    [test] = phase.plan("a-again")
    run = phase.run(test, moment=at(days=31))
    change_plan_item(item=item, state="RERUN_PASSED", run=run, by=MAKER, at=at(days=31))
    change_plan_item(item=item, state="OPEN", by=MAKER, at=at(days=32))
    [now] = standings([plan], moment=at(days=40))
    said = [point.what for point in now.points]
    assert sum("closed" in what for what in said) == 1
    assert sum("opened again" in what for what in said) == 1


@pytest.mark.clause("SVTAD 1.23", "15.2-correction")
def test_while_a_correction_plan_is_before_tab_none_is_asked_for_and_its_days_end_the_lateness(planned):
    phase, plan, issues = planned
    manager, provider = phase.house.actor("test_manager"), phase.house.actor("provider_tester", phase.house.alpha)
    other = phase.house.actor("provider_tester", phase.house.beta)
    assert [[each.plan for each in late_plans(who, moment=LATE)] for who in (manager, provider, other)] == [
        [plan], [plan], [],
    ]  # fmt: skip
    made = present(plan, issues["3"], moment=LATE)
    [late] = late_plans(manager, moment=LATE)
    assert (late.wants_correction, late.waiting) == (False, made)
    decide(made.matter, "TAB", "APPROVE", moment=LATE)
    assert late_plans(manager, moment=LATE) == []
    [again] = late_plans(manager, moment=dt.datetime(2026, 7, 1, 10, tzinfo=dt.UTC))
    assert (again.overdue, again.wants_correction) == (2, True), "the new day is over too"


@pytest.mark.clause("SVTAD 1.23", "15.1", "15.2-correction")
def test_overdue_is_on_the_list_the_page_both_homes_and_the_inbox_asks_for_a_correction_plan(planned, monkeypatch):
    phase, plan, issues = planned
    monkeypatch.setattr(timezone, "now", lambda: LATE)
    client = signed_in(phase.house, "test_manager")
    page = reverse("gates:plan", args=[plan.public_id])
    shown = client.get(page).content.decode()
    assert "1 overdue" in shown
    assert "overdue without a correction plan" in shown
    assert '<svg xmlns="http://www.w3.org/2000/svg" role="img"' in shown
    assert "<title>Burndown of" in shown
    for address in (reverse("gates:plans"), reverse("gates:papers", args=[phase.scope.public_id])):
        assert "no correction plan</a>" in client.get(address).content.decode(), address
    assert "Work Off Plans with overdue items" in client.get("/").content.decode()
    inbox = reverse("portal:inbox")
    assert f'{page}#correction"' in client.get(inbox).content.decode()
    assert "PRESENT_CORRECTION_PLAN" in sent_as_csv(client, f"{inbox}?as=csv")
    provider = signed_in(phase.house, "provider_tester", phase.house.alpha)
    assert "Work Off Plans with overdue items" in provider.get("/").content.decode()
    assert "1 overdue" in provider.get(page).content.decode()
    present(plan, issues["3"], moment=LATE)
    assert "#correction" not in client.get(inbox).content.decode()


def test_the_csv_of_plans_and_of_their_items(planned, monkeypatch):
    phase, plan, issues = planned
    monkeypatch.setattr(timezone, "now", lambda: LATE)
    client = signed_in(phase.house, "test_manager")

    def rows(query):
        return list(csv.DictReader(io.StringIO(sent_as_csv(client, reverse("gates:plans") + query))))

    [row] = rows("?as=csv")
    assert (row["Plan"], row["Items"], row["Overdue"], row["Next due"]) == (
        plan.matter.reference, "2", "1", "2026-05-07",
    )  # fmt: skip
    items = {each["Issue"]: (each["Due"], each["Overdue"]) for each in rows("?as=csv&of=items")}
    assert items == {
        issues["3"].reference: ("2026-04-08", "yes"), issues["4"].reference: ("2026-05-07", "no"),
    }  # fmt: skip


@pytest.mark.clause("SVTAD 1.23", "15.2-correction")
def test_on_the_plan_s_page_it_is_presented_and_both_days_are_shown_once_approved(planned, monkeypatch):
    phase, plan, issues = planned
    monkeypatch.setattr(timezone, "now", lambda: LATE)
    client = signed_in(phase.house, "test_manager")
    address = reverse("gates:plan-correction", args=[plan.public_id])
    sent = {"aware_on": "2026-04-09", "rationale": "A stub is late.", f"due-{issues['3'].public_id}": "2026-05-29"}
    wrong = client.post(address, {**sent, f"due-{issues['3'].public_id}": "", "document": upload()})
    assert wrong.status_code == 400
    assert "at least one Testing Issue" in wrong.content.decode()
    answer = client.post(address, {**sent, "document": upload()})
    assert answer.status_code == 302, answer.content.decode()[:3000]
    made = CorrectionPlan.objects.get()
    assert (made.matter.state, made.matter.data) == ("PRESENTED", {"aware_on": "2026-04-09"})
    tab = signed_in(phase.house, "tab_chair")
    matter = reverse("governance:matter", args=[made.matter.public_id])
    assert certificate(phase).number in tab.get(matter).content.decode(), "what may be revoked is there to be chosen"
    decide(made.matter, "TAB", "APPROVE", moment=LATE)
    shown = client.get(reverse("gates:plan", args=[plan.public_id])).content.decode()
    assert "29 May 2026" in shown
    assert re.search(r"first (\w+ )?8 Apr 2026; approved by (the )?TAB", " ".join(strip(shown).split()))


def upload():
    return SimpleUploadedFile("correction.pdf", b"%PDF correction", content_type="application/pdf")


def sent_as_csv(client, address: str) -> str:
    return b"".join(client.get(address).streaming_content).decode("utf-8-sig")


def strip(text: str) -> str:
    return re.sub(r"<[^>]+>", "", text)


@pytest.mark.clause("SVTAD 1.23", "15.2-correction")
def test_over_rest_it_is_opened_and_stepped(planned):
    phase, plan, issues = planned
    client = Client()
    client.force_login(Person.objects.get(public_id=phase.house.actor("test_manager").actor_id))

    def post(address, body):
        return client.post(f"/api/v1{address}", body, content_type="application/json")

    body = {"procedure": "CORRECTION_PLAN", "work_off_plan": plan.matter.public_id}
    refused = post(f"/phases/{phase.scope.public_id}/matters", body)
    assert (refused.status_code, [each["field"] for each in refused.json()["errors"]]) == (400, ["aware_on"])
    opened = post(f"/phases/{phase.scope.public_id}/matters", body | {"aware_on": "2026-03-20"})
    assert opened.status_code == 201, opened.content
    shown = opened.json()
    assert [each["outcome"] for each in shown["steps"]] == ["PRESENT"]
    step = {
        "body": "DCC", "outcome": "PRESENT", "decided_at": shown["opened_at"], "document": paper().public_id,
        "data": {"due": {issues["3"].reference: "2027-06-30"}},
    }  # fmt: skip
    presented = post(f"/matters/{shown['id']}/decisions", step)
    assert presented.status_code == 201, presented.content


@pytest.mark.clause("SVTAD 1.23", "15.2-report")
def test_that_a_plan_is_resolved_is_reported_to_tag_and_the_panel(phase):
    issue = open_issue(phase, "5", scope=phase.pit, state="RETEST", moment=at(days=2))
    plan = draw_up_work_off_plan(scope=phase.pit, provider=phase.house.alpha, by=MAKER, at=at(days=3))
    decide(plan.matter, "TAB", "APPROVE", moment=at(days=3))
    decide(plan.matter, "DCC", "START", moment=at(days=4))
    change_state(issue=issue, to_state="CLOSED", by=MAKER, at=at(days=5))
    item = plan.items.get()
    change_plan_item(item=item, state="CLOSED", by=MAKER, at=at(days=5))
    [test] = phase.plan("again")
    change_plan_item(item=item, state="RERUN_PASSED", run=phase.run(test, moment=at(days=6)), by=MAKER, at=at(days=6))
    assert not Notice.objects.filter(matter=plan.matter, clause="15.2").exists()
    decide(plan.matter, "DCC", "COMPLETE", moment=at(days=8))
    told = Notice.objects.filter(matter=plan.matter, clause="15.2")
    assert list(told.values_list("to", flat=True)) == [["TAG", "PANEL"]]
