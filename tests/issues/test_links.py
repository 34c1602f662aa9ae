"""Linking issues to the runs they showed in."""

from __future__ import annotations

import pytest

from issues.actions import link_run
from issues.models import IssueRunLink
from issues.queries.runs import LatestRuns
from svtad.audit.models import AuditEvent
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from tests.factories import MAKER, at, make_dmc, make_issue


def test_an_issue_is_linked_once(house, sit):
    issue = make_issue(sit, raised_by=house.dcc)
    [test] = house.plan(sit, "TC-1")
    run = house.run(test)
    first = link_run(issue=issue, run=run, by=MAKER, at=at(days=1))
    assert link_run(issue=issue, run=run, by=MAKER, at=at(days=2)).pk == first.pk
    assert (IssueRunLink.objects.count(), AuditEvent.objects.filter(action="link_run").count()) == (1, 1)


def test_a_tests_own_id_means_its_latest_run_in_the_issues_phase(house, sit):
    issue = make_issue(sit, raised_by=house.dcc)
    [test] = house.plan(sit, "suite.TC-1")
    house.run(test, "FAILED", moment=at(hours=1))
    latest = house.run(test, "FAILED", moment=at(hours=3))
    house.run(test, "SKIPPED", moment=at(hours=5))
    assert link_run(issue=issue, external_test_id="suite.TC-1", by=MAKER, at=at(days=1)).run == latest


def test_a_test_that_only_was_skipped_is_linked_by_its_last_attempt(house, sit):
    issue = make_issue(sit, raised_by=house.dcc)
    [test] = house.plan(sit, "TC-1")
    attempt = house.run(test, "IMPEDED", moment=at(hours=1))
    assert link_run(issue=issue, external_test_id="TC-1", by=MAKER, at=at(days=1)).run == attempt


def test_where_a_test_ran_on_several_dmcs_it_is_not_guessed_which(house, sit):
    left, right = make_dmc("D-1"), make_dmc("D-2")
    runs = {dmc.reference: house.run(house.plan(sit, "TC-1", dmc=dmc)[0]) for dmc in (left, right)}
    issue = make_issue(sit, raised_by=house.dcc)
    with pytest.raises(InvalidInput, match="D-1, D-2"):
        link_run(issue=issue, external_test_id="TC-1", by=MAKER, at=at(days=1))
    assert link_run(issue=issue, external_test_id="TC-1@D-2", by=MAKER, at=at(days=1)).run == runs["D-2"]
    on_left = make_issue(sit, raised_by=house.dcc, dmc=left)
    assert link_run(issue=on_left, external_test_id="TC-1", by=MAKER, at=at(days=1)).run == runs["D-1"]


def test_a_test_without_a_run_is_named(house, sit):
    issue = make_issue(sit, raised_by=house.dcc)
    house.plan(sit, "TC-1")
    for name in ("TC-1", "TC-2", "TC-1@D-9", ""):
        with pytest.raises(InvalidInput, match="no run"):
            link_run(issue=issue, external_test_id=name, by=MAKER, at=at(days=1))


def test_a_test_id_may_itself_hold_an_at_sign():
    runs = LatestRuns({"user@host": {"": 1}, "TC": {"D-1": 2, "D-2": 3}})
    assert runs.find(test="user@host") == (1, "")
    assert runs.find(test="TC@D-2") == (3, "")
    assert runs.find(test="TC@D-3") == (None, "“TC” has no run on D-3 in this phase.")


def test_a_run_that_one_may_not_see_is_not_linked(house, sit):
    [test] = house.plan(sit, "TC-1")  # Alpha's
    run = house.run(test)
    issue = make_issue(sit, raised_by=house.beta)
    beta = house.actor("provider_tester", house.beta)
    with pytest.raises(ActionDenied, match="no such run"):
        link_run(issue=issue, run=run, by=beta, at=at(days=1))
    with pytest.raises(InvalidInput, match="no run"):
        link_run(issue=issue, external_test_id="TC-1", by=beta, at=at(days=1))


def test_a_run_of_a_phase_where_the_issue_does_not_count_is_refused(house, sit):
    issue = make_issue(sit, raised_by=house.dcc)
    [earlier] = house.plan(house.scope("SIT", "IOC"), "TC-1")
    with pytest.raises(Refused, match="IOC SIT"):
        link_run(issue=issue, run=house.run(earlier), by=MAKER, at=at(days=1))
    [later] = house.plan(house.scope("SIT", "FOC"), "TC-1")
    assert link_run(issue=issue, run=house.run(later), by=MAKER, at=at(days=1)).run.scope.release.code == "FOC"
