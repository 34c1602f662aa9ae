"""Entry: the approval to proceed comes last, and no phase starts before 12.5 is met."""

from __future__ import annotations

import pytest

from issues.actions import change_state
from svtad.gates.actions import request_approval_to_proceed
from svtad.gates.models import ApprovalToProceed
from svtad.lib.errors import ActionDenied, Refused
from testphases.actions import move_scope
from testphases.models import TestScope
from tests.factories import MAKER, at, decide, make_house, make_issue
from tests.gates.world import READINESS, Phase, make_phase, paper, verdicts


def prepare_pit(phase: Phase) -> Phase:
    for provider in (phase.house.alpha, phase.house.beta):
        phase.attach("TEST_PLAN", scope=phase.pit, provider=provider, state="SIGNED_OFF")
    phase.attach("TEST_SPECIFICATION", scope=phase.pit)
    phase.attach("TTM", scope=phase.pit)
    phase.attach("READINESS", scope=phase.pit, statements=READINESS)
    phase.scope = phase.pit
    return phase


@pytest.fixture(scope="class")
def lent_before(lend) -> Phase:
    return lend(make_house, make_phase, prepare_pit)


@pytest.fixture
def before(lent_before, db) -> Phase:
    """PIT of MOC, which has nothing before it, not started, with (a), (c) and (d) of 12.5 met."""
    return lent_before


def approve(phase):
    approval = request_approval_to_proceed(scope=phase.scope, by=phase.house.actor("test_manager"), at=at(days=7))
    decide(approval.matter, "DCC", "ISSUE", moment=at(days=8), document=paper())
    return approval


@pytest.mark.clause("SVTAD 1.23", "12.5(e)")
def test_the_approval_comes_last(before):
    assert verdicts(before.assess("ENTRY")) == {
        "12.5(a)": "MET",
        "12.5(b)": "MET",
        "12.5(c)": "MET",
        "12.5(d)": "MET",
        "12.5(e)": "NOT_MET",
    }
    approve(before)
    assert before.assess("ENTRY").verdict == "MET"


@pytest.mark.clause("SVTAD 1.23", "12.5(e)")
def test_no_approval_is_drafted_or_issued_while_the_rest_is_not_met(before):
    approval = request_approval_to_proceed(scope=before.scope, by=MAKER, at=at(days=7))
    worse = READINESS | {"data": {"in_place": True, "secure": False, "ready": True}}
    before.attach("READINESS", statements=worse, moment=at(days=8))
    with pytest.raises(Refused, match=r"not met yet: 12\.5\(d\) not met"):
        decide(approval.matter, "DCC", "ISSUE", moment=at(days=9), document=paper())
    with pytest.raises(Refused, match=r"12\.5\(d\)"):
        request_approval_to_proceed(scope=before.scope, by=MAKER)
    before.attach("READINESS", statements=READINESS, moment=at(days=10))
    decide(approval.matter, "DCC", "ISSUE", moment=at(days=11), document=paper())


def test_an_approval_is_drafted_once(before):
    first = request_approval_to_proceed(scope=before.scope, by=MAKER)
    assert request_approval_to_proceed(scope=before.scope, by=MAKER) == first
    assert ApprovalToProceed.objects.count() == 1


@pytest.mark.parametrize("role", ["tab_member", "provider_tester", "participant"])
def test_only_the_dcc_drafts_an_approval(before, role):
    with pytest.raises(ActionDenied):
        request_approval_to_proceed(scope=before.scope, by=before.house.actor(role))


@pytest.mark.clause("SVTAD 1.23", "12.5(a)", "12.5(e)")
def test_no_phase_starts_before_its_entry_criteria_are_met(before):
    manager = before.house.actor("test_manager")
    move_scope(scope=before.scope, to_state="ENTRY_ASSESSED", by=manager)
    with pytest.raises(Refused, match=r"12\.5\(e\): No approval to proceed has been issued"):
        move_scope(scope=before.scope, to_state="IN_PROGRESS", by=manager)
    assert TestScope.objects.get(pk=before.scope.pk).state == "ENTRY_ASSESSED"
    approve(before)
    move_scope(scope=before.scope, to_state="IN_PROGRESS", by=manager)
    # What was met at the start is not asked again when a suspended phase goes on.
    before.attach("READINESS", statements={key: dict.fromkeys(row, False) for key, row in READINESS.items()})
    move_scope(scope=before.scope, to_state="SUSPENDED", by=manager)
    move_scope(scope=before.scope, to_state="IN_PROGRESS", by=manager)


@pytest.mark.clause("SVTAD 1.23", "12.6(i)", "12.6(b)")
def test_pit_is_complete_only_when_its_exit_criteria_are_met(before):
    manager = before.house.actor("test_manager")
    TestScope.objects.filter(pk=before.scope.pk).update(state="EXIT_ASSESSED")
    with pytest.raises(Refused) as raised:
        move_scope(scope=before.scope, to_state="COMPLETE", by=manager)
    assert raised.value.clause == "SVTAD 12.6"


@pytest.mark.clause("SVTAD 1.23", "13.18-apply", "12.2", "12.3")
def test_sct_is_not_complete_over_its_thresholds_nor_while_its_own_document_says_nothing_here(house):
    sct = house.scope("SCT", "MOC")
    TestScope.objects.filter(pk=sct.pk).update(state="EXIT_ASSESSED")
    issue = make_issue(
        sct, raised_by=house.alpha, severity="1", provider=house.alpha, state="RETEST", moment=at(days=1)
    )
    manager = house.actor("test_manager")
    with pytest.raises(Refused, match="not met"):
        move_scope(scope=sct, to_state="COMPLETE", by=manager)
    change_state(issue=issue, to_state="CLOSED", by=MAKER, at=at(days=2))
    with pytest.raises(Refused, match="SCTAD, which is not held"):
        move_scope(scope=sct, to_state="COMPLETE", by=manager)
