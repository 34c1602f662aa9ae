"""A DMC that is de-selected leaves the criteria and comes back, seen in every judgement before, during and after."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from svtad.devices.models import DeviceModelCombination
from svtad.gates.actions import propose_deselection
from svtad.gates.gathering import gather
from svtad.gates.models import DmcDeselection
from svtad.governance.models import Matter
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from svtad.rulebook.judge import judge
from svtad.rulebook.vocabulary import Step
from testphases import actions as phase_actions
from testphases.actions import PlanRow
from testphases.models import PlannedTest
from tests.factories import MAKER, at, decide, heard, make_dmc, make_issue, make_paper
from tests.gates.world import Phase
from tests.portal.boards import signed_in, text

#: What both grounds want said.
SAID: dict[str, Any] = {
    "action": "Its firmware is withdrawn.",
    "delay": "Others pass.",
    "steps_taken": "We asked.",
    "alternative": "None.",
}


@pytest.fixture
def short(phase: Phase) -> Phase:
    """A second DMC on which three functional tests are planned, one of them failed and one not run."""
    make_dmc("D2")
    rows = [
        PlanRow(external_id=name, kind="FUNCTIONAL", dmc="D2", provider="alpha", functional_group="Join")
        for name in ("d-1", "d-2", "d-3")
    ]
    phase_actions.plan_tests(scope=phase.scope, rows=rows, by=MAKER, at=at(days=1))
    tests = PlannedTest.objects.filter(scope=phase.scope, dmc__reference="D2").order_by("pk")
    phase.run(tests[0])
    phase.run(tests[1], "FAILED")
    return phase


def proposed(phase: Phase, **more: Any) -> DmcDeselection:
    given: dict[str, Any] = {"by": MAKER, "at": at(days=3)}
    dmc = PlannedTest.objects.filter(scope=phase.scope, dmc__reference="D2").latest("pk").dmc
    assert dmc is not None
    return propose_deselection(scope=phase.scope, dmc=dmc, **given | more)


def consulted(made: DmcDeselection, *, day: int = 4) -> Matter:
    outcome = "CONSULT_ON_ISSUE" if made.issue_id else "CONSULT_ON_SUPPLY"
    decide(made.matter, "DCC", outcome, moment=at(days=day), document=make_paper(moment=at(days=day)), **SAID)
    heard(made.matter, moment=at(days=day, hours=1))
    return made.matter


def verdicts(phase: Phase, moment=None) -> tuple[str, str, bool]:
    """The verdicts on execution and pass rate, and whether D2 is in the facts as one that counts."""
    facts = gather(phase.scope, as_at=moment)
    found = judge(facts, step=Step.REPORTS)
    [dmc] = [row for row in facts.dmcs if row.name == "D2"]
    return found.finding("12.6(a)").verdict.value, found.finding("12.6(b)").verdict.value, dmc.counts


IN, OUT = ("NOT_MET", "NOT_MET", True), ("MET", "MET", False)


@pytest.mark.clause("SVTAD 1.23", "13.5(b)", "13.6", "13.7", "13.7-interim", "13.8")
def test_it_leaves_and_comes_back_in_every_judgement_before_during_and_after(short):
    made = proposed(short)
    assert verdicts(short) == IN
    matter = consulted(made)
    assert verdicts(short) == IN
    decide(matter, "DCC", "DESELECT", moment=at(days=5), dmc="D2")
    assert verdicts(short) == OUT
    decide(matter, "SUPPLIER", "REFER", moment=at(days=6), supplier="Arden, wholly")
    assert verdicts(short) == IN, "it counts while the referral is open"
    decide(matter, "SOS", "STOP_TESTING", moment=at(days=7))
    assert verdicts(short) == OUT, "unless the Secretary of State says to stop"
    decide(matter, "SOS", "NOT_OMIT", moment=at(days=8))
    assert verdicts(short) == IN, "its tests are planned again, and what was not run stands in the way"
    past = [verdicts(short, at(days=day, hours=2)) for day in (3, 4, 5, 6, 7, 8)]
    assert past == [IN, IN, OUT, IN, OUT, IN]
    [fact] = [row for row in gather(short.scope, as_at=None).dmcs if row.name == "D2"]
    assert (fact.state, fact.decision) == ("REINSTATED", matter.reference)


@pytest.mark.clause("SVTAD 1.23", "13.5(a)", "13.6", "13.7")
@pytest.mark.parametrize(
    ("steps", "wanted"),
    [
        ((("DCC", "KEEP"),), IN),
        ((("DCC", "KEEP"), ("SUPPLIER", "REFER"), ("SOS", "CONTINUE_TESTING")), IN),
        ((("DCC", "KEEP"), ("SUPPLIER", "REFER"), ("SOS", "OMIT")), OUT),
        ((("DCC", "DESELECT"), ("SUPPLIER", "REFER"), ("SOS", "CONTINUE_TESTING")), IN),
        ((("DCC", "DESELECT"), ("SUPPLIER", "REFER"), ("SOS", "OMIT")), OUT),
    ],
)
def test_each_way_it_can_go(short, steps, wanted):
    issue = make_issue(short.scope, raised_by=short.house.alpha, severity="3", provider=short.house.alpha)
    matter = consulted(proposed(short, issue=issue))
    for day, (body, outcome) in enumerate(steps, start=5):
        decide(matter, body, outcome, moment=at(days=day), dmc="D2", supplier="Arden")
    assert verdicts(short) == wanted


@pytest.mark.clause("SVTAD 1.23", "13.5(a)", "13.5(b)")
def test_the_ground_is_the_one_that_was_proposed(short):
    issue = make_issue(short.scope, raised_by=short.house.alpha, severity="3", provider=short.house.alpha)
    made = proposed(short, issue=issue)
    with pytest.raises(Refused, match="that is the ground of"):
        decide(made.matter, "DCC", "CONSULT_ON_SUPPLY", moment=at(days=4), document=make_paper(), **SAID)
    one_limb: dict[str, Any] = SAID | {"delay": " "}
    with pytest.raises(InvalidInput) as blank:
        decide(made.matter, "DCC", "CONSULT_ON_ISSUE", moment=at(days=4), document=make_paper(), **one_limb)
    assert [error.field for error in blank.value.errors] == ["delay"], "both limbs of 13.5(a) are wanted"


@pytest.mark.clause("SVTAD 1.23", "13.5")
def test_what_cannot_be_proposed_is_refused_with_its_reason(short):
    house = short.house
    with pytest.raises(InvalidInput, match="No test of"):
        propose_deselection(scope=short.scope, dmc=make_dmc("D9"), by=MAKER, at=at(days=3))
    with pytest.raises(ActionDenied):
        proposed(short, by=house.actor("tag_member"))
    closed = make_issue(
        short.scope, raised_by=house.alpha, severity="3", provider=house.alpha, state="CLOSED", moment=at(days=2)
    )
    with pytest.raises(InvalidInput, match="is closed"):
        proposed(short, issue=closed)
    made = proposed(short)
    with pytest.raises(Refused, match="is open already"):
        proposed(short)
    matter = consulted(made)
    decide(matter, "DCC", "DESELECT", moment=at(days=5), dmc="D2")
    with pytest.raises(Refused, match="is de-selected by"):
        proposed(short, at=at(days=6))
    with pytest.raises(Refused, match="DMCs are selected for SIT"):
        propose_deselection(scope=short.pit, dmc=made.dmc, by=MAKER, at=at(days=6))


@pytest.mark.clause("SVTAD 1.23", "13.6", "13.8")
def test_a_kept_one_may_be_proposed_anew_and_the_last_counts(short):
    first = consulted(proposed(short))
    decide(first, "DCC", "KEEP", moment=at(days=5), dmc="D2")
    second = consulted(proposed(short, at=at(days=6)), day=7)
    decide(second, "DCC", "DESELECT", moment=at(days=8), dmc="D2")
    assert verdicts(short) == OUT
    assert verdicts(short, at(days=7)) == IN


@pytest.mark.clause("SVTAD 1.23", "13.5", "13.6")
def test_the_page_of_the_phases_dmcs_proposes_and_shows_now_and_then(short):
    manager = signed_in(short.house, "test_manager")
    address = reverse("gates:dmcs", args=[short.scope.public_id])
    assert "all 2 DMCs are tested" in text(manager.get(address))
    dmc = DeviceModelCombination.objects.get(reference="D2")
    wrong = manager.post(address, {"dmc": dmc.public_id, "issue": "TI-none"})
    assert wrong.status_code == 400
    assert "no such Testing Issue" in wrong.content.decode()
    made = manager.post(address, {"dmc": dmc.public_id, "rationale": "QZXJ7 cannot be bought."})
    assert made.status_code == 302, made.content
    deselection = DmcDeselection.objects.get()
    page = text(manager.get(address))
    assert "cannot be obtained" in page
    assert deselection.matter.reference in page
    assert b"".join(manager.get(address, {"as": "csv"})).decode().count("D2") >= 1
    then = text(manager.get(address, {"as_at": at(days=1).isoformat()}))
    assert deselection.matter.reference not in then
    assert "Propose it" not in then
    assert signed_in(short.house, "provider_tester").get(address).status_code == 403
    as_tag = text(signed_in(short.house, "tag_member").get(address))
    assert not any(word in as_tag for word in ("QZXJ7", "cannot be obtained", deselection.matter.reference))
    moment = deselection.recorded_at
    decide(deselection.matter, "DCC", "CONSULT_ON_SUPPLY", moment=moment, document=make_paper(), **SAID)
    heard(deselection.matter, moment=moment)
    decide(deselection.matter, "DCC", "DESELECT", moment=moment, dmc="D2")
    as_tag = text(signed_in(short.house, "tag_member").get(address))
    assert "De-selected" in as_tag, "what 13.6 tells it"
    assert "not for you to read" in as_tag
    assert "cannot be obtained" not in as_tag
