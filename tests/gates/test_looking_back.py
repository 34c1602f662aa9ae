"""Every page of a phase as it stood at a past moment, and two moments side by side."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse

from issues.actions import change_state, propose_exclusion
from svtad.gates.actions import attach_evidence, review_evidence, withdraw_evidence
from svtad.gates.models import Assessment
from svtad.rulebook.vocabulary import EvidenceKind
from tests.factories import MAKER, at, decide
from tests.gates.test_work_off_plans import open_issue
from tests.gates.world import Phase, paper
from tests.portal.boards import signed_in


@pytest.fixture
def lived(phase: Phase) -> Phase:
    """An issue raised on day 3 and excluded on day 5; a plan on paper on day 5, approved on day 6; certified on 7."""
    issue = open_issue(phase, "2", state="RETEST")
    proposal = propose_exclusion(issue=issue, scope=phase.scope, rationale="One meter.", by=MAKER, at=at(days=4))
    decide(proposal.matter, "TAG", "AGREE", moment=at(days=5))
    phase.log(moment=at(days=5))
    phase.plan_work(phase.house.alpha)
    phase.reports()
    phase.certify(phase.house.alpha)
    change_state(issue=issue, to_state="CLOSED", by=MAKER, at=at(days=9))
    return phase


def shown(phase: Phase, name: str, moment: dt.datetime | None, role: str = "test_manager", **more: str) -> str:
    given = dict(more)
    if moment is not None:
        given["as_at"] = moment.isoformat()
    response = signed_in(phase.house, role).get(reverse(name, args=[phase.scope.public_id]), given)
    assert response.status_code == 200, response.content.decode()[:2000]
    return response.content.decode()


@pytest.mark.clause("SVTAD 1.23", "13.20", "13.18")
def test_the_ledger_is_shown_as_it_stood(lived):
    before, excluded = shown(lived, "gates:ledger", at(days=4)), shown(lived, "gates:ledger", at(days=6))
    assert "1 of 1 Testing Issues count" in before
    assert "counts until TAG agrees to the exclusion" in before
    assert "0 of 1 Testing Issues count" in excluded
    assert "excluded: TAG agreed" in excluded
    assert "this is the past, not now" in before


@pytest.mark.clause("SVTAD 1.23", "12.6(i)", "15.1")
def test_certificates_and_plans_are_shown_as_they_stood_and_nothing_can_be_done_to_the_past(lived):
    now = shown(lived, "gates:papers", None)
    assert "1 of 2 certificates in force" in now
    then = shown(lived, "gates:papers", at(days=3))
    assert "0 of 2 certificates in force" in then
    assert "None drawn up yet" in then
    assert 'method="post" action="/phases/' not in then
    assert 'method="post" action="/phases/' in now


@pytest.mark.clause("SVTAD 1.23", "12.5(a)", "9.4")
def test_evidence_is_shown_as_far_as_it_had_come(lived):
    house = lived.house
    item = attach_evidence(
        scope=lived.scope, kind=EvidenceKind.TEST_PLAN, file=paper(moment=at(days=2)), provider=house.beta, by=MAKER,
        at=at(days=2),
    )  # fmt: skip
    review_evidence(item=item, state="RETURNED", reasons="Page 3 is missing.", by=MAKER, at=at(days=3))
    withdraw_evidence(item=item, reason="Another was meant.", by=MAKER, at=at(days=4))
    pages = [shown(lived, "gates:evidence", at(days=days, hours=1)) for days in (1, 2, 3, 4)]
    assert [item.public_id in page for page in pages] == [False, True, True, True]
    assert ["Page 3 is missing." in page for page in pages] == [False, False, True, True]
    assert ["Another was meant." in page for page in pages] == [False, False, False, True]
    assert not any("Attach it" in page or "Withdraw it" in page for page in pages)


@pytest.mark.clause("SVTAD 1.23", "12.6(c)", "13.20")
def test_two_moments_are_laid_side_by_side(lived):
    before = Assessment.objects.count()
    query = {"first": at(days=4).strftime("%Y-%m-%dT%H:%M:%S"), "second": at(days=6).strftime("%Y-%m-%dT%H:%M:%S")}
    page = shown(lived, "gates:compare", None, **query, step="REPORTS")
    assert "PROPOSED" in page
    assert "TAG_AGREED" in page
    assert '<span class="label">changed</span>' in page
    client = signed_in(lived.house, "test_manager")
    address = reverse("gates:compare", args=[lived.scope.public_id])
    csv = b"".join(client.get(address, query | {"as": "csv"})).decode()
    assert "Exclusions" in csv
    assert Assessment.objects.count() == before
    same = {
        "first": at(days=6).strftime("%Y-%m-%dT%H:%M:%S"),
        "second": at(days=6, hours=1).strftime("%Y-%m-%dT%H:%M:%S"),
    }
    assert client.get(address, query | {"second": query["first"]}).status_code == 400
    assert client.get(address, {"first": "2096-01-01T00:00"}).status_code == 400
    assert "differ" in client.get(address, same).content.decode()


def test_a_provider_compares_nothing(lived):
    address = reverse("gates:compare", args=[lived.scope.public_id])
    assert signed_in(lived.house, "provider_tester").get(address).status_code == 403
    assert address not in shown(lived, "gates:assessments", None, role="provider_tester")
    assert address in shown(lived, "gates:assessments", None)
