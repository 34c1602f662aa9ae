"""Test Completion Certificates: one provider's, on a judgement that holds, approved, issued, revoked, re-issued."""

from __future__ import annotations

import pytest

from issues.actions import change_state, dispute_severity
from svtad.gates.actions import draft_certificate
from svtad.gates.gathering import gather, has_changed
from svtad.gates.models import TestCompletionCertificate
from svtad.governance.actions import open_matter
from svtad.governance.models import Decision, Matter
from svtad.lib.errors import ActionDenied, Refused
from svtad.parties.audiences import GOVERNANCE, audience_of
from testphases import actions as phase_actions
from testphases.models import FactsChanged
from tests.factories import MAKER, at, decide, make_house, make_issue
from tests.gates.world import Phase, fill_up, make_phase, paper, verdicts


def report(phase: Phase) -> Phase:
    phase.reports()
    return phase


@pytest.fixture(scope="class")
def lent_reported(lend) -> Phase:
    return lend(make_house, make_phase, report)


@pytest.fixture
def reported(lent_reported, db) -> Phase:
    """The phase with its reports, the assurance report approved."""
    return lent_reported


@pytest.fixture(scope="class")
def lent_full(lend) -> Phase:
    return lend(make_house, make_phase, report, fill_up)


@pytest.fixture
def full(lent_full, db) -> Phase:
    """The same with Alpha at its limit."""
    return lent_full


def issues_of(phase, provider, count, severity="3", **more):
    return [
        make_issue(
            phase.scope, raised_by=phase.house.alpha, severity=severity, provider=provider, moment=at(days=3), **more
        )
        for _ in range(count)
    ]


def cover(phase):
    """Put every open issue in an approved plan, and the log in order."""
    phase.log(moment=at(days=5))
    phase.plan_work()


@pytest.mark.clause("SVTAD 1.23", "12.6(i)", "DEF-tcc")
def test_a_certificate_goes_from_draft_by_tab_to_issue_by_the_dcc(reported):
    house = reported.house
    judged = reported.assess("CERTIFICATES", provider=house.alpha)
    certificate = draft_certificate(scope=reported.scope, provider=house.alpha, by=house.actor("test_manager"))
    assert certificate.assessment == judged
    assert certificate.matter.state == "DRAFT"
    registrar = house.actor("registrar")
    decide(certificate.matter, "TAB", "APPROVE", moment=certificate.recorded_at, by=registrar)
    decide(certificate.matter, "DCC", "ISSUE", moment=certificate.recorded_at, by=registrar, document=paper("tcc.pdf"))
    assert certificate.matter.state == "ISSUED"
    [fact] = gather(reported.scope, as_at=None).certificates
    assert (fact.state, fact.reference) == ("ISSUED", certificate.number)


@pytest.mark.clause("SVTAD 1.23", "12.6(i)")
def test_sit_needs_the_certificate_of_every_provider(reported):
    reported.certify(reported.house.alpha)
    assert verdicts(reported.assess("COMPLETION"))["12.6(i)"] == "NOT_MET"
    reported.certify(reported.house.beta)
    assert verdicts(reported.assess("COMPLETION"))["12.6(i)"] == "MET"


@pytest.mark.clause("SVTAD 1.23", "12.6(i)")
def test_issuing_one_certificate_does_not_make_the_judgement_of_another_stale(reported):
    house = reported.house
    judged = reported.assess("CERTIFICATES", provider=house.beta)
    reported.certify(house.alpha)
    assert not has_changed(judged)
    certificate = draft_certificate(scope=reported.scope, provider=house.beta, by=MAKER)
    assert certificate.assessment == judged


@pytest.mark.clause("SVTAD 1.23", "12.6(i)", "T13.2")
def test_a_provider_over_its_threshold_gets_none_while_another_may(full):
    house = full.house
    issues_of(full, house.alpha, 1)
    issues_of(full, house.beta, 3)
    cover(full)
    full.assess("CERTIFICATES", provider=house.alpha)
    full.assess("CERTIFICATES", provider=house.beta)
    with pytest.raises(Refused, match=r"ALPHA Ltd does not meet the criteria .* 12\.6\(c\) not met"):
        draft_certificate(scope=full.scope, provider=house.alpha, by=MAKER)
    draft_certificate(scope=full.scope, provider=house.beta, by=MAKER)
    assert verdicts(full.assess("COMPLETION"))["12.6(c)"] == "NOT_MET"


@pytest.mark.clause("SVTAD 1.23", "14.5")
def test_a_pending_dispute_that_decides_it_blocks_the_certificate(full):
    house = full.house
    [disputed] = issues_of(full, house.alpha, 1, severity="4")
    dispute = dispute_severity(
        issue=disputed,
        participant_severity="3",
        reasons="Worse.",
        raised_by=house.supplier,
        by=MAKER,
        at=at(days=4),
    )
    cover(full)
    assert full.assess("CERTIFICATES", provider=house.alpha).verdict == "BLOCKED"
    with pytest.raises(Refused) as raised:
        draft_certificate(scope=full.scope, provider=house.alpha, by=MAKER)
    assert raised.value.clause == "SVTAD 14.5"
    full.assess("CERTIFICATES", provider=house.beta)
    draft_certificate(scope=full.scope, provider=house.beta, by=MAKER)
    decide(dispute.matter, "TAG", "DECIDE", moment=at(days=8), severity="4")
    assert full.assess("CERTIFICATES", provider=house.alpha).verdict == "MET"
    draft_certificate(scope=full.scope, provider=house.alpha, by=MAKER)


def test_nothing_is_certified_without_a_judgement(reported):
    with pytest.raises(Refused, match="has not been judged"):
        draft_certificate(scope=reported.scope, provider=reported.house.alpha, by=MAKER)
    # The judgement of the whole phase, or of another provider, is not it.
    reported.assess("CERTIFICATES")
    reported.assess("CERTIFICATES", provider=reported.house.beta)
    with pytest.raises(Refused, match="has not been judged"):
        draft_certificate(scope=reported.scope, provider=reported.house.alpha, by=MAKER)


def test_a_stale_judgement_is_refused_with_the_reason(reported):
    reported.assess("CERTIFICATES", provider=reported.house.alpha)
    [test] = reported.plan("a-3")
    reported.run(test)
    with pytest.raises(Refused, match=r"The facts have changed since ALPHA Ltd was judged on .*judged again"):
        draft_certificate(scope=reported.scope, provider=reported.house.alpha, by=MAKER)
    assert not TestCompletionCertificate.objects.exists()


def test_tab_does_not_approve_what_it_was_not_shown(reported):
    alpha = reported.house.alpha
    reported.assess("CERTIFICATES", provider=alpha)
    certificate = draft_certificate(scope=reported.scope, provider=alpha, by=MAKER, at=at(days=7))
    [test] = reported.plan("a-3")
    reported.run(test)
    with pytest.raises(Refused, match="facts have changed"):
        decide(certificate.matter, "TAB", "APPROVE", moment=at(days=8))
    again = reported.assess("CERTIFICATES", provider=alpha)
    with pytest.raises(Refused, match="rests on an earlier judgement"):
        decide(certificate.matter, "TAB", "APPROVE", moment=at(days=8))
    assert not Decision.objects.filter(matter=certificate.matter).exists()
    redrafted = draft_certificate(scope=reported.scope, provider=alpha, by=MAKER, at=at(days=9))
    assert (redrafted.pk, redrafted.assessment) == (certificate.pk, again)
    decide(redrafted.matter, "TAB", "APPROVE", moment=at(days=10))


def test_the_dcc_issues_only_while_the_criteria_are_met(reported):
    alpha = reported.house.alpha
    reported.assess("CERTIFICATES", provider=alpha)
    certificate = draft_certificate(scope=reported.scope, provider=alpha, by=MAKER, at=at(days=7))
    decide(certificate.matter, "TAB", "APPROVE", moment=at(days=8))
    [test] = reported.plan("a-3")
    with pytest.raises(Refused, match="facts have changed"):
        decide(certificate.matter, "DCC", "ISSUE", moment=at(days=9), document=paper())
    reported.assess("CERTIFICATES", provider=alpha)
    with pytest.raises(Refused, match=r"12\.6\(a\) not met"):
        decide(certificate.matter, "DCC", "ISSUE", moment=at(days=9), document=paper())
    reported.run(test)
    last = reported.assess("CERTIFICATES", provider=alpha)
    decide(certificate.matter, "DCC", "ISSUE", moment=at(days=9), document=paper())
    certificate.refresh_from_db()
    assert certificate.assessment == last


@pytest.mark.clause("SVTAD 1.23", "15.2-revoke", "12.5(b)")
def test_a_revoked_certificate_holds_no_more_and_those_who_follow_are_judged_anew(phase):
    house = phase.house
    interface = house.scope("INTERFACE", "MOC")
    phase.reports()
    certificate = phase.certify(house.alpha)
    FactsChanged.objects.all().delete()
    decide(certificate.matter, "TAB", "REVOKE", moment=at(days=9), rationale="Correction plan late.")
    assert set(FactsChanged.objects.values_list("scope_id", flat=True)) == {phase.scope.pk, interface.pk}
    assert verdicts(phase.assess("COMPLETION"))["12.6(i)"] == "NOT_MET"
    [before] = [row for row in gather(interface, as_at=None).precursors or () if row.scope == phase.scope.public_id]
    assert [row.state for row in before.certificates] == ["REVOKED"]


@pytest.mark.clause("SVTAD 1.23", "15.2-revoke", "15.1")
def test_a_reissued_certificate_keeps_its_first_date(reported):
    alpha = reported.house.alpha
    certificate = reported.certify(alpha)
    decide(certificate.matter, "TAB", "REVOKE", moment=at(days=9), rationale="Correction plan late.")
    with pytest.raises(Refused):
        decide(certificate.matter, "DCC", "ISSUE", moment=at(days=10), document=paper())
    again = draft_certificate(scope=reported.scope, provider=alpha, by=MAKER, at=at(days=10))
    assert again == certificate
    decide(again.matter, "TAB", "APPROVE", moment=at(days=11))
    decide(again.matter, "DCC", "ISSUE", moment=at(days=12), document=paper())
    [fact] = gather(reported.scope, as_at=None).certificates
    assert (fact.state, fact.issued_on) == ("REISSUED", at(days=7).date())


def test_a_certificate_in_force_is_not_drafted_again(reported):
    certificate = reported.certify(reported.house.alpha)
    with pytest.raises(Refused, match=f"{certificate.number} of ALPHA Ltd is in force"):
        draft_certificate(scope=reported.scope, provider=reported.house.alpha, by=MAKER)


def test_only_phases_with_certificates_and_providers_that_take_part_get_one(reported):
    house = reported.house
    with pytest.raises(Refused, match="No Test Completion Certificate is issued"):
        draft_certificate(scope=house.scope("SCT", "MOC"), provider=house.alpha, by=MAKER)
    with pytest.raises(Refused, match="takes no part"):
        draft_certificate(scope=reported.scope, provider=house.gamma, by=MAKER)


@pytest.mark.parametrize("role", ["tab_member", "provider_tester", "sit_auditor", "administrator", "participant"])
def test_only_the_dcc_drafts_a_certificate(reported, role):
    reported.assess("CERTIFICATES", provider=reported.house.alpha)
    with pytest.raises(ActionDenied):
        draft_certificate(scope=reported.scope, provider=reported.house.alpha, by=reported.house.actor(role))


def test_a_matter_without_a_certificate_is_not_decided(reported):
    matter = open_matter(
        procedure="TEST_COMPLETION_CERTIFICATE",
        document="SVTAD",
        version="1.23",
        title="A certificate",
        scope_id=reported.scope.public_id,
        audience=audience_of(*GOVERNANCE),
        by=MAKER,
        at=at(days=7),
    )
    with pytest.raises(Refused, match="No certificate was drafted"):
        decide(matter, "TAB", "APPROVE", moment=at(days=8))


def test_a_provider_sees_its_own_certificate_s_matter_and_no_other(reported):
    certificate = reported.certify(reported.house.alpha)
    own = Matter.objects.visible_to(reported.house.actor("provider_tester"))
    other = Matter.objects.visible_to(reported.house.actor("provider_tester", reported.house.beta))
    assert own.filter(pk=certificate.matter_id).exists()
    assert not other.filter(pk=certificate.matter_id).exists()


@pytest.mark.clause("SVTAD 1.23", "12.6(h)")
def test_a_closed_issue_s_provider_may_be_certified_again_after_a_late_fix(full):
    house = full.house
    [issue] = issues_of(full, house.alpha, 1, state="RETEST")
    cover(full)
    assert full.assess("CERTIFICATES", provider=house.alpha).verdict == "NOT_MET"
    change_state(issue=issue, to_state="CLOSED", by=MAKER, at=at(days=6))
    assert full.assess("CERTIFICATES", provider=house.alpha).verdict == "MET"
    phase_actions.facts_changed(scope=full.scope, at=at(days=7))
    draft_certificate(scope=full.scope, provider=house.alpha, by=MAKER)
