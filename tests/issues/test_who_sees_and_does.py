"""Who may see an issue, and who may do what to it, role by role: two Suppliers and two providers among them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction

from issues.actions import (
    attribute,
    change_state,
    determine_severity,
    edit_issue,
    link_run,
    produce_issue_log,
    raise_issue,
)
from issues.models import IssueLog, TestingIssue
from issues.queries import filter_choices, issue_list
from svtad.audit.models import AuditEvent
from svtad.parties.actors import ANONYMOUS, Actor
from svtad.parties.audiences import visible_audience_ids
from svtad.parties.policies import allowed
from testphases.models import TestScope
from tests.factories import MAKER, House, at, make_issue

EVERYBODY = (
    "test_manager", "registrar", "administrator", "tab_member", "tag_member", "panel_member", "sit_auditor",
    "test_tooling", "provider_tester", "provider_tester beta", "provider_tester gamma", "test_tooling alpha",
    "participant", "participant other_supplier", "anonymous", "system",
)  # fmt: skip


def who(house: House, name: str) -> Actor:
    if name in ("anonymous", "system"):
        return {"anonymous": ANONYMOUS, "system": MAKER}[name]
    role, _, organisation = name.partition(" ")
    return house.actor(role, getattr(house, organisation) if organisation else None)


@pytest.fixture
def issues(house) -> dict[str, TestingIssue]:
    """Issues by who raised them and who answers for them, raised where either can."""
    sct = house.scope("SCT")
    return {
        "supplier": make_issue(sct, raised_by=house.supplier),
        "supplier>alpha": make_issue(sct, raised_by=house.supplier, severity="3", provider=house.alpha),
        "other>beta": make_issue(sct, raised_by=house.other_supplier, severity="3", provider=house.beta),
        "alpha": make_issue(sct, raised_by=house.alpha),
        "beta>alpha": make_issue(sct, raised_by=house.beta, severity="2", provider=house.alpha),
        "dcc": make_issue(sct, raised_by=house.dcc, cause="DCC"),
    }


ALL = {"supplier", "supplier>alpha", "other>beta", "alpha", "beta>alpha", "dcc"}
SEES = {
    **dict.fromkeys(EVERYBODY[:8], ALL),
    "provider_tester": {"supplier>alpha", "alpha", "beta>alpha"},
    "test_tooling alpha": {"supplier>alpha", "alpha", "beta>alpha"},
    "provider_tester beta": {"other>beta", "beta>alpha"},
    "provider_tester gamma": set(),
    "participant": {"supplier", "supplier>alpha"},
    "participant other_supplier": {"other>beta"},
    "anonymous": set(),
    "system": ALL,
}


def test_who_sees_which_issues(house, issues):
    names = {issue.pk: label for label, issue in issues.items()}
    for name in EVERYBODY:
        actor = who(house, name)
        assert {names[issue.pk] for issue in TestingIssue.objects.visible_to(actor)} == SEES[name], name
        assert {names[issue.pk] for issue in issue_list({}, actor=actor)} == SEES[name], name


def test_filter_choices_name_nobody_whose_issues_one_does_not_see(house, issues):
    for name in EVERYBODY:
        choices = filter_choices(actor=who(house, name))
        seen = [issues[label] for label in SEES[name]]
        assert {text for _, text in choices.raisers} == {issue.raised_by.name for issue in seen}, name
        assert {text for _, text in choices.providers} == {issue.provider.name for issue in seen if issue.provider}, (
            name
        )


def test_the_audit_of_an_issue_is_seen_only_by_those_who_see_the_issue(house, issues):
    labels = {issue.public_id: label for label, issue in issues.items()}
    events = AuditEvent.objects.filter(action__in=("raise_issue", "determine_severity", "attribute"))
    assert {labels[event.subject_id] for event in events} == ALL
    for name in EVERYBODY:
        seen = events.filter(audience_id__in=visible_audience_ids(who(house, name)))
        assert {labels[event.subject_id] for event in seen} <= SEES[name], name


#: Who may do what to an issue that Supplier raised and Alpha answers for.
ACTS: dict[str, tuple[Callable[[House, TestingIssue, Actor], object], set[str]]] = {
    "determine": (
        lambda house, issue, actor: determine_severity(issue=issue, severity="5", by=actor, at=at(days=1)),
        {"test_manager", "test_tooling", "system"},
    ),
    "attribute": (
        lambda house, issue, actor: attribute(
            issue=issue, cause="DCC_SYSTEM", provider=house.beta, by=actor, at=at(days=1)
        ),
        {"test_manager", "test_tooling", "system"},
    ),
    "determine the state": (
        lambda house, issue, actor: change_state(issue=issue, to_state="DETERMINED", by=actor, at=at(days=1)),
        {"test_manager", "test_tooling", "system"},
    ),
    "reject": (
        lambda house, issue, actor: change_state(
            issue=issue, to_state="REJECTED", reasons="No", by=actor, at=at(days=1)
        ),
        {"test_manager", "test_tooling", "system"},
    ),
    "reword": (
        lambda house, issue, actor: edit_issue(issue=issue, title="Reworded", by=actor, at=at(days=1)),
        {"test_manager", "test_tooling", "participant", "system"},
    ),
    "produce the log": (
        lambda house, issue, actor: produce_issue_log(scope=issue.scope, by=actor, at=at(days=1)),
        {"test_manager", "registrar", "system"},
    ),
}  # fmt: skip


@pytest.mark.clause("SVTAD 1.23", "14.1", "13.19")
@pytest.mark.parametrize("act", ACTS)
def test_who_does_what(house, act):
    issue = make_issue(house.scope("SCT"), raised_by=house.supplier, severity="3", provider=house.alpha)
    do, permitted = ACTS[act]
    assert those_who_can(house, issue, do) == permitted


def test_who_moves_an_issue_through_its_fix(house):
    issue = make_issue(
        house.scope("SCT"), raised_by=house.supplier, severity="3", provider=house.alpha, state="DETERMINED"
    )

    def move(house: House, issue: TestingIssue, actor: Actor) -> object:
        return change_state(issue=issue, to_state="IN_FIX", by=actor, at=at(days=1))

    assert those_who_can(house, issue, move) == {"test_manager", "test_tooling", "system"}


def those_who_can(house: House, issue: TestingIssue, do: Callable[[House, TestingIssue, Actor], object]) -> set[str]:
    """Let everybody try, each on the issue as it is; return who was not denied. A denied act leaves nothing."""
    done = set()
    for name in EVERYBODY:
        actor, fresh = who(house, name), TestingIssue.objects.get(pk=issue.pk)
        before = (TestingIssue.objects.filter(pk=issue.pk).values().get(), AuditEvent.objects.count())
        attempt = transaction.savepoint()
        permitted, reason = allowed(do, house, fresh, actor)
        if permitted:
            done.add(name)
        else:
            assert reason, name
            assert before == (TestingIssue.objects.filter(pk=issue.pk).values().get(), AuditEvent.objects.count())
        transaction.savepoint_rollback(attempt)
    return done


#: (who, in which phase, for whom): what they may raise.
RAISES = [
    ("test_manager", "SIT", "supplier", True),
    ("test_manager", "PIT", "gamma", True),
    ("test_tooling", "SIT", "alpha", True),
    ("provider_tester", "SIT", "alpha", True),
    ("provider_tester", "PIT", "alpha", True),
    ("provider_tester", "SIT", "beta", False),
    ("provider_tester", "SIT", "supplier", False),
    ("provider_tester gamma", "SIT", "gamma", False),
    ("test_tooling alpha", "SIT", "alpha", True),
    ("test_tooling alpha", "SIT", "dcc", False),
    ("participant", "SCT", "supplier", True),
    ("participant", "INTERFACE", "supplier", True),
    ("participant", "PIT", "supplier", False),
    ("participant", "SCT", "other_supplier", False),
    ("participant", "SCT", "dcc", False),
    ("registrar", "SIT", "dcc", False),
    ("tag_member", "SIT", "tag", False),
    ("sit_auditor", "SIT", "auditor", False),
    ("anonymous", "SIT", "supplier", False),
]


@pytest.mark.clause("SVTAD 1.23", "14.1")
@pytest.mark.parametrize(("name", "kind", "organisation", "taken"), RAISES)
def test_who_raises_what_for_whom(house, name, kind, organisation, taken):
    scope = house.scope(kind)
    done, reason = allowed(
        lambda: raise_issue(
            scope=scope, title="x", raised_by=getattr(house, organisation), by=who(house, name), at=at(days=1)
        )
    )
    assert (done, bool(reason)) == (taken, not taken)
    assert TestingIssue.objects.count() == taken


def test_only_the_dcc_gives_references(house, sit):
    given = {"scope": sit, "title": "x", "raised_by": house.alpha, "reference": "DSP-7", "at": at(days=1)}
    with pytest.raises(Exception, match="References are given by the product"):
        raise_issue(**given, by=house.actor("provider_tester"))
    assert raise_issue(**given, by=house.actor("test_manager")).reference == "DSP-7"
    with pytest.raises(Exception, match="already"):
        raise_issue(**given, by=house.actor("test_manager"))


def test_who_sees_a_log(house, issues):
    produce_issue_log(scope=house.scope("SCT"), by=MAKER, at=at(days=1))
    seeing = {name for name in EVERYBODY if IssueLog.objects.visible_to(who(house, name)).exists()}
    assert seeing == {*EVERYBODY[:8], "system"}


def test_a_link_is_made_by_who_works_on_the_issue_or_raised_it(house, sit):
    issue = make_issue(sit, raised_by=house.alpha, severity="3", provider=house.beta)
    [test] = house.plan(sit, "TC-1")
    run = house.run(test)

    def link(house: House, issue: TestingIssue, actor: Actor) -> object:
        return link_run(issue=issue, run=run, by=actor, at=at(days=1))

    assert those_who_can(house, issue, link) == {
        "test_manager", "test_tooling", "provider_tester", "test_tooling alpha", "system"
    }  # fmt: skip


def test_a_scope_is_needed_to_see_nothing_more_than_ones_own(house, issues):
    scope = TestScope.objects.get(kind="SCT")
    seen = filter_choices(actor=who(house, "participant"), scope_id=scope.pk)
    assert seen.severities == ("3",)
