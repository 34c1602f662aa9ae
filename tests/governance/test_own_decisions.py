"""Who put a matter forward does not record what another body decides on it."""

from __future__ import annotations

import datetime as dt
import importlib
from dataclasses import replace
from typing import Any

import pytest
from django.apps import apps

from svtad.governance import actions
from svtad.governance.actions import Given
from svtad.governance.models import Decision, Matter
from svtad.lib.errors import ActionDenied
from svtad.parties.actions import set_access_rule
from svtad.rulebook.procedures import PROCEDURES, procedure
from svtad.rulebook.vocabulary import Body
from tests.governance.boards import AFTER, SYSTEM, T0, TAG_DAY, somebody, take

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_handlers")]

AGREE: dict[str, Any] = {"body": "TAG", "outcome": "AGREE", "decided_at": TAG_DAY}
REJECT: dict[str, Any] = AGREE | {"outcome": "REJECT"}
REFER: dict[str, Any] = {
    "body": "DCC",
    "outcome": "REFER",
    "decided_at": TAG_DAY,
    "data": {"material_impact": "IOC is late."},
}
UPHOLD: dict[str, Any] = {"body": "SOS", "outcome": "UPHOLD", "decided_at": TAG_DAY}


@pytest.fixture
def other():
    """A second registrar."""
    return somebody("o", "dcc", kinds=("DCC",), permissions=("record_decision", "open_matter"))


def refused(act) -> str:
    with pytest.raises(ActionDenied) as denied:
        act()
    assert denied.value.reason.startswith("You put this forward: somebody else records the decision.")
    return denied.value.clause


@pytest.mark.clause("SVTAD 1.23", "13.20")
def test_the_registrar_who_opened_a_matter_does_not_record_what_tag_decides(open_matter, registrar, other):
    matter = open_matter(by=registrar)
    assert matter.put_forward_by == [registrar.actor_id]
    assert refused(lambda: actions.record_decision(matter=matter, **AGREE, by=registrar)) == "13.20"
    assert not Decision.objects.exists()
    assert actions.record_decision(matter=matter, **AGREE, by=other).recorded_by == other.label


@pytest.mark.clause("SVTAD 1.23", "13.21")
def test_who_recorded_the_referral_does_not_record_what_comes_of_it(open_matter, registrar, other, paper):
    matter = open_matter()
    actions.record_decision(matter=matter, **REJECT, by=registrar)
    actions.record_decision(matter=matter, **REFER, by=registrar)
    assert registrar.actor_id in Matter.objects.get().put_forward_by
    sos = UPHOLD | {"matter": matter, "document": paper}
    assert refused(lambda: actions.record_decision(**sos, by=registrar)) == "13.21"
    assert actions.record_decision(**sos, by=other).recorded_by


def test_a_step_of_the_body_that_proposes_is_its_own(open_matter, proposer):
    matter = open_matter("WORK_OFF_PLAN")
    actions.record_decision(matter=matter, body="TAB", outcome="APPROVE", decided_at=TAG_DAY, by=SYSTEM)
    for outcome in ("START", "COMPLETE"):
        assert actions.record_decision(
            matter=matter, body="DCC", outcome=outcome, decided_at=TAG_DAY, by=proposer
        ).recorded_by


def test_a_decision_out_of_its_order_is_no_way_round_it(open_matter, registrar, paper):
    matter = open_matter(by=registrar)
    refused(
        lambda: actions.record_decision(matter=matter, **UPHOLD, rationale="Called in.", document=paper, by=registrar)
    )


def test_a_deputy_counts_as_both_people(open_matter, registrar, other):
    deputy = replace(other, acting_for=registrar.actor_id, label="Person o for Rowan Registrar")
    opened_by_the_member = open_matter(by=registrar)
    refused(lambda: actions.record_decision(matter=opened_by_the_member, **AGREE, by=deputy))
    opened_as_deputy = open_matter(by=deputy)
    for person in (registrar, other):
        refused(lambda by=person: actions.record_decision(matter=opened_as_deputy, **AGREE, by=by))


def test_a_correction_is_recorded_by_somebody_else_too(open_matter, registrar, other):
    matter = open_matter(by=registrar)
    wrong = actions.record_decision(matter=matter, **AGREE, by=other)
    right: dict[str, Any] = {
        "decision": wrong,
        "outcome": "REJECT",
        "given": Given(decided_at=TAG_DAY),
        "reason": "Misread.",
    }
    refused(lambda: actions.correct_decision(**right, by=registrar))
    assert actions.correct_decision(**right, by=other).outcome == "REJECT"


def test_at_a_meeting_the_row_of_ones_own_matter_is_refused_and_names_the_reason(open_matter, plan, registrar, other):
    meeting = plan()
    items = actions.put_on_agenda(
        meeting=meeting, matters=[open_matter(by=registrar), open_matter(by=other)], by=registrar, at=T0
    )
    held = actions.hold_meeting(meeting=meeting, by=registrar, at=AFTER)
    rows = actions.preview_meeting_decisions(meeting=held, taken=[take(item) for item in items], by=registrar, at=AFTER)
    assert [row.is_refused for row in rows] == [True, False]
    assert rows[0].refused.startswith("You put this forward")


def test_administrators_may_allow_it_for_a_procedure(open_matter, registrar):
    matter = open_matter(by=registrar)
    set_access_rule(kind="OWN_DECISION", key="EXCLUSION", value=True, reason="One registrar only.", by=SYSTEM)
    assert actions.record_decision(matter=matter, **AGREE, by=registrar).recorded_by


def test_what_the_system_opened_was_put_forward_by_nobody(open_matter, registrar):
    matter = open_matter(by=SYSTEM)
    assert matter.put_forward_by == []
    assert actions.record_decision(matter=matter, **AGREE, by=registrar).recorded_by


@pytest.mark.parametrize("key", PROCEDURES)
def test_the_reading_of_each_procedure(key):
    """Whatever is decided by another than the proposer answers; nothing that answers puts anything forward."""
    rules = PROCEDURES[key]
    answering = [step for step in rules.transitions if rules.answers(step)]
    assert not any(rules.puts_forward(step) for step in answering)
    assert {step.body for step in answering} == set(rules.deciders) - {rules.proposer}
    for step in rules.transitions:
        if step.body in (Body.PANEL, Body.SOS, Body.AUTHORITY, Body.TAB, Body.TAG) and not rules.answers(step):
            assert step.body is rules.proposer or step.refers_to or step.body not in rules.deciders, step


@pytest.mark.parametrize(
    ("key", "body", "outcome", "answers"),
    [
        ("EXCLUSION", "TAG", "AGREE", True),
        ("EXCLUSION", "DCC", "REFER", False),
        ("EXCLUSION", "SOS", "UPHOLD", True),
        ("SCT_COUNT", "DCC", "COUNT", False),
        ("TEST_COMPLETION_CERTIFICATE", "TAB", "REVOKE", True),
        ("TEST_COMPLETION_CERTIFICATE", "DCC", "ISSUE", False),
        ("OTHER_DISPUTE", "DCC", "FORWARD", False),
        ("END_OF_CYCLE_SIT", "TAG", "REFER", False),
        ("CODE_PROMOTION", "PROVIDER", "REPORT", False),
        ("MODIFICATION_DIRECTED", "SOS", "DIRECT_MODIFICATION", False),
        ("DMCT_TIMING", "SOS", "DIRECT_SCHEDULING", True),
    ],
)
def test_which_steps_answer_what_others_put_forward(key, body, outcome, answers):
    rules = procedure(key)
    step = next(each for each in rules.transitions if (each.body, each.outcome) == (body, outcome))
    assert rules.answers(step) is answers


def test_the_trail_fills_in_who_put_the_matters_before_this_day_forward(open_matter, registrar, proposer):
    migration = importlib.import_module("svtad.governance.migrations.0007_put_forward_by")
    matter, untouched = open_matter(), open_matter(by=SYSTEM)
    actions.record_decision(matter=matter, **REJECT, by=registrar)
    actions.record_decision(matter=matter, **REFER, by=registrar, at=TAG_DAY + dt.timedelta(hours=1))
    Matter.objects.update(put_forward_by=[])
    migration.fill(apps, None)
    matter.refresh_from_db()
    untouched.refresh_from_db()
    assert matter.put_forward_by == sorted([proposer.actor_id, registrar.actor_id])
    assert untouched.put_forward_by == []
