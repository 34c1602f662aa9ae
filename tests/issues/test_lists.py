"""The issue log's list: filters, order, counts and its export from one reading of the address."""

from __future__ import annotations

import datetime as dt

import pytest
from django.http import QueryDict

from issues.actions import dispute_severity, propose_exclusion
from issues.models import TestingIssue
from issues.queries import counts_by_provider_and_severity, issue_list
from svtad.lib.errors import InvalidInput
from tests.factories import MAKER, House, at, decide, make_dmc, make_house, make_issue

SUMMER_MIDNIGHT = dt.datetime(2026, 6, 9, 23, 30, tzinfo=dt.UTC)  # 10 June, 00:30, in London


def make_issues(house: House) -> tuple[House, dict[str, TestingIssue]]:
    sit, dmc = house.scope("SIT", "MOC"), make_dmc("DMC-A")
    return house, {
        "one": make_issue(
            sit, raised_by=house.supplier, title="Alert lost", severity="3", provider=house.alpha, state="IN_FIX",
            dmc=dmc, functional_group="Alerts", source="jira", external_id="J-77",
        ),
        "two": make_issue(
            sit, raised_by=house.dcc, title="Clock drifts", description="After an alert", severity="2",
            provider=house.beta, state="CLOSED", functional_group="Time",
        ),
        "three": make_issue(house.scope("SCT"), raised_by=house.dcc, title="Join fails", moment=SUMMER_MIDNIGHT),
        "four": make_issue(
            house.scope("SIT", "IOC"), raised_by=house.alpha, title="Bad firmware", severity="3", cause="DEVICE",
            reasons="Firmware", state="REJECTED",
        ),
    }  # fmt: skip


@pytest.fixture(scope="class")
def lent_issues(lend) -> tuple[House, dict[str, TestingIssue]]:
    return lend(make_house, make_issues)


@pytest.fixture
def house(lent_issues, db) -> House:
    return lent_issues[0]


@pytest.fixture
def issues(lent_issues, db) -> dict[str, TestingIssue]:
    return lent_issues[1]


def names(issues, params, actor=MAKER) -> set[str]:
    found = {issue.pk: name for name, issue in issues.items()}
    return {found[issue.pk] for issue in issue_list(params, actor=actor)}


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, {"one", "two", "three", "four"}),
        ({"q": ""}, {"one", "two", "three", "four"}),
        ({"q": "alert"}, {"one", "two"}),
        ({"q": "ALERT lost"}, {"one"}),
        ({"q": "J-77"}, {"one"}),
        ({"q": "MOC-SIT-0001"}, {"two"}),
        ({"q": "100%_"}, set()),
        ({"state": "IN_FIX"}, {"one"}),
        ({"state": ["IN_FIX", "CLOSED"]}, {"one", "two"}),
        ({"open": "yes"}, {"one", "three"}),
        ({"open": "no"}, {"two", "four"}),
        ({"severity": "3"}, {"one", "four"}),
        ({"severity": "none"}, {"three"}),
        ({"severity": ["2", "none"]}, {"two", "three"}),
        ({"provider": "alpha"}, {"one"}),
        ({"provider": ["alpha", "beta"]}, {"one", "two"}),
        ({"provider": "none"}, {"three", "four"}),
        ({"provider": ["beta", "none"]}, {"two", "three", "four"}),
        ({"provider": "nobody"}, set()),
        ({"cause": "DEVICE"}, {"four"}),
        ({"cause": "none"}, {"three"}),
        ({"raised_by": "dcc"}, {"two", "three"}),
        ({"dmc": "DMC-A"}, {"one"}),
        ({"dmc": "none"}, {"two", "three", "four"}),
        ({"functional_group": "Time"}, {"two"}),
        ({"kind": "SIT"}, {"one", "two", "four"}),
        ({"kind": "SIT", "release": "MOC"}, {"one", "two"}),
        ({"scope": "nowhere"}, set()),
        ({"severity": "3", "open": "yes"}, {"one"}),
        ({"raised_from": "2026-06-10"}, {"three"}),
        ({"raised_to": "2026-06-09"}, {"one", "two", "four"}),
        ({"raised_from": "2026-03-02", "raised_to": "2026-03-02"}, {"one", "two", "four"}),
        ({"page": "7", "columns": "title", "severity": ""}, {"one", "two", "three", "four"}),
    ],
)
def test_a_filter_keeps_what_it_names(issues, params, expected):
    assert names(issues, params) == expected


def test_public_ids_name_scopes_and_organisations(house, sit, issues):
    assert names(issues, {"scope": sit.public_id}) == {"one", "two"}
    assert names(issues, {"provider": house.beta.public_id}) == {"two"}
    assert names(issues, {"raised_by": house.alpha.public_id}) == {"four"}


def test_the_addresss_own_query_is_taken_as_it_is(issues):
    query = QueryDict("state=IN_FIX&state=CLOSED&severity=2")
    assert names(issues, dict(query.lists())) == {"two"}


def test_every_bad_value_is_named_at_once(issues):
    with pytest.raises(InvalidInput) as raised:
        issue_list(
            {
                "state": ["IN_FIX", "BROKEN"], "open": "perhaps", "cause": "METEOR", "raised_from": "10/06/2026",
                "raised_to": "soon", "sort": "colour", "excluded": "1", "disputed": "x",
            },
            actor=MAKER,
        )  # fmt: skip
    errors = {error.field: error.message for error in raised.value.errors}
    assert set(errors) == {"state", "open", "cause", "raised_from", "raised_to", "sort", "excluded", "disputed"}
    assert "BROKEN" in errors["state"]
    assert "IN_FIX" in errors["state"]
    assert "YYYY-MM-DD" in errors["raised_from"]


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_a_day_that_no_clock_reaches_is_named(issues, day):
    with pytest.raises(InvalidInput) as raised:
        issue_list({"raised_from": day, "raised_to": day}, actor=MAKER)
    assert [error.field for error in raised.value.errors] == ["raised_from", "raised_to"]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("", ["IOC-SIT-ALPHA-0001", "MOC-SCT-0001", "MOC-SIT-0001", "MOC-SIT-SUPPLIER-0001"]),
        ("-reference", ["MOC-SIT-SUPPLIER-0001", "MOC-SIT-0001", "MOC-SCT-0001", "IOC-SIT-ALPHA-0001"]),
        ("severity", ["MOC-SCT-0001", "MOC-SIT-0001", "IOC-SIT-ALPHA-0001", "MOC-SIT-SUPPLIER-0001"]),
        ("-severity", ["IOC-SIT-ALPHA-0001", "MOC-SIT-SUPPLIER-0001", "MOC-SIT-0001", "MOC-SCT-0001"]),
    ],
)
def test_a_list_is_in_the_order_asked_for_and_the_reference_settles_ties(issues, sort, expected):
    assert [issue.reference for issue in issue_list({"sort": sort}, actor=MAKER)] == expected


def test_counts_are_of_the_list_by_provider_and_severity(house, issues):
    rows = counts_by_provider_and_severity(issue_list({"kind": "SIT"}, actor=MAKER))
    assert {(row.provider_name, row.severity): (row.open, row.closed) for row in rows} == {
        ("ALPHA Ltd", "3"): (1, 0),
        ("BETA Ltd", "2"): (0, 1),
        ("", "3"): (0, 1),
    }


def test_a_list_is_read_in_one_query(issues, django_assert_num_queries):
    with django_assert_num_queries(1):
        shown = [
            (issue.reference, issue.provider and issue.provider.name, issue.dmc and issue.dmc.reference,
             issue.raised_by.name, issue.scope.release.code)
            for issue in issue_list({"open": "yes"}, actor=MAKER)
        ]  # fmt: skip
    assert shown == [
        ("MOC-SCT-0001", None, None, "DCC Ltd", "MOC"),
        ("MOC-SIT-SUPPLIER-0001", "ALPHA Ltd", "DMC-A", "SUPPLIER Ltd", "MOC"),
    ]


def test_filters_do_not_tell_of_matters_that_one_may_not_see(house, issues):
    one = issues["one"]
    proposal = propose_exclusion(issue=one, scope=one.scope, rationale="x", by=MAKER, at=at(days=1))
    decide(proposal.matter, "TAG", "AGREE", moment=at(days=2))
    dispute_severity(issue=one, participant_severity="4", reasons="x", raised_by=house.beta, by=MAKER, at=at(days=1))
    for actor in (house.actor("participant"), house.actor("provider_tester")):
        assert "one" in names(issues, {"excluded": "no", "disputed": "no"}, actor)
        assert names(issues, {"excluded": "yes"}, actor) == names(issues, {"disputed": "yes"}, actor) == set()
    assert names(issues, {"excluded": "yes", "disputed": "yes"}, house.actor("tag_member")) == {"one"}
