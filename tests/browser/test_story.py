"""SIT told from an empty phase to the Panel's confirmation in its second round, each step by those whose step it is.

The clock is moved, never waited for. It begins on Monday 1 March 2027; Easter is that year on 28 March.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from issues.models import ExclusionProposal, SeverityDispute, TestingIssue
from svtad.gates.models import ApprovalToProceed, CorrectionPlan, TestCompletionCertificate, WorkOffPlan
from svtad.governance.models import Matter
from svtad.governing.actions import set_parameter
from svtad.intake.models import ImportBatch
from svtad.lib import clock
from svtad.parties.audiences import GOVERNANCE, audience_of
from svtad.parties.models import Organisation
from svtad.portal.demo.phases import PIT_VALUES
from tests import moved_clock
from tests.browser.desk import Desk
from tests.factories import DAY, MAKER, House, at, make_dmc, make_house
from tests.gates import world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]

PLAN = "external_id,title,kind,functional_group,dmc,provider\n" + "".join(
    f"TC-{number},Meter joins {number},FUNCTIONAL,Join,DMC-S,{'beta' if number > 8 else 'alpha'}\n"
    for number in range(1, 11)
) + "REG-1,All of it again,REGRESSION,Join,DMC-S,alpha\n"  # fmt: skip

RESULTS = (
    '<testsuites><testsuite name="night" timestamp="2027-03-07T22:00:00Z"><properties>'
    '<property name="versions" value="S1SP 5.2"/><property name="dmc" value="DMC-S"/></properties>'
    + "".join(f'<testcase classname="join" name="TC-{number}" time="1"/>' for number in range(1, 10))
    + '<testcase classname="join" name="TC-10" time="1"><failure message="late"/></testcase>'
    '<testcase classname="join" name="REG-1" time="9"/></testsuite></testsuites>'
)

ISSUES = "external_id,title,raised_by,severity,provider,cause,state\n" + "".join(
    f"BUG-{number},Alert is late {number},alpha,3,alpha,DCC_SYSTEM,IN_FIX\n" for number in range(1, 16)
)  # fmt: skip


def finish_pit(house: House) -> None:
    """Bring PIT to its certificates, by the actions: it is not this story."""
    pit = house.scope("PIT", "MOC")
    for key, value in PIT_VALUES.items():
        set_parameter(
            version=house.document, key=key, value=value, source="The tests", approver="Nobody",
            effective_from=DAY.date(), by=MAKER, at=DAY,
        )  # fmt: skip
    batch = ImportBatch.objects.create(
        importer="hand",
        scope_id=pit.public_id,
        file=world.paper("results.xml", moment=at(days=1)),
        source="test",
        audience=audience_of(*GOVERNANCE),
        recorded_at=at(days=1),
        recorded_by="Test",
    )
    phase = world.Phase(house=house, scope=pit, pit=pit, dmc=make_dmc("DMC-P"), batch=batch)
    for test in (*phase.plan("p-1"), *phase.plan("p-2", kind="REGRESSION"), *phase.plan("p-3", provider="beta")):
        phase.run(test)
    phase.log()
    phase.reports()
    for provider in (house.alpha, house.beta):
        phase.certify(provider)


@pytest.fixture
def desk(transactional_db, live_server, start_worker, page, sign_in, tmp_path, monkeypatch) -> Desk:
    monkeypatch.setattr(clock, "timezone", moved_clock.Machine)
    monkeypatch.setenv(moved_clock.VARIABLE, str(tmp_path / "ahead"))
    house = make_house()
    finish_pit(house)
    make_dmc("DMC-S")
    desk = Desk(page=page, url=live_server.url, house=house, scope=house.scope(), folder=tmp_path, sign_in=sign_in)
    desk.at("2027-03-01")
    start_worker(include="tests.moved_clock")
    return desk


def issue_of(external_id: str) -> TestingIssue:
    return TestingIssue.objects.get(external_id=external_id)


def issue_called(title: str) -> TestingIssue:
    return TestingIssue.objects.get(title=title)


def raisers(desk: Desk) -> tuple[tuple[str, str, Organisation], ...]:
    """Return who raises, and later disputes, which issue, and in what role."""
    return (
        ("Balance is wrong", "participant", desk.house.supplier),
        ("Tariff is wrong", "provider_tester", desk.house.beta),
    )


def exclusion_of(external_id: str) -> Matter:
    return ExclusionProposal.objects.get(issue__external_id=external_id).matter


def enter(desk: Desk) -> None:
    """12.5(a) to (e), one after the other; then the phase begins."""
    desk.sit_down("test_manager")
    desk.judge("ENTRY")
    desk.finds("12.5(a)", "Not met")
    for provider in (desk.house.alpha, desk.house.beta):
        desk.attach("TEST_PLAN", whose=provider, state="SIGNED_OFF")
    for kind in ("TEST_SPECIFICATION", "TTM", "READINESS"):
        desk.attach(kind, state="ACCEPTED")
    desk.phase("gates:papers")
    desk.form("/papers/approval/").get_by_role("button").click()
    approval = ApprovalToProceed.objects.get(scope=desk.scope)
    desk.record(approval.matter, "DCC", "ISSUE", document=True)
    desk.judge("ENTRY")
    for clause in ("12.5(a)", "12.5(b)", "12.5(c)", "12.5(d)", "12.5(e)"):
        desk.finds(clause, "Met")
    for state in ("ENTRY_ASSESSED", "IN_PROGRESS"):
        desk.phase("testphases:scope")
        form = desk.form("/move/")
        form.locator("select").first.select_option(state)
        form.get_by_role("button").click()
    desk.said("in progress")


def run(desk: Desk) -> None:
    """Plan, results and fifteen issues from the tracker are sent in, and the versions at exit frozen."""
    desk.at("2027-03-08")
    desk.sit_down("test_manager")
    for kind, name, text in (
        ("planned_tests", "plan.csv", PLAN),
        ("junit", "night.xml", RESULTS),
        ("issues_csv", "bugs.csv", ISSUES),
    ):
        file = desk.folder / name
        file.write_text(text)
        desk.send_in(kind, file)
    desk.phase("testphases:scope")
    form = desk.form("/freeze/")
    form.locator("select").select_option(index=1)
    form.get_by_role("button").click()


def raise_two(desk: Desk) -> None:
    """A Supplier Party and the other provider each raise an issue; the DCC determines severity 4 for both."""
    for title, role, organisation in raisers(desk):
        desk.sit_down(role, organisation)
        desk.go("issues:raise")
        form = desk.page.locator("main form.panel")
        desk.fill(form, "id_", {"scope": desk.scope.public_id, "title": title})
        form.get_by_role("button").last.click()
        desk.said("is raised")
        desk.sit_down("test_manager")
        desk.act(
            issue_called(title).public_id,
            "determine",
            severity="4",
            cause="DCC_SYSTEM",
            provider=desk.house.alpha.public_id,
        )
        desk.said("is determined")


def dispute(desk: Desk) -> None:
    """Two participants each hold severity 3 right: together that would be 17, so no decision can be made (14.5)."""
    desk.judge("REPORTS")
    desk.finds("12.6(c)", "Met")
    desk.at("2027-03-10")
    for title, role, organisation in raisers(desk):
        desk.sit_down(role, organisation)
        desk.act(issue_called(title).public_id, "dispute", participant_severity="3", reasons="Customers are cut off.")
        desk.said("is before TAG")
    desk.sit_down("test_manager")
    desk.judge("REPORTS")
    desk.finds("12.6(c)", "Cannot decide")
    for number in (1, 2, 3):
        issue = issue_of(f"BUG-{number}")
        desk.act(issue.public_id, "exclude", scope=desk.scope.public_id, rationale="It concerns one meter only.")
        desk.said("counts until TAG agrees")


def tag_decides(desk: Desk) -> None:
    """TAG takes the participants' side, agrees to leave one issue out and rejects two: sixteen are one too many."""
    desk.at("2027-03-22")
    desk.sit_down("tag_chair")
    for title in ("Balance is wrong", "Tariff is wrong"):
        matter = SeverityDispute.objects.get(issue__title=title).matter
        when = dict.fromkeys(("decided_at", "notified_at"), "2027-03-22T10:00:00")
        desk.record(matter, "TAG", "DECIDE", {"severity": "3", **when})
    desk.record(exclusion_of("BUG-1"), "TAG", "AGREE")
    for number in (2, 3):
        desk.record(exclusion_of(f"BUG-{number}"), "TAG", "REJECT", rationale="Many have that meter.")
    desk.sit_down("test_manager")
    desk.judge("REPORTS")
    desk.finds("12.6(c)", "Not met")
    desk.said("Over the thresholds: ALPHA Ltd.")
    desk.phase("gates:ledger")
    expect(desk.page.get_by_role("row").filter(has_text=issue_of("BUG-1").reference)).to_contain_text("TAG agreed")


def refer(desk: Desk) -> None:
    """Five Working Days of Monday 22 March end on Wednesday 31 March: Good Friday and Easter Monday do not count."""
    impact = {"material_impact": "MOC cannot go live without it."}
    desk.at("2027-03-31 23:50")
    desk.sit_down("test_manager")
    desk.go("governance:matter", exclusion_of("BUG-2").public_id)
    desk.said("last day Wed 31 Mar 2027 23:59")
    desk.record(exclusion_of("BUG-2"), "DCC", "REFER", impact, opened=True)

    late = exclusion_of("BUG-3")
    desk.at("2027-03-31 23:58")
    desk.sit_down("test_manager")
    desk.go("governance:matter", late.public_id)
    form = desk.form("/DCC/REFER/")  # it was on the screen before midnight
    moved_clock.move_to(desk.moment("2027-04-01 00:01"))
    desk.fill(form, "id_dcc-refer-", {"decided_at": "2027-04-01T00:00:30", **impact})
    form.get_by_role("button").last.click()
    over = "The window ended on 31 March 2027: within 5 Working Days of the TAG's decision."
    desk.said(over)
    desk.at("2027-04-01")
    desk.sit_down("test_manager")
    desk.go("governance:matter", late.public_id)
    form = desk.form("/DCC/REFER/")  # what was referred in time may still be recorded; this was not
    desk.fill(form, "id_dcc-refer-", impact)
    form.get_by_role("button").last.click()
    desk.said(over)
    late.refresh_from_db()
    assert late.state == "TAG_REJECTED"

    desk.sit_down("registrar")
    desk.record(exclusion_of("BUG-2"), "SOS", "UPHOLD", document=True, rationale="Final.")
    desk.sit_down("test_manager")
    desk.judge("REPORTS")
    desk.finds("12.6(c)", "Met")


def certify(desk: Desk) -> None:
    """The log, a Work Off Plan of all that is open, the reports, and a certificate for each provider."""
    desk.at("2027-04-02")
    desk.sit_down("test_manager")
    produce_log(desk)
    desk.phase("gates:papers")
    form = desk.form("/papers/plan/")
    form.locator("select").select_option(label="ALPHA Ltd")
    form.get_by_role("button").click()
    plan = WorkOffPlan.objects.get(scope=desk.scope)
    assert plan.items.count() == 17, "excluded ones too (15.1)"
    desk.sit_down("tab_chair")
    desk.record(plan.matter, "TAB", "APPROVE")
    for provider in (desk.house.alpha, desk.house.beta):
        desk.sit_down("provider_tester", provider)
        desk.attach("PROVIDER_REPORT", whose=provider)
        desk.sit_down("test_manager")
        desk.phase("gates:evidence")
        form = desk.form("/review/").first
        desk.fill(form, "", {})
        form.locator("select").select_option("ACCEPTED")
        form.get_by_role("button").click()
        desk.said("Recorded.")
    desk.attach("ASSURANCE_REPORT")
    desk.form("/present/").get_by_role("button").click()
    report = Matter.objects.get(procedure="ASSURANCE_REPORT", scope_id=desk.scope.public_id)
    desk.sit_down("tab_chair")
    desk.record(report, "TAB", "APPROVE")
    for provider in (desk.house.alpha, desk.house.beta):
        desk.sit_down("test_manager")
        desk.phase("gates:papers")
        desk.form(f"/papers/{provider.public_id}/judge/").get_by_role("button").click()
        desk.said("judged.")
        desk.phase("gates:papers")
        desk.form(f"/papers/{provider.public_id}/draft/").get_by_role("button").click()
        desk.said("is drafted, for TAB.")
        certificate = TestCompletionCertificate.objects.get(scope=desk.scope, provider=provider)
        desk.sit_down("tab_chair")
        desk.record(certificate.matter, "TAB", "APPROVE")
        desk.sit_down("test_manager")
        desk.record(certificate.matter, "DCC", "ISSUE", document=True)
    desk.judge("COMPLETION")
    desk.finds("12.6(i)", "Met")


def first_round(desk: Desk) -> Matter:
    """Everything is met by the computed result; the Panel believes that 12.6(g) is not, and directs to go on."""
    desk.at("2027-04-06")
    desk.sit_down("sit_auditor")
    desk.attach("SIT_AUDIT_REPORT", state="FINAL")
    desk.sit_down("test_manager")
    desk.attach("TEST_HEATMAP", state="ACCEPTED")
    desk.attach("COMPLETION_REPORT")
    desk.judge("PANEL")
    expect(desk.page.get_by_role("heading", level=1)).to_contain_text("SIT meets all 11 exit criteria")
    desk.go("portal:open", "SIT_COMPLETION", query=f"?scope={desk.scope.public_id}")
    form = desk.page.locator("main form.panel")
    desk.fill(form, "id_", {"title": "Completion of MOC SIT"})
    form.get_by_role("button").last.click()
    matter = Matter.objects.get(procedure="SIT_COMPLETION")
    desk.record(matter, "DCC", "ANNOUNCE")
    package(desk, matter)
    desk.at("2027-04-14")
    desk.sit_down("panel_chair")
    desk.record(
        matter,
        "PANEL",
        "NOT_MET",
        criteria=["12.6(g)"],
        rationale="The plan does not say who fixes what.",
        against_computed=True,
    )
    desk.record(matter, "PANEL", "DIRECT", rationale="Bring the plan to an end.")
    return matter


def package(desk: Desk, matter: Matter) -> None:
    desk.sit_down("test_manager")
    desk.record(matter, "DCC", "SEND_PACKAGE", document=True)
    desk.go("governance:matter", matter.public_id)
    form = desk.form("/DCC/REVIEW_WITH_TAG/")
    for view in form.locator("select").all():
        view.select_option("MET")
    desk.record(matter, "DCC", "REVIEW_WITH_TAG", opened=True)


def correct(desk: Desk) -> None:
    """Twenty Working Days of 2 April are over: a correction plan, and TAB revokes Alpha's certificate with it."""
    plan = WorkOffPlan.objects.get(scope=desk.scope)
    held = TestCompletionCertificate.objects.get(scope=desk.scope, provider=desk.house.alpha)
    desk.at("2027-04-30")
    desk.sit_down("test_manager")
    desk.go("gates:plan", plan.public_id)
    expect(desk.page.get_by_text("Overdue", exact=True)).to_have_count(0)
    desk.at("2027-05-04")
    desk.sit_down("test_manager")
    desk.go("gates:plan", plan.public_id)
    expect(desk.page.get_by_role("heading", level=1)).to_contain_text("17 overdue")
    desk.said("17 items are overdue without a correction plan.")
    form = desk.form("/correction/")
    form.locator("input[type=file]").set_input_files(desk.paper("correction.pdf"))
    form.locator("[name$='aware_on']").fill("2027-05-04")
    for day in form.locator("input[name*='due-']").all():
        day.fill("2027-06-30")
    form.get_by_role("button").last.click()
    made = CorrectionPlan.objects.get(plan=plan).matter
    desk.sit_down("tab_chair")
    desk.record(made, "TAB", "APPROVE_AND_REVOKE", revoked=[held.number], rationale="Until the plan is under way.")
    held.matter.refresh_from_db()
    assert held.matter.state == "REVOKED"
    desk.sit_down("test_manager")
    desk.judge("COMPLETION")
    desk.finds("12.6(i)", "Not met")
    desk.go("gates:plan", plan.public_id)
    expect(desk.page.get_by_role("heading", level=1)).not_to_contain_text("overdue")


def work_off(desk: Desk) -> None:
    """One of the plan's issues is fixed, its test re-run, the item closed; then the certificate is issued again."""
    plan = WorkOffPlan.objects.get(scope=desk.scope)
    issue = issue_of("BUG-4")
    desk.sit_down("test_manager")
    desk.act(issue.public_id, "move", to_state="FIXED")
    desk.at("2027-05-06")
    desk.sit_down("test_manager")
    file = desk.folder / "again.xml"
    file.write_text(
        '<testsuite name="again" timestamp="2027-05-05T22:00:00Z"><properties>'
        '<property name="versions" value="S1SP 5.2"/><property name="dmc" value="DMC-S"/></properties>'
        '<testcase classname="join" name="TC-1" time="1"/></testsuite>'
    )
    desk.send_in("junit", file)
    desk.act(issue.public_id, "link", external_test_id="TC-1@DMC-S")
    for state in ("RETEST", "CLOSED"):
        desk.act(issue.public_id, "move", to_state=state)
    for state in ("CLOSED", "RERUN_PASSED"):
        desk.go("gates:plan", plan.public_id, query=f"?item={issue.public_id}")
        form = desk.form(f"/items/{issue.public_id}/")
        form.locator("select[name$='state']").select_option(state)
        if state == "RERUN_PASSED":
            form.locator("select[name$='run']").select_option(index=1)
        form.get_by_role("button").last.click()
        desk.said("recorded")
    expect(desk.page.get_by_role("heading", level=1)).to_contain_text("1 of 17 closed and re-run")
    produce_log(desk)
    held = TestCompletionCertificate.objects.get(scope=desk.scope, provider=desk.house.alpha)
    desk.phase("gates:papers")
    desk.form(f"/papers/{desk.house.alpha.public_id}/judge/").get_by_role("button").click()
    desk.said("judged.")
    desk.sit_down("tab_chair")
    desk.go("governance:matter", held.matter.public_id)
    desk.form("/TAB/APPROVE/").get_by_role("button").last.click()
    desk.said("rests on an earlier judgement than the last one: draft it on that one first.")
    desk.sit_down("test_manager")
    desk.phase("gates:papers")
    desk.form(f"/papers/{desk.house.alpha.public_id}/draft/").get_by_role("button").click()
    desk.said("is drafted, for TAB.")
    desk.sit_down("tab_chair")
    desk.record(held.matter, "TAB", "APPROVE")
    desk.sit_down("test_manager")
    desk.record(held.matter, "DCC", "ISSUE", document=True)


def second_round(desk: Desk, matter: Matter) -> None:
    desk.at("2027-05-11")
    package(desk, matter)
    desk.judge("PANEL")
    desk.finds("12.6(i)", "Met")
    desk.at("2027-05-14")
    desk.sit_down("panel_chair")
    desk.record(matter, "PANEL", "CONFIRM", rationale="The Exit Criteria have been met.")
    desk.scope.refresh_from_db()
    assert desk.scope.state == "COMPLETE"


def produce_log(desk: Desk) -> None:
    desk.phase("gates:evidence")
    desk.form("/produce-log/").get_by_role("button").click()


@pytest.mark.clause("SVTAD 1.23", "12.5", "12.6", "13.15", "13.16", "13.16-loop", "13.20", "13.21")
@pytest.mark.clause("SVTAD 1.23", "14.2", "14.4", "14.5", "15.1", "15.2", "15.2-correction", "15.2-revoke")
def test_sit_from_an_empty_phase_to_the_panels_confirmation_in_round_two(desk):
    enter(desk)
    run(desk)
    raise_two(desk)
    dispute(desk)
    tag_decides(desk)
    refer(desk)
    certify(desk)
    matter = first_round(desk)
    correct(desk)
    work_off(desk)
    second_round(desk, matter)
    desk.phase("gates:papers")
    desk.said("Round 2: confirm")
