"""Severity disputes (14.2 to 14.5): who may, about what, and what holds until TAG has notified."""

from __future__ import annotations

import pytest

from issues.actions import change_state, dispute_severity, withdraw_dispute
from issues.models import SeverityDetermination, SeverityDispute, TestingIssue
from issues.queries import disputes_at, issue_list, pending_disputes_at
from svtad.governance.actions import record_decision
from svtad.governance.handlers import handler_for
from svtad.governance.models import Matter
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from tests.factories import MAKER, at, decide, make_issue

CLAUSE = "SVTAD 1.23"


@pytest.fixture
def issue(house, sit) -> TestingIssue:
    return make_issue(sit, raised_by=house.supplier, severity="4", provider=house.alpha, state="IN_FIX")


def dispute(issue, raised_by, *, severity="3", day: float = 1, by=MAKER, reasons="It stops installs"):
    return dispute_severity(
        issue=issue, participant_severity=severity, reasons=reasons, raised_by=raised_by, by=by, at=at(days=day)
    )


@pytest.mark.clause(CLAUSE, "14.2")
def test_a_participant_puts_its_severity_beside_the_dccs_before_tag(house, sit, issue):
    made = dispute(issue, house.supplier, by=house.actor("participant"))
    assert (made.dcc_severity, made.participant_severity, made.raised_by) == ("4", "3", house.supplier)
    assert (made.matter.procedure, made.matter.state, made.matter.proposer) == (
        "SEVERITY_DISPUTE",
        "RAISED",
        "PARTICIPANT",
    )
    for role in ("tag_member", "tab_member", "panel_member", "registrar", "participant"):
        assert made in SeverityDispute.objects.visible_to(house.actor(role)), role
    for outsider in (house.actor("participant", house.other_supplier), house.actor("provider_tester")):
        assert made not in SeverityDispute.objects.visible_to(outsider)
        assert made.matter not in Matter.objects.visible_to(outsider)
    assert list(issue_list({"disputed": "yes"}, actor=MAKER)) == [issue]


@pytest.mark.clause(CLAUSE, "14.2", "14.4")
def test_the_dccs_severity_stands_until_tag_has_notified(house, sit, issue):
    made = dispute(issue, house.supplier)
    assert TestingIssue.objects.get().severity == "4"
    decide(made.matter, "TAG", "DECIDE", moment=at(days=2), notified=at(days=3), severity="3")
    assert TestingIssue.objects.get().severity == "3"
    row = SeverityDetermination.objects.latest("id")
    assert (row.body, row.occurred_at, row.effective_at, row.recorded_at) == ("TAG", at(days=2), at(days=3), at(days=3))
    assert row.decision is not None
    assert row.decision.matter == made.matter
    pending = [[found.matter_pk for found in pending_disputes_at([sit.pk], at(days=day))] for day in (0.5, 1, 2.5, 3)]
    assert pending == [[], [made.matter_id], [made.matter_id], []]
    assert [found.state for found in disputes_at([sit.pk], None)] == ["DECIDED"]
    assert list(issue_list({"disputed": "yes"}, actor=MAKER)) == []


@pytest.mark.clause(CLAUSE, "14.4")
def test_tags_decision_is_not_taken_without_its_notification_nor_before_it(house, issue):
    made = dispute(issue, house.supplier)
    given = {"matter": made.matter, "body": "TAG", "outcome": "DECIDE", "decided_at": at(days=2), "by": MAKER}
    with pytest.raises(InvalidInput, match="notified"):
        record_decision(**given, data={"severity": "3"}, at=at(days=3))
    with pytest.raises(InvalidInput):
        record_decision(**given, data={"severity": "3"}, effective_at=at(days=4), at=at(days=3))
    assert (TestingIssue.objects.get().severity, Matter.objects.get().state) == ("4", "RAISED")


@pytest.mark.clause(CLAUSE, "14.2")
@pytest.mark.parametrize("severity", ["", "9", "urgent"])
def test_tag_decides_on_a_severity_of_the_document(house, issue, severity):
    made = dispute(issue, house.supplier)
    with pytest.raises(InvalidInput):
        decide(made.matter, "TAG", "DECIDE", moment=at(days=2), severity=severity)
    assert Matter.objects.get().state == "RAISED"


@pytest.mark.clause(CLAUSE, "14.2")
def test_a_decision_that_confirms_the_dcc_is_written_down_and_final_too(house, issue):
    made = dispute(issue, house.supplier)
    decide(made.matter, "TAG", "DECIDE", moment=at(days=2), severity="4")
    assert SeverityDetermination.objects.latest("id").body == "TAG"
    with pytest.raises(Refused, match="final"):
        dispute(issue, house.supplier, day=3)


@pytest.mark.clause(CLAUSE, "14.2")
def test_one_open_dispute_an_issue(house, issue):
    made = dispute(issue, house.supplier)
    with pytest.raises(Refused, match=made.matter.reference):
        dispute(issue, house.alpha, severity="2", day=2)
    withdraw_dispute(dispute=made, by=house.actor("participant"), at=at(days=2))
    assert dispute(issue, house.alpha, severity="2", day=3).matter.state == "RAISED"


@pytest.mark.clause(CLAUSE, "14.2")
def test_only_the_severity_and_only_another_one_is_disputed(house, issue):
    for severity in ("4", "0", "", "timetable"):
        with pytest.raises(InvalidInput) as raised:
            dispute(issue, house.supplier, severity=severity)
        assert [error.field for error in raised.value.errors] == ["participant_severity"]
    with pytest.raises(InvalidInput) as raised:
        dispute(issue, house.supplier, reasons=" ")
    assert [error.field for error in raised.value.errors] == ["reasons"]
    assert Matter.objects.count() == 0


@pytest.mark.clause(CLAUSE, "14.2")
def test_there_is_nothing_to_dispute_before_the_dcc_determined_or_after_the_issue_closed(house, sit):
    undetermined = make_issue(sit, raised_by=house.supplier)
    with pytest.raises(Refused, match="not determined"):
        dispute(undetermined, house.supplier)
    closed = make_issue(sit, raised_by=house.supplier, severity="4", provider=house.alpha, state="CLOSED")
    with pytest.raises(Refused, match="reopened"):
        dispute(closed, house.supplier)


@pytest.mark.clause(CLAUSE, "14.1", "14.2")
@pytest.mark.parametrize(("kind", "taken"), [("PIT", False), ("SIT", True), ("SCT", True), ("INTERFACE", True)])
def test_a_severity_can_be_disputed_wherever_h14_applies_but_not_in_pit(house, kind, taken):
    scope = house.scope(kind)
    issue = make_issue(scope, raised_by=house.alpha, severity="4", provider=house.alpha)
    if taken:
        assert dispute(issue, house.alpha).matter.state == "RAISED"
        return
    with pytest.raises(Refused) as refused:
        dispute(issue, house.alpha)
    assert refused.value.clause == "SVTAD 14.1"


@pytest.mark.clause(CLAUSE, "14.2")
def test_who_may_dispute(house, sit, issue):
    taken = [
        (house.actor("participant"), house.supplier),  # it raised the issue
        (house.actor("provider_tester"), house.alpha),  # it takes part and answers for it
        (house.actor("test_manager"), house.other_supplier),  # the DCC enters what came to it
        (house.actor("test_manager"), house.beta),  # takes part
        (house.actor("registrar"), house.supplier),  # the registrar opens it for whom it came from
    ]
    for number, (who, organisation) in enumerate(taken):
        made = dispute(issue, organisation, by=who, day=1 + 2 * number)
        withdraw_dispute(dispute=made, by=MAKER, at=at(days=2 + 2 * number))
    denied = [
        (house.actor("test_manager"), house.dcc),  # its own determination
        (house.actor("test_manager"), house.tab),  # a body is no Testing Participant
        (house.actor("test_manager"), house.gamma),  # takes no part
        (house.actor("participant", house.other_supplier), house.other_supplier),  # cannot see the issue
        (house.actor("provider_tester", house.beta), house.beta),  # cannot see it either
        (house.actor("participant"), house.other_supplier),  # acts for somebody else
        (house.actor("tag_member"), house.supplier),
    ]
    for who, organisation in denied:
        with pytest.raises(ActionDenied):
            dispute(issue, organisation, by=who, day=20)


@pytest.mark.clause(CLAUSE, "14.2")
def test_only_who_raised_a_dispute_withdraws_it_or_the_registrar_for_them(house, issue):
    made = dispute(issue, house.supplier)
    for stranger in ("test_manager", "tag_member"):
        with pytest.raises(ActionDenied):
            withdraw_dispute(dispute=made, by=house.actor(stranger), at=at(days=2))
    with pytest.raises(ActionDenied):
        withdraw_dispute(dispute=made, by=house.actor("participant", house.other_supplier), at=at(days=2))
    assert Matter.objects.get().state == "RAISED"
    withdraw_dispute(dispute=made, by=house.actor("registrar"), at=at(days=2))
    assert Matter.objects.get().state == "WITHDRAWN"
    with pytest.raises(Refused):
        decide(made.matter, "TAG", "DECIDE", moment=at(days=3), severity="3")


@pytest.mark.clause(CLAUSE, "14.2")
def test_a_dispute_outlives_the_issue_that_was_closed_meanwhile(house, sit, issue):
    made = dispute(issue, house.supplier)
    for number, state in enumerate(("FIXED", "RETEST", "CLOSED")):
        change_state(issue=issue, to_state=state, by=MAKER, at=at(days=2, hours=number))
    decide(made.matter, "TAG", "DECIDE", moment=at(days=3), severity="2")
    issue.refresh_from_db()
    assert (issue.state, issue.severity) == ("CLOSED", "2")


def test_the_matter_says_what_it_is_about(house, issue):
    made = dispute(issue, house.supplier)
    handler = handler_for("SEVERITY_DISPUTE")
    assert handler is not None
    said = handler.describe(made.matter)
    assert all(part in said for part in (issue.reference, "severity 3", "severity 4", "SUPPLIER Ltd"))
    assert issue.public_id in handler.url(made.matter)
    assert handler.audience(made.matter) == made.matter.audience
