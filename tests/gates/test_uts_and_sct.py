"""SCT and Interface Testing the whole way: what starts them, what is judged, what finishes them (12.3, 13.18, 15.1)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from issues.actions import ask_counting, change_state, dispute_severity
from issues.queries import counting_at
from svtad.gates.actions import answer_criterion
from svtad.gates.gathering import gather
from svtad.gates.models import EvidenceItem
from svtad.governance.models import Matter
from svtad.governing.actions import (
    enter_criterion,
    record_standing,
    set_parameter,
    withdraw_criterion,
    withdraw_standing,
)
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from svtad.rulebook.judge import judge
from svtad.rulebook.vocabulary import Step
from testphases.actions import enter_eligibility, move_eligibility, move_scope
from testphases.models import TestScope
from tests.factories import MAKER, at, decide, make_approach, make_issue
from tests.gates.world import READINESS, paper
from tests.portal.boards import signed_in, text

pytestmark = pytest.mark.django_db
CLAUSE = "SVTAD 1.23"


def verdict(scope, key, *, step=Step.COMPLETION, as_at=None):
    return judge(gather(scope, as_at=as_at), step=step).finding(key).verdict.value


def went(response):
    assert response.status_code == 302, re.sub("<[^>]+>", " ", response.content.decode())[-3000:]
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def issues(scope, house, count, severity="3", **more):
    return [
        make_issue(scope, raised_by=house.supplier, severity=severity, provider=house.alpha, moment=at(days=3), **more)
        for _ in range(count)
    ]


# --- the approach document's own criteria -------------------------------------------------------------


@pytest.mark.clause(CLAUSE, "12.2", "12.3", "Table 13.2")
def test_rule_11_sct_at_16_is_not_met_and_at_15_what_the_sctad_says_cannot_be_evaluated(house):
    sct = house.scope("SCT", "MOC")
    issues(sct, house, 15)
    [sixteenth] = issues(sct, house, 1, state="RETEST")
    assert (verdict(sct, "13.18"), verdict(sct, "12.3")) == ("NOT_MET", "CANNOT_EVALUATE")
    change_state(issue=sixteenth, to_state="CLOSED", by=MAKER, at=at(days=4))
    assert (verdict(sct, "13.18"), verdict(sct, "12.3")) == ("MET", "CANNOT_EVALUATE")
    _, [criterion] = make_approach("SCTAD", {"SCT": ["Capacity is shown"]})
    assert verdict(sct, "12.3") == "CANNOT_EVALUATE", "nobody has answered it"
    answer_criterion(scope=sct, criterion=criterion, met=True, reasons="Run 7.", by=MAKER)
    assert verdict(sct, "12.3") == "MET"


@pytest.mark.clause(CLAUSE, "12.6(b)", "12.2")
def test_rule_11_pit_at_95_percent_without_a_configured_minimum_cannot_be_evaluated(phase):
    phase.scope = phase.pit
    for test in phase.plan(*(f"p-{number}" for number in range(20))):
        phase.run(test, "FAILED" if test.definition.external_id == "p-0" else "PASSED")
    found = judge(gather(phase.pit, as_at=None), step=Step.COMPLETION).finding("12.6(b)")
    assert (found.verdict, found.missing[0].key) == ("CANNOT_EVALUATE", "pit.minimum_pass_rate")


@pytest.mark.clause(CLAUSE, "12.3")
def test_criteria_are_those_of_the_version_in_effect_and_an_answer_is_of_one_phase(house):
    sct, other = house.scope("SCT", "MOC"), house.scope("SCT", "IOC")
    old, [first] = make_approach("SCTAD", {"SCT": ["Capacity is shown"]})
    answer_criterion(scope=sct, criterion=first, met=True, reasons="Run 7.", by=MAKER, at=at(days=1))
    assert (verdict(sct, "12.3"), verdict(other, "12.3")) == ("MET", "CANNOT_EVALUATE")
    _, [second] = make_approach("SCTAD", {"SCT": ["Capacity is shown twice"]}, version="2.0", moment=at(days=4))
    assert verdict(sct, "12.3") == "CANNOT_EVALUATE"
    with pytest.raises(Refused, match=r"SCTAD v1\.0 is not the version in effect; that is SCTAD v2\.0"):
        answer_criterion(scope=sct, criterion=first, met=True, reasons="Run 8.", by=MAKER)
    answer_criterion(scope=sct, criterion=second, met=False, reasons="Run 8 fell short.", by=MAKER, at=at(days=5))
    stood = [verdict(sct, "12.3", as_at=at(days=day)) for day in (0.5, 1, 4, 5)]
    assert stood == ["CANNOT_EVALUATE", "MET", "CANNOT_EVALUATE", "NOT_MET"]
    withdraw_criterion(criterion=second, reason="Read wrongly.", by=MAKER, at=at(days=6))
    assert verdict(sct, "12.3") == "CANNOT_EVALUATE"
    with pytest.raises(Refused, match="is withdrawn"):
        answer_criterion(scope=sct, criterion=second, met=True, reasons="So.", by=MAKER)
    with pytest.raises(Refused, match="withdrawn already"):
        withdraw_criterion(criterion=second, reason="Again.", by=MAKER)
    assert old.document.code == "SCTAD"


@pytest.mark.clause(CLAUSE, "12.3")
def test_what_an_answer_wants_and_who_gives_it(house):
    sct, interface = house.scope("SCT", "MOC"), house.scope("INTERFACE", "IOC")
    version, [criterion] = make_approach("SCTAD", {"SCT": ["Capacity is shown"]})

    def answer(scope=sct, by=MAKER, **more):
        given: dict[str, Any] = {"met": True, "reasons": "Run 7."} | more
        return answer_criterion(scope=scope, criterion=criterion, **given, by=by)

    for wrong in ({"reasons": " "}, {"reasons": "x" * 401}):
        with pytest.raises(InvalidInput, match="reasons"):
            answer(**wrong)
    with pytest.raises(Refused, match="is a criterion of SCT, not of INTERFACE"):
        answer(scope=interface)
    for role in ("tab_member", "administrator", "provider_tester", "participant"):
        with pytest.raises(ActionDenied):
            answer(by=house.actor(role))
    answer(by=house.actor("registrar"))
    TestScope.objects.filter(pk=sct.pk).update(state="COMPLETE")
    with pytest.raises(Refused, match="is complete"):
        answer()
    for wrong in (
        {"phase_kind": "SIT"}, {"gate": "MIDDLE"}, {"clause": ""}, {"text": " "}, {"clause": "x" * 61},
        {"clause": "9.1"},
    ):  # fmt: skip
        given: dict[str, Any] = {"phase_kind": "SCT", "gate": "EXIT", "clause": "9.9", "text": "It is so"} | wrong
        with pytest.raises(InvalidInput, match=next(iter(wrong))):
            enter_criterion(version=version, **given, by=MAKER)
    with pytest.raises(InvalidInput, match="are held"):
        enter_criterion(version=house.document, phase_kind="SIT", gate="EXIT", clause="9.9", text="It is so", by=MAKER)
    with pytest.raises(ActionDenied):
        enter_criterion(
            version=version, phase_kind="SCT", gate="EXIT", clause="9.9", text="So", by=house.actor("test_manager")
        )


# --- 12.3: no start before the document is approved and in effect ---------------------------------------


@pytest.mark.clause(CLAUSE, "12.3", "12.3-gate", "3.4")
@pytest.mark.parametrize(("kind", "code"), [("INTERFACE", "UTSAD"), ("DORMANT_MMT", "MTAD")])
def test_mt_and_uts_wait_for_an_approved_document_in_effect_as_at_the_moment_judged(house, kind, code):
    scope = house.scope(kind, "IOC")

    def at_entry(days=None):
        found = judge(gather(scope, as_at=None if days is None else at(days=days)), step=Step.ENTRY).finding("12.3")
        return found.verdict.value, found.summary

    assert at_entry() == ("NOT_MET", f"{code}: no approved version is recorded.")
    version, _ = make_approach(code, moment=at(days=2))
    assert at_entry() == ("MET", f"{code} v1.0 is approved.")
    assert at_entry(1)[0] == "NOT_MET", "at that moment nothing was recorded"
    withdraw_standing(version=version, reason="Another letter.", by=MAKER, at=at(days=3))
    assert at_entry()[0] == "NOT_MET"
    assert at_entry(2)[0] == "MET"
    tomorrow = at(days=10_000).date()
    record_standing(
        version=version, route="APPROVED", decided_on=at(days=3).date(), effective_from=tomorrow, source="Letter.",
        by=MAKER, at=at(days=3),
    )  # fmt: skip
    assert at_entry() == ("NOT_MET", f"{code} v1.0: takes effect on {tomorrow.isoformat()}.")


@pytest.mark.clause(CLAUSE, "12.3", "4.2")
def test_a_modified_version_counts_only_after_an_approved_one(house):
    interface = house.scope("INTERFACE", "IOC")
    changed, _ = make_approach("UTSAD", version="1.1")
    day = at(days=2).date()
    standing: dict[str, Any] = {
        "decided_on": day,
        "effective_from": day,
        "source": "Notice.",
        "by": MAKER,
        "at": at(days=2),
    }
    record_standing(version=changed, route="CONSULTED", **standing)
    assert verdict(interface, "12.3", step=Step.ENTRY) == "NOT_MET"
    make_approach("UTSAD", version="1.0")
    assert judge(gather(interface, as_at=None), step=Step.ENTRY).finding("12.3").summary == "UTSAD v1.1 is approved."


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"route": "GUESSED"}, "route"), ({"source": " "}, "source"), ({"decided_on": at(days=9).date()}, "decided_on"),
        ({"effective_from": at(days=-1).date()}, "effective_from"),
    ],
)  # fmt: skip
def test_how_a_version_came_into_force_names_what_is_wrong(house, wrong, field):
    version, _ = make_approach("UTSAD")
    given: dict[str, Any] = {
        "route": "APPROVED",
        "decided_on": at().date(),
        "effective_from": at().date(),
        "source": "Letter.",
    }
    with pytest.raises(InvalidInput, match=field):
        record_standing(version=version, **given | wrong, by=MAKER, at=at(days=1))
    with pytest.raises(ActionDenied):
        record_standing(version=version, **given, by=house.actor("tab_member"))
    withdraw_standing(version=version, reason="Wrong.", by=MAKER)
    with pytest.raises(Refused, match="Nothing is recorded"):
        withdraw_standing(version=version, reason="Again.", by=MAKER)


# --- 13.23(b): the Party that raised it ------------------------------------------------------------------


@pytest.mark.clause(CLAUSE, "13.23(b)", "13.25", "13.23")
def test_rule_9_a_severity_4_is_presented_the_day_its_party_completes_eligibility_testing(house):
    interface = house.scope("INTERFACE", "IOC")
    [issue] = issues(interface, house, 1, "4")
    manager = house.actor("test_manager")
    assert verdict(interface, "13.18") == "MET", "it is not presented, so it does not count"
    with pytest.raises(Refused, match="has not: it is presented once that is recorded") as refused:
        ask_counting(issue=issue, scope=interface, by=manager, at=at(days=4))
    assert refused.value.clause == "SVTAD 13.23(b)"
    row = enter_eligibility(organisation=house.supplier, role="Import Supplier", by=manager, at=at(days=4))
    move_eligibility(eligibility=row, to_state="IN_PROGRESS", by=manager, at=at(days=5))
    with pytest.raises(Refused):
        ask_counting(issue=issue, scope=interface, by=manager, at=at(days=5))
    move_eligibility(eligibility=row, to_state="COMPLETE", basis="Report 7.", by=manager, at=at(days=6))
    assert verdict(interface, "13.18") == "CANNOT_EVALUATE", "it is to be presented, and TAG has not said"
    question = ask_counting(issue=issue, scope=interface, by=manager, at=at(days=6))
    assert question.matter.data == {"presented_under": "13.23(b)"}
    decide(question.matter, "TAG", "CONFIRM_SEVERITY", moment=at(days=7))
    decide(question.matter, "TAG", "COUNT", moment=at(days=7))
    assert [verdict(interface, "13.18", as_at=at(days=day)) for day in (5, 6, 7)] == ["MET", "CANNOT_EVALUATE", "MET"]
    [line] = judge(gather(interface, as_at=None), step=Step.REPORTS).finding("13.18").ledger
    assert (line.counted, line.clause) == (True, "13.23")


@pytest.mark.clause(CLAUSE, "13.23(a)", "13.23(b)", "13.23(i)")
def test_what_no_party_raised_is_not_presented_at_4_but_a_disputed_one_is_and_stays(house):
    interface = house.scope("INTERFACE", "IOC")
    own = make_issue(interface, raised_by=house.alpha, severity="5", provider=house.alpha, moment=at(days=3))
    with pytest.raises(Refused, match="is no Party that completes it"):
        ask_counting(issue=own, scope=interface, by=MAKER, at=at(days=4))
    [issue] = issues(interface, house, 1, "4")
    dispute = dispute_severity(
        issue=issue, participant_severity="3", reasons="Worse.", raised_by=house.supplier, by=MAKER, at=at(days=4)
    )
    question = ask_counting(issue=issue, scope=interface, by=MAKER, at=at(days=4))
    decide(dispute.matter, "TAG", "DECIDE", moment=at(days=5), severity="4")
    assert counting_at(interface, None)[0].state == "UNDECIDED"
    assert verdict(interface, "13.18") == "CANNOT_EVALUATE", "what was put before TAG stays presented"
    decide(question.matter, "TAG", "CONFIRM_SEVERITY", moment=at(days=6))
    decide(question.matter, "TAG", "NOT_COUNT", moment=at(days=6))
    assert verdict(interface, "13.18") == "MET"


@pytest.mark.clause(CLAUSE, "13.23(b)")
def test_the_page_of_the_issue_says_why_it_is_not_presented(house):
    interface = house.scope("INTERFACE", "IOC")
    [issue] = issues(interface, house, 1, "4")
    manager = signed_in(house, "test_manager")
    address = reverse("issues:issue", args=[issue.public_id])
    acted = manager.post(f"{address}count/", {"count-scope": interface.public_id, "count-rationale": "It may stop us."})
    assert "it is presented once that is recorded" in text(acted, 409)


# --- 15.1 where there is no certificate -----------------------------------------------------------------


@pytest.mark.clause(CLAUSE, "15.1", "15.1(a)")
def test_rule_14_the_clock_of_a_plan_without_a_certificate_has_no_start_until_tab_sets_one(phase):
    phase.scope = phase.house.scope("SCT", "MOC")
    issues(phase.scope, phase.house, 1)
    assert verdict(phase.scope, "15.1") == "NOT_MET"
    plan = phase.plan_work(approve=False)
    waiting = judge(gather(phase.scope, as_at=None), step=Step.COMPLETION).finding("15.1")
    assert (waiting.verdict, waiting.awaiting) == ("NOT_MET", True)
    decide(plan.matter, "TAB", "APPROVE", moment=plan.recorded_at)
    assert verdict(phase.scope, "15.1") == "CANNOT_EVALUATE"
    other = phase.house.scope("SCT", "IOC")
    issues(other, phase.house, 1)
    phase.scope = other
    phase.plan_work(clock_start="2026-03-09")
    found = judge(gather(other, as_at=None), step=Step.COMPLETION).finding("15.1")
    assert (found.verdict, found.dates[0].due) == ("MET", "2026-04-08")


# --- the whole way by page -------------------------------------------------------------------------------


def attach(client, scope, kind, **more):
    file = SimpleUploadedFile(f"{kind}.pdf".lower(), f"%PDF {kind} {more}".encode(), "application/pdf")
    address = f"{reverse('gates:evidence', args=[scope.public_id])}?kind={kind}"
    went(client.post(address, {"file": file, "state": "SUBMITTED"} | more))


@pytest.mark.clause(CLAUSE, "12.3", "12.5", "13.18", "15.1", "12.1", "7.1")
def test_sct_goes_by_page_from_its_plan_to_complete(house):
    sct = house.scope("SCT", "MOC")
    admin, manager = signed_in(house, "administrator"), signed_in(house, "test_manager")
    tab, registrar = signed_in(house, "tab_chair"), signed_in(house, "registrar")
    about = reverse("testphases:scope", args=[sct.public_id])
    exit_page = reverse("gates:phase", args=[sct.public_id])
    # An administrator enters which phase comes before, and the document with its criteria.
    version = reverse("governing:version", args=[house.document.public_id])
    went(
        admin.post(
            f"{version}precursors.SCT/set/",
            {
                "precursors.SCT-value": "none", "precursors.SCT-source": "Plan 3.", "precursors.SCT-approver": "Head",
                "precursors.SCT-effective_from": "2026-03-01",
            },
        )
    )  # fmt: skip
    assert "SCTAD: System Capacity Testing" in text(admin.get("/governing/"))
    entered = admin.post("/governing/approach/", {"code": "SCTAD", "version": "1.0"})
    assert "Say how it came into force" in went(entered)
    document = entered["Location"]
    assert "Nothing is recorded of how it came into force" in text(admin.get(document))
    dates = {"standing-decided_on": "2026-03-02", "standing-effective_from": "2026-03-03"}
    missing = registrar.post(f"{document}in-force/", {"standing-route": "APPROVED", **dates})
    assert missing.status_code == 400
    went(
        registrar.post(f"{document}in-force/", {"standing-route": "APPROVED", "standing-source": "Letter 9.", **dates})
    )
    given = {"criterion-phase_kind": "SCT", "criterion-gate": "EXIT", "criterion-clause": "9.1"}
    assert admin.post(f"{document}criteria/", given).status_code == 400
    went(admin.post(f"{document}criteria/", given | {"criterion-text": "Peak load is carried for an hour"}))
    # The DCC brings the phase to its start.
    for provider in (house.alpha, house.beta):
        attach(manager, sct, "TEST_PLAN", provider=provider.public_id, state="SIGNED_OFF")
    attach(manager, sct, "TEST_SPECIFICATION")
    attach(manager, sct, "TTM")
    ready = {f"readiness-{resource}": ["in_place", "secure", "ready"] for resource in READINESS}
    attach(manager, sct, "READINESS", **ready)
    went(manager.post(reverse("testphases:move", args=[sct.public_id]), {"to_state": "ENTRY_ASSESSED"}))
    early = manager.post(reverse("testphases:move", args=[sct.public_id]), {"to_state": "IN_PROGRESS"})
    assert "12.5(e)" in text(early, 409)
    went(manager.post(reverse("gates:request-approval", args=[sct.public_id])))
    approval = Matter.objects.get(procedure="APPROVAL_TO_PROCEED")
    decide(approval, "DCC", "ISSUE", moment=approval.opened_at, document=paper(), by=house.actor("registrar"))
    went(manager.post(reverse("testphases:move", args=[sct.public_id]), {"to_state": "IN_PROGRESS"}))
    assert "in progress" in text(manager.get(about))
    # Issues arise; the page says what is met and what is not.
    issues(sct, house, 15)
    [sixteenth] = issues(sct, house, 1, state="RETEST")
    went(manager.post(reverse("gates:judge", args=[sct.public_id]), {"step": "COMPLETION"}))
    said = text(manager.get(exit_page))
    assert "SCT cannot exit" in said
    assert "Exit Criteria of SCTAD v1.0: 1 of 1 without an answer." in said
    change_state(issue=sixteenth, to_state="CLOSED", by=MAKER)
    for state in ("EXIT_PROPOSED", "EXIT_ASSESSED"):
        went(manager.post(reverse("testphases:move", args=[sct.public_id]), {"to_state": state}))
    refused = manager.post(reverse("testphases:move", args=[sct.public_id]), {"to_state": "COMPLETE"})
    assert refused.status_code == 409
    # TAB approves the plan and sets when the clock starts; the DCC answers the document's criterion.
    went(manager.post(reverse("gates:draw-up", args=[sct.public_id]), {"provider": ""}))
    plan = Matter.objects.get(procedure="WORK_OFF_PLAN")
    page = text(tab.get(reverse("governance:matter", args=[plan.public_id])))
    assert 'name="tab-approve-clock_start"' in page
    decide(plan, "TAB", "APPROVE", moment=plan.opened_at, clock_start="2026-11-23", by=house.actor("tab_chair"))
    own = reverse("gates:criteria", args=[sct.public_id])
    shown = text(manager.get(own))
    assert "0 of 1 criteria of SCTAD v1.0 recorded as met" in shown
    [criterion] = re.findall(rf"{own}([A-Za-z0-9]{{22}})/", shown)
    assert manager.post(f"{own}{criterion}/", {f"{criterion}-met": "yes"}).status_code == 400
    item = EvidenceItem.objects.filter(scope=sct).latest("pk")
    answer = {f"{criterion}-met": "yes", f"{criterion}-reasons": "Run 7.", f"{criterion}-evidence": item.public_id}
    went(manager.post(f"{own}{criterion}/", answer))
    assert item.file.name in text(manager.get(own))
    tab_sees = text(tab.get(own))
    assert "1 of 1 criteria of SCTAD v1.0 recorded as met" in tab_sees
    assert "You may not record whether a criterion is met" in tab_sees
    went(manager.post(reverse("gates:judge", args=[sct.public_id]), {"step": "COMPLETION"}))
    assert "SCT meets all 3 exit criteria" in text(manager.get(exit_page))
    went(manager.post(reverse("testphases:move", args=[sct.public_id]), {"to_state": "COMPLETE"}))
    assert TestScope.objects.get(pk=sct.pk).state == "COMPLETE"
    assert signed_in(house, "provider_tester").get(own).status_code == 403
    assert manager.get(reverse("gates:criteria", args=[house.scope("SIT", "MOC").public_id])).status_code == 404


@pytest.mark.clause(CLAUSE, "12.3", "13.18")
def test_migration_testing_completes_with_nothing_recorded_as_not_met(house):
    mt = house.scope("ACTIVE_MMT", "IOC")
    TestScope.objects.filter(pk=mt.pk).update(state="EXIT_ASSESSED")
    _, [criterion] = make_approach("MTAD", {"ACTIVE_MMT": ["Each device is migrated"]})
    answer_criterion(scope=mt, criterion=criterion, met=False, reasons="Two were not.", by=MAKER)
    manager = house.actor("test_manager")
    with pytest.raises(Refused, match="recorded as not met") as refused:
        move_scope(scope=mt, to_state="COMPLETE", by=manager)
    assert refused.value.clause == "SVTAD 12.3"
    answer_criterion(scope=mt, criterion=criterion, met=True, reasons="All were.", by=MAKER)
    move_scope(scope=mt, to_state="COMPLETE", by=manager)


def test_the_parameter_of_a_precursor_is_still_set_for_sct(house):
    set_parameter(
        version=house.document, key="precursors.SCT", value="PIT", source="Plan 3.", approver="Head",
        effective_from=at().date(), by=MAKER, at=at(),
    )  # fmt: skip
    assert gather(house.scope("SCT", "MOC"), as_at=None).precursors is None
