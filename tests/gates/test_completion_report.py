"""SIT's Completion Report goes to TAB and to TAG with what the text has go before it (9.7, 19.5)."""

from __future__ import annotations

import pytest

from svtad.governance.actions import open_matter
from svtad.governance.models import Matter
from svtad.lib.errors import Refused
from svtad.parties.audiences import GOVERNANCE, audience_of
from tests.factories import MAKER, at, decide, heard
from tests.gates.world import AUDIT, Phase, paper


@pytest.fixture
def matter(phase: Phase) -> Matter:
    made = open_matter(
        procedure="COMPLETION_REPORT",
        document="SVTAD",
        version="1.23",
        title="Completion Report of MOC SIT",
        scope_id=phase.scope.public_id,
        audience=audience_of(*GOVERNANCE),
        by=MAKER,
        at=at(days=6),
    )
    heard(made, moment=at(days=6))
    return made


def step(matter: Matter, outcome: str, *, body: str = "DCC", day: int = 8) -> None:
    decide(matter, body, outcome, moment=at(days=day), document=paper(moment=at(days=day)))


@pytest.mark.clause("SVTAD 1.23", "19.5", "9.7-audit", "9.7")
def test_it_goes_nowhere_without_the_sit_auditors_final_report(phase, matter):
    with pytest.raises(Refused, match="SIT Auditor's final report"):
        step(matter, "PRESENT_TO_TAB")
    some = dict.fromkeys(list(AUDIT)[:2], True)
    phase.attach("SIT_AUDIT_REPORT", state="INTERIM", statements=some, moment=at(days=7))
    with pytest.raises(Refused, match="SIT Auditor's final report"):
        step(matter, "PRESENT_TO_TAB")
    assert matter.state == "DRAFT"
    phase.attach("SIT_AUDIT_REPORT", statements=AUDIT, moment=at(days=7))
    step(matter, "PRESENT_TO_TAB")
    assert matter.state == "TO_TAB"


@pytest.mark.clause("SVTAD 1.23", "9.7", "9.6", "9.4")
def test_tag_is_given_it_once_tab_approved_the_assurance_report_and_each_providers_report_is_there(phase, matter):
    house = phase.house
    phase.attach("SIT_AUDIT_REPORT", statements=AUDIT, moment=at(days=7))
    step(matter, "PRESENT_TO_TAB")
    with pytest.raises(Refused, match="has not approved the assurance report"):
        step(matter, "PROVIDE_TO_TAG")
    report = phase.reports(moment=at(days=9))
    phase.attach("PROVIDER_REPORT", provider=house.beta, state="SUBMITTED", moment=at(days=10))
    with pytest.raises(Refused, match=f"No report under 9.4 is accepted from {house.beta}"):
        step(matter, "PROVIDE_TO_TAG", day=11)
    phase.attach("PROVIDER_REPORT", provider=house.beta, state="ACCEPTED", moment=at(days=11))
    assert report.matter.state == "APPROVED"
    step(matter, "PROVIDE_TO_TAG", day=11)
    decide(matter, "TAG", "NOT_RECOMMEND", moment=at(days=12))
    step(matter, "PROVIDE_TO_PANEL", day=13)
    assert matter.state == "TO_PANEL", "the Panel has it whatever TAG recommends (19.5)"
