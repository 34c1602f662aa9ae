"""Whether an SCT issue counts in SIT (13.22, 13.24)."""

from __future__ import annotations

import pytest

from issues.actions import ask_counting
from issues.models import CountingQuestion, TestingIssue
from issues.queries import counting_at
from svtad.governance.handlers import handler_for
from svtad.governance.models import Matter
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from testphases.models import FactsChanged
from tests.factories import MAKER, at, decide, heard, make_issue

CLAUSE = "SVTAD 1.23"


@pytest.fixture
def issue(house) -> TestingIssue:
    return make_issue(house.scope("SCT"), raised_by=house.supplier, severity="3", provider=house.alpha)


@pytest.mark.clause(CLAUSE, "13.22", "13.24")
def test_the_dcc_records_tags_view_and_may_refer_it_without_a_window(house, sit, issue):
    question = ask_counting(issue=issue, scope=sit, by=house.actor("test_manager"), at=at(days=1))
    with pytest.raises(Refused, match="The view of TAG"):
        decide(question.matter, "DCC", "NOT_COUNT", moment=at(days=2), tag_view="Only seen in SCT")
    heard(question.matter, moment=at(days=2))
    with pytest.raises(InvalidInput):
        decide(question.matter, "DCC", "COUNT", moment=at(days=2))
    decide(question.matter, "DCC", "NOT_COUNT", moment=at(days=2), tag_view="Only seen in SCT")
    decide(question.matter, "DCC", "REFER", moment=at(days=200))
    decide(question.matter, "SOS", "COUNT", moment=at(days=210))
    rows = [counting_at(sit, at(days=day)) for day in (0, 1, 2, 200, 210)]
    assert [[row.state.value for row in found] for found in rows] == [
        [], ["UNDECIDED"], ["NOT_COUNT"], ["NOT_COUNT_REFERRED"], ["SOS_COUNT"]
    ]  # fmt: skip
    assert [found[0].state.counts for found in rows[1:]] == [None, False, False, True]
    assert rows[1][0].issue_reference == issue.reference


@pytest.mark.clause(CLAUSE, "13.22")
def test_it_is_asked_once(house, sit, issue):
    first = ask_counting(issue=issue, scope=sit, by=MAKER, at=at(days=1))
    assert ask_counting(issue=issue, scope=sit, by=MAKER, at=at(days=2)) == first
    assert (CountingQuestion.objects.count(), Matter.objects.count()) == (1, 1)


@pytest.mark.clause(CLAUSE, "13.22")
def test_only_an_open_sct_issue_of_the_same_release_is_asked_about(house, sit, issue):
    with pytest.raises(Refused, match="another release"):
        ask_counting(issue=issue, scope=house.scope("SIT", "FOC"), by=MAKER, at=at(days=1))
    with pytest.raises(Refused, match="Only whether an SCT issue"):
        ask_counting(issue=make_issue(sit, raised_by=house.dcc), scope=sit, by=MAKER, at=at(days=1))
    with pytest.raises(Refused, match="Only whether an SCT issue"):
        ask_counting(issue=issue, scope=house.scope("PIT"), by=MAKER, at=at(days=1))
    closed = make_issue(house.scope("SCT"), raised_by=house.dcc, severity="3", provider=house.alpha, state="CLOSED")
    with pytest.raises(Refused, match="reopened"):
        ask_counting(issue=closed, scope=sit, by=MAKER, at=at(days=1))


@pytest.mark.clause(CLAUSE, "13.22")
def test_sit_is_told_of_each_step(house, sit, issue):
    FactsChanged.objects.all().delete()
    question = ask_counting(issue=issue, scope=sit, by=MAKER, at=at(days=1))
    heard(question.matter, moment=at(days=2))
    decide(question.matter, "DCC", "COUNT", moment=at(days=2), tag_view="Counts")
    told = FactsChanged.objects.filter(scope=sit).order_by("id").values_list("recorded_at", flat=True)
    assert list(told) == [at(days=1), at(days=2)]


@pytest.mark.parametrize("role", ["tag_member", "provider_tester", "participant", "sit_auditor"])
def test_only_the_dcc_asks(house, sit, issue, role):
    with pytest.raises(ActionDenied):
        ask_counting(issue=issue, scope=sit, by=house.actor(role), at=at(days=1))


def test_the_matter_says_what_it_is_about(house, sit, issue):
    question = ask_counting(issue=issue, scope=sit, by=MAKER, at=at(days=1))
    handler = handler_for("SCT_COUNT")
    assert handler is not None
    assert issue.reference in handler.describe(question.matter)
    assert issue.public_id in handler.url(question.matter)
    assert handler.audience(question.matter) == question.matter.audience
    assert question in CountingQuestion.objects.visible_to(house.actor("tag_member"))
    assert question not in CountingQuestion.objects.visible_to(house.actor("participant"))
