"""Evidence that criteria hang on: what is taken, from whom, and what becomes of it."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from svtad.audit.models import AuditEvent
from svtad.gates.actions import attach_evidence, present_assurance_report, review_evidence, withdraw_evidence
from svtad.gates.models import EvidenceItem
from svtad.gates.policies import check_can_open_evidence, evidence_audience
from svtad.gates.queries.evidence import evidence_state
from svtad.governance.actions import open_matter
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from svtad.parties.audiences import GOVERNANCE, audience_of
from testphases import actions as phase_actions
from testphases.models import FactsChanged
from tests.factories import MAKER, at, decide
from tests.gates.world import AUDIT, READINESS, paper
from tests.opening import wanted


def fields(raised):
    return {error.field for error in raised.value.errors}


@pytest.mark.clause("SVTAD 1.23", "9.4", "9.1")
@pytest.mark.parametrize("kind", ["TEST_PLAN", "PROVIDER_REPORT"])
def test_what_each_provider_owes_names_a_provider_that_takes_part(phase, kind):
    with pytest.raises(InvalidInput) as raised:
        phase.attach(kind)
    assert fields(raised) == {"provider"}
    with pytest.raises(InvalidInput, match="takes no part"):
        phase.attach(kind, provider=phase.house.gamma)
    assert phase.attach(kind, provider=phase.house.alpha).provider == phase.house.alpha


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("TTM", {}),
        ("TEST_HEATMAP", {}),
        ("COMPLETION_REPORT", {}),
        ("READINESS", {"statements": READINESS}),
        ("SIT_AUDIT_REPORT", {"statements": AUDIT}),
    ],
)
def test_evidence_of_the_whole_phase_names_no_provider(phase, kind, more):
    with pytest.raises(InvalidInput, match="whole phase"):
        phase.attach(kind, provider=phase.house.alpha, **more)
    assert phase.attach(kind, **more).provider is None


@pytest.mark.clause("SVTAD 1.23", "12.5(d)")
@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"data": None}, {"data"}),
        ({"data": {"in_place": True, "secure": True}}, {"data"}),
        ({"data": {"in_place": True, "secure": "yes", "ready": True}}, {"data"}),
        ({"tools": {"in_place": True, "secure": True, "ready": True, "shiny": True}}, {"tools"}),
        ({"coffee": {"in_place": True, "secure": True, "ready": True}}, {"coffee"}),
    ],
)
def test_readiness_answers_for_each_of_the_six_resources_in_all_three_respects(phase, change, wrong):
    with pytest.raises(InvalidInput) as raised:
        phase.attach("READINESS", statements=READINESS | change)
    assert fields(raised) == wrong
    assert not EvidenceItem.objects.exists()


def test_readiness_without_a_word_names_every_resource(phase):
    with pytest.raises(InvalidInput) as raised:
        phase.attach("READINESS")
    assert fields(raised) == set(READINESS)


@pytest.mark.clause("SVTAD 1.23", "19.4", "19.6")
def test_a_final_audit_report_answers_six_items_and_an_interim_one_two(phase):
    without = {key: value for key, value in AUDIT.items() if key != "19.4(e)"}
    with pytest.raises(InvalidInput) as raised:
        phase.attach("SIT_AUDIT_REPORT", statements=without)
    assert fields(raised) == {"19.4(e)"}
    with pytest.raises(InvalidInput) as raised:
        phase.attach("SIT_AUDIT_REPORT", statements=AUDIT | {"19.4(g)": True})
    assert fields(raised) == {"19.4(g)"}
    interim = phase.attach("SIT_AUDIT_REPORT", state="INTERIM", statements={"19.4(a)": True, "19.4(b)": False})
    assert interim.state == "INTERIM"
    assert phase.attach("SIT_AUDIT_REPORT", statements=AUDIT, moment=at(days=7)).state == "FINAL"


@pytest.mark.clause("SVTAD 1.23", "16.5")
def test_pit_has_no_completion_report_and_no_sit_audit(phase):
    with pytest.raises(Refused, match="no Completion Report of PIT"):
        phase.attach("COMPLETION_REPORT", scope=phase.pit)
    with pytest.raises(Refused, match="reports on SIT"):
        phase.attach("SIT_AUDIT_REPORT", scope=phase.pit, statements=AUDIT)


@pytest.mark.clause("SVTAD 1.23", "12.6(e)")
def test_the_issue_log_is_produced_not_attached(phase):
    with pytest.raises(Refused, match="produced from the Testing Issues"):
        phase.attach("ISSUE_LOG")


def test_a_state_that_the_kind_has_not_and_a_time_to_come_are_refused(phase):
    with pytest.raises(InvalidInput, match="not one of SUBMITTED, SIGNED_OFF"):
        phase.attach("TEST_PLAN", provider=phase.house.alpha, state="FINAL")
    with pytest.raises(InvalidInput, match="later than the moment"):
        phase.attach("TTM", occurred_at=at(days=7), moment=at(days=6))


@pytest.mark.clause("SVTAD 1.23", "9.4", "12.5(a)")
def test_the_dcc_owes_no_plan_of_its_own(phase):
    phase_actions.add_participant(scope=phase.scope, organisation=phase.house.dcc, by=MAKER, at=at(days=5))
    with pytest.raises(InvalidInput, match="not the DCC"):
        phase.attach("TEST_PLAN", provider=phase.house.dcc)


@pytest.mark.clause("SVTAD 1.23", "9.5")
def test_the_assurance_report_of_one_provider_waits_for_that_providers_report(phase):
    alpha, beta = phase.house.alpha, phase.house.beta
    phase.attach("PROVIDER_REPORT", provider=alpha, state="ACCEPTED")
    item = phase.attach("ASSURANCE_REPORT", provider=alpha)
    assert "ALPHA" in item.matter.title
    with pytest.raises(Refused, match="lacking: BETA Ltd"):
        phase.attach("ASSURANCE_REPORT", provider=beta)
    # Where there are no reports of 9.4 (SCT, Interface Testing), there is nothing to wait for.
    assert phase.attach("ASSURANCE_REPORT", scope=phase.house.scope("SCT", "MOC")).matter is not None


def test_a_report_that_is_withdrawn_is_not_presented(phase):
    for provider in (phase.house.alpha, phase.house.beta):
        phase.attach("PROVIDER_REPORT", provider=provider, state="ACCEPTED")
    item = phase.attach("ASSURANCE_REPORT")
    withdraw_evidence(item=item, reason="The wrong file.", by=MAKER, at=at(days=7))
    with pytest.raises(Refused, match="withdrawn"):
        present_assurance_report(item=item, by=MAKER, at=at(days=8))


@pytest.mark.parametrize(
    ("procedure", "body", "outcome"),
    [
        ("ASSURANCE_REPORT", "DCC", "PRESENT"),
        ("WORK_OFF_PLAN", "TAB", "APPROVE"),
        ("APPROVAL_TO_PROCEED", "DCC", "ISSUE"),
    ],
)
def test_a_matter_without_its_paper_is_not_decided(phase, procedure, body, outcome):
    matter = open_matter(
        procedure=procedure,
        document="SVTAD",
        version="1.23",
        title="Opened by itself",
        scope_id=phase.scope.public_id,
        audience=audience_of(*GOVERNANCE),
        by=MAKER,
        at=at(days=6),
        **wanted(procedure, audience=audience_of(*GOVERNANCE)),
    )
    with pytest.raises(Refused, match=r"from its Test Phase|to its Test Phase"):
        decide(matter, body, outcome, moment=at(days=7), document=paper())


def test_a_kind_that_nobody_knows_is_refused(phase):
    with pytest.raises(InvalidInput, match="is not one of"):
        phase.attach("TICK")


def test_attaching_leaves_word_and_an_audit_event_with_the_hash(phase):
    before = FactsChanged.objects.filter(scope=phase.scope).count()
    item = phase.attach("TTM")
    assert FactsChanged.objects.filter(scope=phase.scope).count() == before + 1
    event = AuditEvent.objects.get(action="attach_evidence")
    assert event.detail["sha256"] == item.file.sha256


def test_the_same_file_sent_twice_is_one_item_while_it_stands(phase):
    file = paper()
    first = phase.attach("TTM", file=file)
    assert phase.attach("TTM", file=file, moment=at(days=7)) == first
    withdraw_evidence(item=first, reason="Wrong.", by=MAKER, at=at(days=8))
    assert phase.attach("TTM", file=file, moment=at(days=9)) != first


# --- who ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "kind", "may"),
    [
        ("test_manager", "TTM", True),
        ("registrar", "TTM", True),
        ("provider_tester", "TEST_PLAN", True),
        ("provider_tester", "PROVIDER_REPORT", True),
        ("provider_tester", "TTM", False),
        ("provider_tester", "READINESS", False),
        ("sit_auditor", "SIT_AUDIT_REPORT", True),
        ("sit_auditor", "TTM", False),
        ("tab_member", "TTM", False),
        ("panel_member", "SIT_AUDIT_REPORT", False),
        ("administrator", "TTM", False),
        ("participant", "TTM", False),
        ("participant", "PROVIDER_REPORT", False),
    ],
)
def test_who_attaches_what(phase, role, kind, may):
    provider = phase.house.alpha if kind in ("TEST_PLAN", "PROVIDER_REPORT") else None
    statements = {"SIT_AUDIT_REPORT": AUDIT, "READINESS": READINESS}.get(kind)

    def attach():
        return phase.attach(kind, provider=provider, statements=statements, by=phase.house.actor(role))

    if may:
        attach()
    else:
        with pytest.raises(ActionDenied):
            attach()


def test_a_provider_attaches_nothing_for_another(phase):
    with pytest.raises(ActionDenied, match="the organisation you act for"):
        phase.attach("TEST_PLAN", provider=phase.house.beta, by=phase.house.actor("provider_tester"))


@pytest.mark.parametrize(("kind", "state"), [("TEST_PLAN", "SIGNED_OFF"), ("PROVIDER_REPORT", "ACCEPTED")])
def test_only_the_dcc_says_that_it_signed_off_or_accepted(phase, kind, state):
    with pytest.raises(ActionDenied, match="Only the DCC"):
        phase.attach(kind, provider=phase.house.alpha, state=state, by=phase.house.actor("provider_tester"))
    assert phase.attach(kind, provider=phase.house.alpha, state=state).state == state


def test_who_sees_which_evidence(phase):
    house = phase.house
    plan = phase.attach("TEST_PLAN", provider=house.alpha)
    ttm = phase.attach("TTM")

    def seen(role, organisation=None):
        actor = house.actor(role, organisation)
        return set(EvidenceItem.objects.visible_to(actor))

    for role in (
        "test_manager",
        "registrar",
        "administrator",
        "tab_member",
        "tag_member",
        "panel_member",
        "sit_auditor",
    ):
        assert seen(role) == {plan, ttm}
    assert seen("provider_tester") == {plan}
    assert seen("provider_tester", house.beta) == set()
    assert seen("participant") == set()


@pytest.mark.clause("SVTAD 1.23", "9.6-tag-info")
def test_tag_sees_the_assurance_report_once_tab_approved_it(phase):
    for provider in (phase.house.alpha, phase.house.beta):
        phase.attach("PROVIDER_REPORT", provider=provider, state="ACCEPTED")
    item = phase.attach("ASSURANCE_REPORT")
    tag, tab = phase.house.actor("tag_member"), phase.house.actor("tab_member")
    present_assurance_report(item=item, by=phase.house.actor("test_manager"), at=at(days=7))
    check_can_open_evidence(tab, item)
    with pytest.raises(ActionDenied):
        check_can_open_evidence(tag, item)
    decide(item.matter, "TAB", "REJECT", moment=at(days=8))
    with pytest.raises(ActionDenied):
        check_can_open_evidence(tag, item)
    revised = phase.attach("ASSURANCE_REPORT", moment=at(days=9))
    present_assurance_report(item=revised, by=MAKER, at=at(days=9))
    decide(revised.matter, "TAB", "APPROVE", moment=at(days=10))
    check_can_open_evidence(tag, revised)
    assert "tag" not in evidence_audience(kind="ASSURANCE_REPORT").text.split(",")


# --- review, withdrawal -----------------------------------------------------------------------------


@pytest.mark.clause("SVTAD 1.23", "12.5(a)", "9.4")
def test_the_dcc_answers_once_what_was_submitted(phase):
    item = phase.attach("TEST_PLAN", provider=phase.house.alpha)
    manager = phase.house.actor("test_manager")
    with pytest.raises(ActionDenied):
        review_evidence(item=item, state="SIGNED_OFF", by=phase.house.actor("provider_tester"))
    with pytest.raises(InvalidInput, match="not one of SIGNED_OFF, RETURNED"):
        review_evidence(item=item, state="ACCEPTED", by=manager)
    with pytest.raises(InvalidInput, match="Say why"):
        review_evidence(item=item, state="RETURNED", by=manager)
    review_evidence(item=item, state="RETURNED", reasons="No responsibilities for test data.", by=manager)
    assert evidence_state(item) == "RETURNED"
    with pytest.raises(Refused, match="This is returned"):
        review_evidence(item=item, state="SIGNED_OFF", by=manager)


def test_withdrawing_needs_a_reason_and_happens_once(phase):
    item = phase.attach("TTM")
    with pytest.raises(InvalidInput):
        withdraw_evidence(item=item, reason=" ", by=MAKER)
    withdraw_evidence(item=item, reason="The wrong file.", by=MAKER)
    with pytest.raises(Refused, match="withdrawn already"):
        withdraw_evidence(item=item, reason="Again.", by=MAKER)
    with pytest.raises(Refused):
        review_evidence(item=item, state="ACCEPTED", by=MAKER)


@pytest.mark.clause("SVTAD 1.23", "9.6")
def test_what_tab_approved_is_not_withdrawn(phase):
    item = phase.reports()
    with pytest.raises(Refused, match="TAB has approved"):
        withdraw_evidence(item=item, reason="Second thoughts.", by=MAKER)


@pytest.mark.parametrize("table", ["gates_evidenceitem", "gates_evidencereview", "gates_evidencewithdrawal"])
def test_evidence_can_not_be_changed_in_the_database_itself(phase, table):
    item = phase.attach("TEST_PLAN", provider=phase.house.alpha)
    review_evidence(item=item, state="SIGNED_OFF", by=MAKER)
    withdraw_evidence(item=item, reason="Wrong.", by=MAKER)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table}")


# --- the assurance report -----------------------------------------------------------------------------


@pytest.mark.clause("SVTAD 1.23", "9.5")
def test_the_assurance_report_comes_after_every_accepted_provider_report(phase):
    phase.attach("PROVIDER_REPORT", provider=phase.house.alpha, state="ACCEPTED")
    phase.attach("PROVIDER_REPORT", provider=phase.house.beta)
    with pytest.raises(Refused, match="lacking: BETA Ltd"):
        phase.attach("ASSURANCE_REPORT")
    report = EvidenceItem.objects.get(provider=phase.house.beta)
    review_evidence(item=report, state="ACCEPTED", by=MAKER)
    assert phase.attach("ASSURANCE_REPORT").matter.procedure == "ASSURANCE_REPORT"


@pytest.mark.clause("SVTAD 1.23", "9.6")
def test_presenting_the_assurance_report_puts_it_before_tab_with_its_file(phase):
    for provider in (phase.house.alpha, phase.house.beta):
        phase.attach("PROVIDER_REPORT", provider=provider, state="ACCEPTED")
    item = phase.attach("ASSURANCE_REPORT")
    matter = present_assurance_report(item=item, by=phase.house.actor("test_manager"), at=at(days=7))
    assert matter.state == "PRESENTED"
    assert matter.decisions.get().document == item.file
    with pytest.raises(Refused):
        present_assurance_report(item=item, by=MAKER, at=at(days=8))
    with pytest.raises(Refused, match="Only an assurance report"):
        present_assurance_report(item=phase.attach("TTM"), by=MAKER)


def test_nobody_attaches_evidence_to_a_phase_they_do_not_see(phase):
    stranger = phase.house.actor("provider_tester", phase.house.gamma)
    phase_actions.end_participation(
        scope=phase.scope, organisation=phase.house.beta, reason="Left.", by=MAKER, at=at(days=6)
    )
    gone = phase.house.actor("provider_tester", phase.house.beta)
    for actor, provider in ((stranger, phase.house.gamma), (gone, phase.house.beta)):
        with pytest.raises(ActionDenied, match="no such Test Phase"):
            attach_evidence(scope=phase.scope, kind="TEST_PLAN", file=paper(), provider=provider, by=actor)
