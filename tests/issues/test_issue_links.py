"""Related and duplicate issues: seen from both ends, no circle, and no duplicate leaves the count by being one."""

from __future__ import annotations

import itertools

import pytest

from issues.actions import link_issues, unlink_issues
from issues.models import IssueLink, IssueLinkEnd
from issues.queries import links_of
from issues.queries.cells import cells_of
from svtad.audit.models import AuditEvent
from svtad.gates.gathering import gather
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from svtad.lib.models import AppendOnlyError
from svtad.parties.models import Audience
from tests.factories import MAKER, at, make_issue

CLAUSE = "SVTAD 1.23"


@pytest.fixture
def four(house, sit):
    return [
        make_issue(sit, raised_by=house.supplier, severity="3", provider=house.alpha, state="IN_FIX") for _ in range(4)
    ]


def duplicate(issue, other, **more):
    return link_issues(issue=issue, other=other, kind="DUPLICATE_OF", by=more.pop("by", MAKER), at=at(days=1), **more)


def test_both_ends_show_a_link_each_in_its_own_words(four, house):
    manager = house.actor("test_manager")
    duplicate(four[0], four[1], by=manager, reasons="The same night.")
    link_issues(issue=four[0], other=four[2], kind="RELATED", by=manager, at=at(days=1))
    words = {issue.pk: [(seen.words, seen.other.pk) for seen in links_of(issue, actor=manager)] for issue in four}
    assert words == {
        four[0].pk: [("Duplicate of", four[1].pk), ("Related to", four[2].pk)],
        four[1].pk: [("Has the duplicate", four[0].pk)],
        four[2].pk: [("Related to", four[0].pk)],
        four[3].pk: [],
    }


@pytest.mark.clause(CLAUSE, "13.18", "13.19")
def test_a_duplicate_counts_as_it_did(four, sit):
    before, facts = cells_of([sit.pk], excluded=()), gather(sit, as_at=at(days=2))
    duplicate(four[0], four[1])
    assert cells_of([sit.pk], excluded=()) == before
    assert gather(sit, as_at=at(days=2)).issues == facts.issues


def test_the_same_link_again_stores_nothing_and_related_is_the_same_from_either_end(four):
    first = link_issues(issue=four[0], other=four[1], kind="RELATED", by=MAKER, at=at(days=1))
    events = AuditEvent.objects.count()
    assert link_issues(issue=four[1], other=four[0], kind="RELATED", by=MAKER, at=at(days=2)) == first
    assert duplicate(four[0], four[1]) == duplicate(four[0], four[1])
    assert (IssueLink.objects.count(), AuditEvent.objects.count()) == (2, events + 1)


@pytest.mark.parametrize("length", [2, 3, 4])
def test_a_circle_of_duplicates_is_refused_however_long(four, length):
    for issue, other in itertools.pairwise(four[:length]):
        duplicate(issue, other)
    with pytest.raises(Refused, match="circle"):
        duplicate(four[length - 1], four[0])


def test_an_issue_is_linked_to_another_and_is_a_duplicate_of_one_only(four):
    with pytest.raises(InvalidInput, match="itself"):
        duplicate(four[0], four[0])
    with pytest.raises(InvalidInput):
        link_issues(issue=four[0], other=four[1], kind="TWIN", by=MAKER)
    duplicate(four[0], four[1])
    with pytest.raises(Refused, match="already"):
        duplicate(four[0], four[2])


def test_a_link_is_taken_back_with_reasons_and_what_stood_stays_readable(four):
    link = duplicate(four[0], four[1])
    with pytest.raises(InvalidInput):
        unlink_issues(link=link, reasons=" ", by=MAKER)
    unlink_issues(link=link, reasons="Another night.", by=MAKER, at=at(days=3))
    with pytest.raises(Refused, match="taken back already"):
        unlink_issues(link=link, reasons="x", by=MAKER)
    assert links_of(four[0], actor=MAKER) == []
    assert [seen.link for seen in links_of(four[0], actor=MAKER, moment=at(days=2))] == [link]
    duplicate(four[1], four[0])  # no circle any more
    with pytest.raises(AppendOnlyError):
        link.delete()
    assert IssueLinkEnd.objects.get().reasons == "Another night."


def test_a_link_tells_nobody_of_an_issue_they_may_not_see(house, sit, four):
    foreign = make_issue(sit, raised_by=house.other_supplier, severity="3", provider=house.beta)
    supplier = house.actor("participant")
    duplicate(four[0], foreign, by=house.actor("test_manager"))
    assert links_of(four[0], actor=supplier) == []
    assert links_of(foreign, actor=house.actor("provider_tester", house.beta)) == []
    with pytest.raises(ActionDenied):
        duplicate(four[1], foreign, by=supplier)
    keys = Audience.objects.get(pk=AuditEvent.objects.get(action="link_issues").audience_id).text
    assert "tag" in keys.split(",")
    assert "org:" not in keys


def test_who_neither_raised_nor_works_on_an_issue_links_it_not(house, four):
    for role in ("provider_tester", "tag_chair", "registrar"):
        with pytest.raises(ActionDenied):
            duplicate(four[0], four[1], by=house.actor(role))
    assert duplicate(four[0], four[1], by=house.actor("participant"))
