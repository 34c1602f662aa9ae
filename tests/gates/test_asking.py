"""Asking a kept judgement what would change it: by page and over REST, and nothing is stored."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from django.urls import reverse

from issues.actions import dispute_severity, propose_exclusion
from svtad.audit.models import AuditEvent
from svtad.gates.models import Assessment
from svtad.parties.models import Person
from tests.api.conftest import Caller
from tests.factories import MAKER, at, decide
from tests.gates.test_work_off_plans import open_issue
from tests.gates.world import Phase
from tests.portal.boards import signed_in, text


@pytest.fixture
def asked(phase: Phase):
    """SIT with a severity 2 at Alpha whose exclusion is proposed, and one of severity 3 that is disputed as 2."""
    issue = open_issue(phase, "2")
    disputed = open_issue(phase, "3")
    proposal = propose_exclusion(issue=issue, scope=phase.scope, rationale="One meter.", by=MAKER, at=at(days=4))
    dispute = dispute_severity(
        issue=disputed, raised_by=phase.house.supplier, participant_severity="2", reasons="It bricks.", by=MAKER,
        raised_at=at(days=4), at=at(days=4),
    )  # fmt: skip
    phase.log(moment=at(days=5))
    phase.plan_work(phase.house.alpha)
    made = phase.assess("REPORTS")
    return phase, made, issue, disputed, proposal, dispute


def page_of(phase: Phase, made: Assessment, *changes: str, role: str = "test_manager"):
    query = "&".join(f"change={quote(change)}" for change in changes)
    return signed_in(phase.house, role).get(f"{reverse('gates:what-if', args=[made.public_id])}?{query}")


@pytest.mark.clause("SVTAD 1.23", "12.6(c)", "13.20", "14.5")
def test_the_page_says_the_fewest_changes_and_which_matter_decides_and_answers_a_question(asked):
    phase, made, issue, disputed, proposal, dispute = asked
    page = text(page_of(phase, made))
    before = (Assessment.objects.count(), AuditEvent.objects.exclude(action__contains="sign").count())
    assert "2 of the 2 Testing Issues of ALPHA Ltd to leave the count" in page
    assert proposal.matter.reference in page
    assert dispute.matter.reference in page
    answer = text(page_of(phase, made, f"CLOSE~{issue.reference}~", f"DISPUTE~{disputed.reference}~3"))
    assert re.search(r"<h1>It would change: awaiting now, met then</h1>", answer), answer
    assert f"A Testing Issue is closed: {issue.reference}" in answer
    assert f"TAG decides the disputed severity: {disputed.reference}, to 3" in answer
    assert (Assessment.objects.count(), AuditEvent.objects.exclude(action__contains="sign").count()) == before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("CLOSE~TI-NONE~", "No Testing Issue “TI-NONE” is among the facts of this judgement"),
        ("PASS~T-NONE~", "(only tests that did not simply pass are listed)"),
        ("FLY~me~", "is no change that can be asked for"),
        ("SEVERITY~{}~9", "&#x27;9&#x27; is not a severity"),
        ("DISPUTE~{}~3", "No dispute of the severity of {} is pending"),
    ],
)
def test_what_cannot_be_asked_is_said_in_words(asked, change, said):
    phase, made, issue, *_ = asked
    response = page_of(phase, made, change.format(issue.reference))
    assert response.status_code == 400
    assert said.format(issue.reference) in response.content.decode()


def test_the_form_adds_one_change_to_those_that_are_asked(asked):
    phase, made, issue, disputed, *_ = asked
    address = reverse("gates:what-if", args=[made.public_id])
    given = {"change": f"CLOSE~{issue.reference}~", "kind": "SEVERITY", "subject": disputed.reference, "value": "5"}
    page = text(signed_in(phase.house, "test_manager").get(address, given))
    assert f"The DCC determines another severity: {disputed.reference}, to 5" in page
    assert page.count('type="hidden" name="change"') == 2


def test_a_provider_is_told_why_it_may_not_ask(asked):
    phase, made, *_ = asked
    assert page_of(phase, made, role="provider_tester").status_code == 403


@pytest.mark.clause("SVTAD 1.23", "12.6(c)", "14.5")
def test_rest_answers_the_same(asked):
    phase, made, issue, disputed, proposal, dispute = asked
    manager = Caller(signed_person(phase, "test_manager"))
    base = f"/assessments/{made.public_id}"
    changes = [
        {"kind": "CLOSE", "subject": issue.reference},
        {"kind": "DISPUTE", "subject": disputed.public_id, "value": "3"},
    ]
    answer = manager.post(f"{base}/what-if", {"changes": changes}).json()
    assert {"criterion": "12.6(c)", "before": "NOT_MET", "after": "MET"} in answer["moved"]
    wrong = manager.post(f"{base}/what-if", {"changes": [*changes, {"kind": "CLOSE", "subject": "TI-NONE"}]})
    assert wrong.status_code == 400
    assert [(error["row"], error["field"]) for error in wrong.json()["errors"]] == [(3, "subject")]
    least = manager.get(f"{base}/fewest").json()
    assert least["count"] == 2
    assert {change["subject"] for need in least["needs"] for change in need["changes"]} == {
        issue.reference, disputed.reference,
    }  # fmt: skip
    waiting = {row["matter"]: row for row in manager.get(f"{base}/pending").json()}
    assert set(waiting) == {proposal.matter.reference, dispute.matter.reference}
    assert {option["text"] for option in waiting[proposal.matter.reference]["options"]} == {
        "TAG agrees", "TAG does not agree",
    }  # fmt: skip


@pytest.mark.clause("SVTAD 1.23", "13.20")
def test_what_was_decided_since_is_not_in_a_judgement_of_before(asked):
    phase, made, _, _, proposal, _ = asked
    decide(proposal.matter, "TAG", "AGREE", moment=at(days=5))
    assert proposal.matter.reference in text(page_of(phase, made))


def signed_person(phase: Phase, role: str):
    return Person.objects.get(public_id=phase.house.actor(role).actor_id)
