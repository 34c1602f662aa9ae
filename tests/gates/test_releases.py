"""Whether a Capability Release is ready, and may go live (7.2, 7.3, 9.8); SIT beside Interface Testing (5.7)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from svtad.audit.models import AuditEvent
from svtad.gates.actions import name_repeat_document, open_release_matter, withdraw_repeat_document
from svtad.gates.gathering import gather
from svtad.gates.gathering.releases import gather_release
from svtad.gates.models import ReleaseMatter, RepeatDocument
from svtad.governance.actions import open_matter
from svtad.governance.handlers import handler_for
from svtad.governance.models import Matter
from svtad.lib.clock import now
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from svtad.parties.audiences import GOVERNANCE, audience_of
from svtad.rulebook.judge import judge
from svtad.rulebook.release import ReleaseFacts, judge_release
from svtad.rulebook.vocabulary import Step
from testphases.actions import move_release
from testphases.models import CapabilityRelease, FactsChanged, ReleaseStateChange, ScopeStateChange, TestScope
from tests.factories import MAKER, at, decide, heard, make_approach, make_paper
from tests.portal.boards import signed_in, text

pytestmark = pytest.mark.django_db
CLAUSE = "SVTAD 1.23"


def put(scope, state, *, days=1):
    """Record that a phase is somewhere, as moving it step by step would."""
    ScopeStateChange.objects.create(
        scope=scope, from_state=scope.state, to_state=state, occurred_at=at(days=days), recorded_at=at(days=days),
        recorded_by="Test",
    )  # fmt: skip
    TestScope.objects.filter(pk=scope.pk).update(state=state)


def conducted(house, release, *, without="", days=1):
    for kind in ("PIT", "SIT", "SCT", "DORMANT_MMT", "INTERFACE"):
        if kind != without and (kind != "INTERFACE" or release == "IOC"):
            put(house.scope(kind, release), "COMPLETE", days=days)
    return house.releases[release]


def said(release, *, moment=None):
    readiness = judge_release(gather_release(release, moment=moment or now()))
    return {finding.key: finding.verdict.value for finding in (*readiness.ready, *readiness.live)}


def unmet(release, **more):
    return [key for key, verdict in said(release, **more).items() if verdict != "MET"]


def went(response):
    assert response.status_code == 302, re.sub("<[^>]+>", " ", response.content.decode())[-3000:]
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def directed(house, release, *, days=3):
    """Have a change to the DCC User Interface go to TAG, and the Secretary of State direct that testing be repeated."""
    link = open_release_matter(
        release=release,
        procedure="INTERFACE_REPEAT",
        title="",
        data={"change": "A new alert."},
        by=MAKER,
        at=at(days=1),
    )
    heard(link.matter, moment=at(days=2))
    decide(link.matter, "DCC", "NOTIFY_VIEWS", moment=at(days=2), dcc_view="Material.", tag_view="Material.")
    decide(link.matter, "SOS", "DIRECT", moment=at(days=days))
    return link.matter


def reported(release, *, days=4):
    link = open_release_matter(
        release=release, procedure="CODE_PROMOTION", title="To production", by=MAKER, at=at(days=days)
    )
    decide(
        link.matter, "DCC", "REPORT_FOR_PRODUCTION", moment=at(days=days), document=make_paper(), given_to="The Panel"
    )
    return link.matter


# --- ready -----------------------------------------------------------------------------------------------


@pytest.mark.clause(CLAUSE, "7.2", "5.5", "2.4")
@pytest.mark.parametrize("without", ["PIT", "SIT", "SCT", "DORMANT_MMT"])
def test_foc_is_not_ready_without_each_of_the_four(house, without):
    conducted(house, "IOC")
    foc = conducted(house, "FOC", without=without)
    assert unmet(foc) == [f"7.2-{'MT' if without == 'DORMANT_MMT' else without}", "9.8"]
    put(house.scope(without, "FOC"), "IN_PROGRESS")
    assert len(unmet(foc)) == 2
    put(house.scope(without, "FOC"), "COMPLETE")
    assert unmet(foc) == ["9.8"]


@pytest.mark.clause(CLAUSE, "7.3", "7.2")
def test_ioc_is_not_ready_without_interface_testing(house):
    ioc = conducted(house, "IOC", without="INTERFACE")
    assert unmet(ioc) == ["7.3", "9.8"]
    put(house.scope("INTERFACE", "IOC"), "COMPLETE")
    assert unmet(ioc) == ["9.8"]


@pytest.mark.clause(CLAUSE, "7.3", "7.3-deemed", "5.2(b)")
def test_moc_is_deemed_to_have_met_it_once_ioc_has_and_no_direction_was_given(house):
    moc = conducted(house, "MOC")
    assert unmet(moc) == ["7.3", "9.8"]
    put(house.scope("INTERFACE", "IOC"), "COMPLETE", days=2)
    assert unmet(moc) == ["9.8"]
    assert unmet(moc, moment=at(days=1)) == ["7.3", "9.8"], "as it stood then"


@pytest.mark.clause(CLAUSE, "7.3", "7.3-changes")
def test_a_direction_takes_effect_in_the_judgement_and_so_do_the_documents(house):
    conducted(house, "IOC")
    moc = conducted(house, "MOC")
    interface = house.scope("INTERFACE", "MOC")

    def entry():
        return judge(gather(interface, as_at=None), step=Step.ENTRY).finding("7.3")

    assert entry().summary.endswith("has not directed that Interface Testing be repeated.")
    FactsChanged.objects.all().delete()
    matter = directed(house, moc)
    assert {changed.scope for changed in FactsChanged.objects.all()} == {interface}
    assert entry().blockers[0].id == matter.reference
    assert "7.3" in unmet(moc), "a direction stands: nothing is deemed to be met"
    assert "7.3" not in unmet(moc, moment=at(days=2)), "it did not stand then"
    changed, _ = make_approach("UTSAD", version="2.0", moment=at(days=6))
    name_repeat_document(release=moc, version=changed, by=MAKER, at=at(days=5))
    assert entry().verdict == "MET"
    then = judge(gather(interface, as_at=at(days=5)), step=Step.ENTRY).finding("7.3")
    assert then.summary.endswith("not in effect yet: UTSAD v2.0.")
    assert "7.3" in unmet(moc), "it is directed, open, and not conducted"
    put(interface, "COMPLETE", days=7)
    assert unmet(moc) == ["9.8"]
    [named] = RepeatDocument.objects.all()
    withdraw_repeat_document(document=named, reason="Another was meant.", by=MAKER, at=at(days=8))
    assert entry().verdict == "NOT_MET"
    with pytest.raises(Refused, match="taken back already"):
        withdraw_repeat_document(document=named, reason="Again.", by=MAKER)


@pytest.mark.clause(CLAUSE, "7.3")
def test_what_7_3_does_not_reach_is_refused(house):
    ioc, moc = house.releases["IOC"], house.releases["MOC"]
    house.scope("SIT", "IOC")
    house.scope("SIT", "MOC")
    change: dict[str, Any] = {"procedure": "INTERFACE_REPEAT", "title": "", "data": {"change": "A new alert."}}
    with pytest.raises(InvalidInput, match="is conducted for IOC"):
        open_release_matter(release=ioc, **change, by=MAKER)
    with pytest.raises(InvalidInput, match="procedure"):
        open_release_matter(release=moc, procedure="OVERLAP", title="", by=MAKER)
    with pytest.raises(InvalidInput, match="change"):
        open_release_matter(release=moc, procedure="INTERFACE_REPEAT", title="", by=MAKER)
    version, _ = make_approach("UTSAD")
    with pytest.raises(Refused, match="No direction"):
        name_repeat_document(release=moc, version=version, by=MAKER)
    for role in ("tab_member", "tag_member", "panel_member", "provider_tester", "participant", "administrator"):
        with pytest.raises(ActionDenied):
            open_release_matter(release=moc, **change, by=house.actor(role))
    link = open_release_matter(release=moc, **change, by=house.actor("test_manager"))
    assert link.matter.title == "Whether SMETS1 Interface Testing is repeated for MOC or FOC: MOC"


@pytest.mark.clause(CLAUSE, "7.3")
def test_a_matter_that_names_no_release_is_recorded_and_has_no_effect(house):
    conducted(house, "IOC")
    moc = conducted(house, "MOC")
    matter = open_matter(
        procedure="INTERFACE_REPEAT", document="SVTAD", version="1.23", title="A change", by=MAKER, at=at(days=1),
        audience=audience_of(*GOVERNANCE), data={"change": "A new alert."},
    )  # fmt: skip
    heard(matter, moment=at(days=2))
    decide(matter, "DCC", "NOTIFY_VIEWS", moment=at(days=2), dcc_view="Material.", tag_view="Material.")
    decide(matter, "SOS", "DIRECT", moment=at(days=3))
    assert "7.3" not in unmet(moc)
    handler = handler_for("INTERFACE_REPEAT")
    assert handler is not None
    assert (handler.describe(matter), handler.url(matter)) == ("A change", "")


# --- its life --------------------------------------------------------------------------------------------


@pytest.mark.clause(CLAUSE, "7.2", "9.8")
def test_a_release_is_ready_when_all_is_met_and_live_with_its_report(house):
    manager = house.actor("test_manager")
    ioc = house.releases["IOC"]
    house.scope("PIT", "IOC")
    with pytest.raises(Refused, match="No Test Phase of IOC has started"):
        move_release(release=ioc, to_state="IN_TEST", by=manager)
    for wrong in ("READY", "LIVE", "PLANNED", "GONE"):
        with pytest.raises(Refused, match="may go to: In test"):
            move_release(release=ioc, to_state=wrong, by=manager)
    put(house.scope("PIT", "IOC"), "IN_PROGRESS")
    move_release(release=ioc, to_state="IN_TEST", by=manager)
    with pytest.raises(Refused, match=r"IOC is not ready\. 7\.2: Not complete: IOC PIT") as refused:
        move_release(release=ioc, to_state="READY", by=manager)
    assert refused.value.clause == "SVTAD 7.2"
    conducted(house, "IOC")
    for role in ("registrar", "tab_chair", "panel_chair", "administrator"):
        with pytest.raises(ActionDenied):
            move_release(release=ioc, to_state="READY", by=house.actor(role))
    change = move_release(release=ioc, to_state="READY", by=manager)
    assert [row["key"] for row in change.findings] == ["7.2-PIT", "7.2-SIT", "7.2-SCT", "7.2-MT", "7.3"]
    again = judge_release(ReleaseFacts.from_json(change.facts))
    assert again.verdict == "MET", "it can be judged again from what was kept"
    with pytest.raises(Refused, match=r"not to go live\. 9\.8: No report") as early:
        move_release(release=ioc, to_state="LIVE", by=manager)
    assert early.value.clause == "SVTAD 9.8"
    reported(ioc)
    move_release(release=ioc, to_state="LIVE", by=manager)
    assert CapabilityRelease.objects.get(pk=ioc.pk).state == "LIVE"
    with pytest.raises(Refused, match="nothing further"):
        move_release(release=ioc, to_state="IN_TEST", by=manager)
    events = AuditEvent.objects.filter(action="move_release").order_by("pk")
    assert [event.clause for event in events] == ["SVTAD 7.2", "SVTAD 7.2", "SVTAD 9.8"]
    assert ReleaseStateChange.objects.count() == 3


@pytest.mark.clause(CLAUSE, "7.2", "13.16", "15.2")
def test_what_the_panel_took_back_counts_against_it(house):
    conducted(house, "IOC")
    ioc = house.releases["IOC"]
    sit = house.scope("SIT", "IOC")
    matter = open_matter(
        procedure="SIT_COMPLETION", document="SVTAD", version="1.23", title="SIT of IOC", scope_id=sit.public_id,
        audience=audience_of(*GOVERNANCE), by=MAKER, at=at(days=2),
    )  # fmt: skip
    assert "7.2-SIT" not in unmet(ioc)
    decide(
        matter, "PANEL", "NOT_MET", moment=at(days=3), document=make_paper(), criteria=["12.6(a)"], reasons="Too few."
    )
    [finding] = [row for row in judge_release(gather_release(ioc, moment=now())).ready if row.key == "7.2-SIT"]
    assert (finding.verdict, finding.blockers[0].text) == (
        "NOT_MET",
        f"was confirmed, and the Panel has determined otherwise since ({matter.reference})",
    )
    assert "7.2-SIT" not in unmet(ioc, moment=at(days=2))


def test_a_release_of_which_nothing_is_set_up_cannot_be_judged(house):
    with pytest.raises(Refused, match="No Test Phase of FOC is set up"):
        gather_release(house.releases["FOC"], moment=now())


# --- 5.7 --------------------------------------------------------------------------------------------------


def overlap(scope, *, days=1):
    return open_matter(
        procedure="OVERLAP", document="SVTAD", version="1.23", title="Overlap", rationale="To keep the plan.",
        scope_id=scope.public_id, audience=audience_of(*GOVERNANCE), by=MAKER, at=at(days=days),
    )  # fmt: skip


@pytest.mark.clause(CLAUSE, "5.7", "12.5(b)")
@pytest.mark.parametrize(("starting", "running"), [("INTERFACE", "SIT"), ("SIT", "INTERFACE")])
def test_neither_starts_while_the_other_runs_before_tag_reviewed_and_the_panel_agreed(house, starting, running):
    starts, runs = house.scope(starting, "IOC"), house.scope(running, "IOC")

    def found(as_at=None):
        keys = {row.key: row for row in judge(gather(starts, as_at=as_at), step=Step.ENTRY).findings}
        return keys.get("5.7")

    assert found() is None
    put(runs, "IN_PROGRESS", days=1)
    finding = found()
    assert finding is not None
    assert (finding.verdict, finding.awaiting, finding.blockers[0].id) == ("NOT_MET", False, runs.public_id)
    matter = overlap(runs, days=2)
    decide(matter, "TAG", "REVIEW", moment=at(days=3))
    finding = found()
    assert finding is not None
    assert (finding.verdict, finding.awaiting) == ("NOT_MET", True)
    assert f"before the Panel ({matter.reference})" in finding.notes[0]
    decide(matter, "PANEL", "AGREE", moment=at(days=4))
    agreed, before = found(), found(at(days=3))
    assert agreed is not None
    assert before is not None
    assert (agreed.verdict, before.verdict) == ("MET", "NOT_MET")
    put(runs, "COMPLETE", days=5)
    assert found() is None


@pytest.mark.clause(CLAUSE, "5.7")
def test_a_refusal_of_the_panel_is_shown_and_a_new_matter_may_be_agreed(house):
    interface, sit = house.scope("INTERFACE", "IOC"), house.scope("SIT", "IOC")
    put(sit, "IN_PROGRESS")
    first = overlap(interface)
    decide(first, "TAG", "REVIEW", moment=at(days=2))
    decide(first, "PANEL", "REFUSE", moment=at(days=3))
    judged = judge(gather(interface, as_at=None), step=Step.ENTRY)
    for key in ("5.7", "12.5(b)"):
        assert judged.finding(key).notes == (
            f"The Panel did not agree to the overlap on 2026-03-05 ({first.reference}).",
        )
    second = overlap(sit, days=4)
    decide(second, "TAG", "REVIEW", moment=at(days=5))
    decide(second, "PANEL", "AGREE", moment=at(days=6))
    judged = judge(gather(interface, as_at=None), step=Step.ENTRY)
    assert (judged.finding("5.7").verdict, judged.finding("12.5(b)").verdict) == ("MET", "MET")


@pytest.mark.clause(CLAUSE, "5.7", "12.5(b)")
def test_an_overlap_of_pit_and_sit_has_no_exception_and_other_releases_are_not_asked(house):
    sit = house.scope("SIT", "IOC")
    put(house.scope("PIT", "IOC"), "IN_PROGRESS")
    put(house.scope("INTERFACE", "MOC"), "IN_PROGRESS")
    judged = judge(gather(sit, as_at=None), step=Step.ENTRY)
    assert "5.7" not in {row.key for row in judged.findings}
    assert judged.finding("12.5(b)").verdict == "NOT_MET"


# --- pages -------------------------------------------------------------------------------------------------


@pytest.mark.clause(CLAUSE, "7.2", "7.3", "9.8")
def test_a_release_is_judged_moved_and_its_matters_opened_by_page(house):
    conducted(house, "IOC")
    moc = conducted(house, "MOC", without="SCT")
    manager, tag = signed_in(house, "test_manager"), signed_in(house, "tag_member")
    page = reverse("gates:release", args=[moc.public_id])
    listed = text(tag.get(reverse("gates:releases")))
    assert "1 of 3 Capability Releases is ready" in listed
    assert "No phase set up" in listed
    shown = text(tag.get(page))
    assert "MOC is not ready. 1 of 5 are not met: SCT." in shown
    assert "No SCT of MOC is set up." in shown
    assert "Only the DCC test manager manages Test Phases" in shown
    assert signed_in(house, "provider_tester").get(page).status_code == 403
    assert "ready" not in text(signed_in(house, "provider_tester").get(reverse("testphases:phases")))
    went(manager.post(reverse("gates:move-release", args=[moc.public_id]), {"to_state": "IN_TEST"}))
    refused = manager.post(reverse("gates:move-release", args=[moc.public_id]), {"to_state": "READY"})
    assert "MOC is not ready" in text(refused, 409)
    change = reverse("gates:open-release-matter", args=[moc.public_id, "INTERFACE_REPEAT"])
    assert manager.post(change, {"change": ""}).status_code == 400
    assert "is open" in went(manager.post(change, {"change": "A new alert."}))
    matter = Matter.objects.get(procedure="INTERFACE_REPEAT")
    assert ReleaseMatter.objects.get().release == moc
    assert page in text(manager.get(reverse("governance:matter", args=[matter.public_id])))
    promotion = reverse("gates:open-release-matter", args=[moc.public_id, "CODE_PROMOTION"])
    went(manager.post(promotion, {"title": "MOC to production"}))
    assert manager.post(reverse("gates:open-release-matter", args=[moc.public_id, "OVERLAP"])).status_code == 404
    version, _ = make_approach("UTSAD", version="2.0")
    documents = reverse("gates:repeat-document", args=[moc.public_id])
    assert manager.post(documents, {"version": version.public_id}).status_code == 409
    heard(matter, moment=now())
    decide(matter, "DCC", "NOTIFY_VIEWS", moment=now(), dcc_view="Material.", tag_view="Material.")
    decide(matter, "SOS", "DIRECT", moment=now())
    went(manager.post(documents, {"version": version.public_id}))
    [named] = RepeatDocument.objects.all()
    withdraw = reverse("gates:withdraw-repeat-document", args=[moc.public_id, named.public_id])
    assert manager.post(withdraw, {"reason": ""}).status_code == 400
    shown = text(manager.get(page))
    assert "UTSAD v2.0" in shown
    assert "be repeated for MOC; none is set up" in shown
    went(manager.post(withdraw, {"reason": "Another."}))
    past = text(manager.get(f"{page}?as_at=2026-03-04T09:00:00"))
    assert "Nothing by that moment" in past
    assert "<form class=" not in past.partition("<main")[2]
    assert signed_in(house, "test_manager").get("/register/INTERFACE_REPEAT/").status_code == 302


@pytest.mark.clause(CLAUSE, "12.4")
def test_stages_are_kept_by_page(house):
    sit = house.scope("SIT", "MOC")
    put(sit, "IN_PROGRESS")
    manager = signed_in(house, "test_manager")
    page = reverse("testphases:stages", args=[sit.public_id])
    went(manager.post(page, {"name": "Install"}))
    assert manager.post(page, {"name": "Install"}).status_code == 400
    stage = sit.stages.get(name="Install")
    base = f"{page}{stage.public_id}/"
    key = stage.public_id
    assert manager.post(f"{base}plan/", {f"plan-{key}-has_entry_gate": "on"}).status_code == 400
    went(manager.post(f"{base}plan/", {f"plan-{key}-has_entry_gate": "on", f"plan-{key}-test_plan": "Plan 4"}))
    shown = text(manager.get(page))
    assert "no criteria of the test plan are entered for it" in shown
    exit_page = text(manager.get(reverse("gates:phase", args=[sit.public_id])))
    assert "Held by a gate of its own" in exit_page
    assert "Install (Entry gate:" in exit_page
    assert manager.post(f"{base}criteria/", {f"criterion-{key}-gate": "ENTRY"}).status_code == 400
    given = {f"criterion-{key}-gate": "ENTRY", f"criterion-{key}-text": "The rig is wired"}
    went(manager.post(f"{base}criteria/", given))
    criterion = stage.criteria.get()
    answer = f"{base}criteria/{criterion.public_id}/answer/"
    assert manager.post(answer, {f"answer-{key}-met": "yes"}).status_code == 400
    went(manager.post(answer, {f"answer-{key}-met": "no", f"answer-{key}-reasons": "Two cables lack."}))
    assert manager.post(f"{base}move/", {f"move-{key}-to_state": "RUNNING"}).status_code == 409
    went(manager.post(answer, {f"answer-{key}-met": "yes", f"answer-{key}-reasons": "Wired."}))
    went(manager.post(f"{base}move/", {f"move-{key}-to_state": "RUNNING", f"move-{key}-reason": "On time."}))
    assert "2 Test Stages done, 1 running" in text(manager.get(page))
    drop = f"{base}criteria/{criterion.public_id}/withdraw/"
    assert manager.post(drop, {f"withdraw-{key}-reason": ""}).status_code == 400
    assert manager.post(drop, {f"withdraw-{key}-reason": "Late."}).status_code == 409
    tester = signed_in(house, "provider_tester")
    assert "Only the DCC test manager manages Test Phases" in text(tester.get(page))
    assert tester.post(page, {"name": "Mine"}).status_code == 403
    assert signed_in(house, "participant").get(page).status_code == 404
    assert "no Test Stages" in text(manager.get(f"{page}?as_at=2026-01-04T09:00:00"))


@pytest.mark.clause(CLAUSE, "13.25")
def test_eligibility_is_kept_by_page_and_a_party_sees_its_own(house):
    manager, party = signed_in(house, "test_manager"), signed_in(house, "participant")
    page = reverse("testphases:eligibility")
    assert "Nothing is entered yet" in text(manager.get(page))
    assert "No Eligibility Testing is recorded of your organisation" in text(party.get(page))
    assert manager.post(page, {"organisation": house.supplier.public_id}).status_code == 400
    for each in (house.supplier, house.other_supplier):
        went(manager.post(page, {"organisation": each.public_id, "role": "Import Supplier"}))
    assert "Eligibility Testing: 0 of 2 complete" in text(manager.get(page))
    own = text(party.get(page))
    assert house.supplier.name in own
    assert house.other_supplier.name not in own
    assert party.post(page, {"organisation": house.supplier.public_id, "role": "Gas Supplier"}).status_code == 403
    from testphases.models import Eligibility

    row = Eligibility.objects.get(organisation=house.supplier)
    move = reverse("testphases:move-eligibility", args=[row.public_id])
    key = row.public_id
    went(manager.post(move, {f"{key}-to_state": "IN_PROGRESS"}))
    assert manager.post(move, {f"{key}-to_state": "COMPLETE"}).status_code == 400
    went(manager.post(move, {f"{key}-to_state": "COMPLETE", f"{key}-basis": "Report 7."}))
    other = Eligibility.objects.get(organisation=house.other_supplier)
    assert party.post(reverse("testphases:move-eligibility", args=[other.public_id])).status_code == 404
    assert "CANNOT_EVALUATE" in b"".join(manager.get(f"{page}?as=csv")).decode()
    assert reverse("testphases:eligibility") in text(party.get("/"))
