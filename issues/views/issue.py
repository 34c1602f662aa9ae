"""One Testing Issue: what it is, its history, and what may be done about it by whom."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.forms import Form
from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404, render

from issues import actions, policies
from issues.forms import (
    CountingForm,
    DetermineForm,
    DisputeForm,
    ExclusionForm,
    LinkForm,
    LinkIssueForm,
    StateForm,
    WordingForm,
)
from issues.models import CountingQuestion, ExclusionProposal, IssueState, SeverityDispute, TestingIssue
from issues.queries import scopes_reached_from
from issues.queries.editions import severities_of
from issues.queries.reach import scopes_that_may_ask
from issues.queries.trackers import disagreements_of
from issues.views.shown import link_lines, said_context
from svtad.governance.models import Matter
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from svtad.parties.actors import Actor
from svtad.parties.models import Organisation, OrganisationKind
from svtad.parties.views.pages import PageRequest, carried_out, done, page
from svtad.rulebook.procedures import PROCEDURES
from testphases.models import TestRun, TestScope
from testphases.queries import participants


@dataclass(frozen=True)
class Act:
    """Something that may be done to the issue: its form, or why this person may not do it now."""

    name: str
    title: str
    label: str
    clause: str
    form: Form
    refused: str
    open: bool


@dataclass(frozen=True)
class HistoryLine:
    """One thing recorded about an issue."""

    what: str
    recorded_at: dt.datetime
    holds_from: dt.datetime
    by: str
    reasons: str
    matter: Matter | None = None


@page("GET")
def issue(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Show one issue."""
    return issue_page(request, visible_issue(request, public_id))


@page("POST")
def act(request: PageRequest, public_id: str, name: str) -> HttpResponseBase:
    """Do one of the acts of the issue's page; show the page again where its form lacks something."""
    found = visible_issue(request, public_id)
    if name not in _ACTS:
        raise Http404
    form = _form(name, found, request.actor, request)
    outcome = carried_out(form, lambda: _ACTS[name](found, form, request.actor))
    if outcome is None:
        return issue_page(request, found, tried=(name, form))
    message, to, args = outcome
    return done(request, message, to, *args)


Done = tuple[str, str, tuple[str, ...]]


def _determine(issue: TestingIssue, form: Form, by: Actor) -> Done:
    given = dict(form.cleaned_data)
    given["priority"] = given["priority"] or None
    actions.determine_issue(issue=issue, **given, by=by)
    return f"{issue.reference} is determined.", "issues:issue", (issue.public_id,)


def _move(issue: TestingIssue, form: Form, by: Actor) -> Done:
    given = dict(form.cleaned_data)
    given["expected_state"] = given["expected_state"] or None
    moved = actions.change_state(issue=issue, **given, by=by)
    return f"{issue.reference} is “{IssueState(moved.to_state).label}” now.", "issues:issue", (issue.public_id,)


def _reword(issue: TestingIssue, form: Form, by: Actor) -> Done:
    actions.edit_issue(issue=issue, **form.cleaned_data, by=by)
    return "Reworded; the words before stay readable.", "issues:issue", (issue.public_id,)


def _link(issue: TestingIssue, form: Form, by: Actor) -> Done:
    actions.link_run(issue=issue, **form.cleaned_data, by=by)
    return "Linked to the test's latest run.", "issues:issue", (issue.public_id,)


def _exclude(issue: TestingIssue, form: Form, by: Actor) -> Done:
    made = actions.propose_exclusion(issue=issue, **form.cleaned_data, by=by)
    said = f"{made.matter.reference} is open. The issue counts until TAG agrees (13.20)."
    return said, "governance:matter", (made.matter.public_id,)


def _dispute(issue: TestingIssue, form: Form, by: Actor) -> Done:
    made = actions.dispute_severity(issue=issue, **form.cleaned_data, by=by)
    said = f"{made.matter.reference} is before TAG. The DCC's severity stands meanwhile (14.4)."
    return said, "governance:matter", (made.matter.public_id,)


def _counting(issue: TestingIssue, form: Form, by: Actor) -> Done:
    made = actions.ask_counting(issue=issue, **form.cleaned_data, by=by)
    clause = "13.22" if made.matter.procedure == "SCT_COUNT" else "13.23"
    said = f"{made.matter.reference} is open. Until it is decided the threshold cannot be evaluated ({clause})."
    return said, "governance:matter", (made.matter.public_id,)


def _relate(issue: TestingIssue, form: Form, by: Actor) -> Done:
    given = form.cleaned_data
    other = TestingIssue.objects.visible_to(by).filter(reference__iexact=given["reference"].strip())
    found = other.select_related("scope__release", "raised_by", "provider").first()
    if found is None:
        raise InvalidInput.one("reference", "There is no such issue among those you may see.")
    try:
        link = actions.link_issues(issue=issue, other=found, kind=given["kind"], reasons=given["reasons"], by=by)
    except InvalidInput as error:
        raise InvalidInput.one("reference", error.errors[0].message) from error
    said = "It counts as before: no clause takes a duplicate out of the count." if given["kind"] != "RELATED" else ""
    return f"{link}. {said}".strip(), "issues:issue", (issue.public_id,)


_ACTS: dict[str, Callable[[TestingIssue, Form, Actor], Done]] = {
    "determine": _determine,
    "move": _move,
    "exclude": _exclude,
    "dispute": _dispute,
    "count": _counting,
    "link": _link,
    "relate": _relate,
    "reword": _reword,
}
#: What each act is called, what its button says, and the clause it is done under.
_TITLES = {
    "determine": ("Determine severity, cause and provider", "Determine", "14.1, 13.19"),
    "move": ("Move it through its life", "Move it", "14.1"),
    "exclude": ("Propose that it should not count", "Put it before TAG", "13.20"),
    "dispute": ("Dispute its severity", "Put it before TAG", "14.2"),
    "count": ("Ask whether it counts", "Open the question", "13.22, 13.23"),
    "link": ("Link it to a test's run", "Link", ""),
    "relate": ("Link it to another issue", "Link", ""),
    "reword": ("Mend the wording", "Reword", ""),
}


def visible_issue(request: PageRequest, public_id: str) -> TestingIssue:
    """Return the issue of that public id, of those the person may see; else there is no such page."""
    seen = TestingIssue.objects.visible_to(request.actor).select_related(
        "scope__release__programme", "scope__governed_by__document", "provider", "raised_by", "dmc", "batch__file"
    )
    found: TestingIssue = get_object_or_404(seen, public_id=public_id)
    return found


def _form(name: str, issue: TestingIssue, actor: Actor, request: PageRequest | None = None) -> Form:
    """Return the form of an act, bound when `request` is given."""
    data = request.POST if request is not None else None
    common: dict[str, Any] = {"data": data, "prefix": name}
    version = issue.scope.governed_by
    severities = severities_of(version.document.code, version.version)
    if name == "determine":
        providers = participants(issue.scope) | Organisation.objects.filter(kind=OrganisationKind.DCC)
        initial = {
            "severity": issue.severity,
            "priority": issue.priority,
            "cause": issue.cause,
            "provider": issue.provider.public_id if issue.provider else None,
        }
        return DetermineForm(
            **common, initial=initial, severities=severities, providers=providers.distinct().order_by("name")
        )
    if name == "move":
        lacking = policies.missing_for_determination(issue)
        states = [
            (state, IssueState(state).label)
            for state in policies.TRANSITIONS[issue.state]
            if not (lacking and state == IssueState.DETERMINED)
        ]
        return StateForm(**common, initial={"expected_state": issue.state}, states=states)
    if name == "count":
        return CountingForm(**common, scopes=scopes_that_may_ask(issue.scope).order_by("pk"))
    if name == "exclude":
        scopes = scopes_reached_from(issue.scope).filter(kind__in=PROCEDURES["EXCLUSION"].phase_kinds)
        return ExclusionForm(**common, scopes=scopes)
    if name == "dispute":
        return DisputeForm(**common, severities=severities, issue=issue, actor=actor)
    if name == "link":
        return LinkForm(**common)
    if name == "relate":
        return LinkIssueForm(**common)
    words = ("title", "description", "functional_group", "environment", "requirement")
    wording = {each: getattr(issue, each) for each in words}
    return WordingForm(**common, initial={**wording, "dmc": issue.dmc.reference if issue.dmc else None})


def _refusal(name: str, issue: TestingIssue, actor: Actor) -> str:
    """Return why `actor` may not do the act now, or ""."""
    own = Organisation.objects.filter(pk__in=actor.organisation_pks).exclude(kind=OrganisationKind.DCC).first()
    dcc = OrganisationKind.DCC in actor.organisation_kinds
    try:
        if name == "determine":
            policies.check_can_determine(actor, issue)
        elif name == "move":
            policies.check_can_work(actor, issue)
        elif name == "exclude":
            policies.check_can_propose_exclusion(actor, issue)
        elif name == "count":
            policies.check_can_ask_counting(actor, issue)
        elif name == "dispute" and (own is not None or not dcc):
            policies.check_can_dispute(actor, issue, raised_by=own or issue.raised_by)
        elif name in ("link", "relate"):
            policies.check_can_link(actor, issue)
        elif name == "reword":
            policies.check_can_edit(actor, issue)
        if name in ("determine", "exclude", "count", "dispute"):
            policies.check_is_open(issue, what="this")
    except (ActionDenied, Refused) as turned:
        return str(turned)
    if name == "dispute" and not issue.severity:
        return "The DCC has not determined a severity yet: there is nothing to dispute. (SVTAD 14.2)"
    return _asked_already(name, issue)


def _asked_already(name: str, issue: TestingIssue) -> str:
    """Return why no body can be asked this of the issue any more, in no phase where it might, or ""."""
    if name == "dispute":
        return _turned_by(policies.check_not_disputed, issue)
    if name not in _ASKED:
        return ""
    scopes, check = _ASKED[name]
    turned = [_turned_by(check, issue, scope) for scope in scopes(issue)]
    if not turned:
        return "An issue can be excluded in SIT and Interface Testing only. (SVTAD 13.20)" if name == "exclude" else ""
    return turned[0] if all(turned) else ""


#: What an issue's page asks of a body for a phase that is chosen there: the procedure, and what forbids asking again.
_ASKED: dict[str, tuple[Callable[[TestingIssue], Iterable[TestScope]], Callable[[TestingIssue, TestScope], None]]] = {
    "exclude": (
        lambda issue: scopes_reached_from(issue.scope).filter(kind__in=PROCEDURES["EXCLUSION"].phase_kinds),
        policies.check_not_excluded,
    ),
    "count": (lambda issue: scopes_that_may_ask(issue.scope), policies.check_not_asked),
}


def _turned_by(check: Callable[..., None], *args: object) -> str:
    """Return the reason for which `check` refuses, or ""."""
    try:
        check(*args)
    except Refused as turned:
        return str(turned)
    return ""


def _applies(name: str, issue: TestingIssue) -> bool:
    """Return whether the act makes sense for this issue at all."""
    if name == "count":
        return bool(scopes_that_may_ask(issue.scope).exists())
    if name == "dispute":
        return issue.scope.kind not in policies.PHASES_OUTSIDE_H14
    return True


def issue_page(
    request: PageRequest,
    issue: TestingIssue,
    *,
    tried: tuple[str, Form] | None = None,
    said: dict[str, Form] | None = None,
) -> HttpResponseBase:
    """Show the page of an issue; a form that was `tried`, or `said` by its prefix, stands there with its errors."""
    acts = []
    for name, (title, label, clause) in _TITLES.items():
        if not _applies(name, issue):
            continue
        mine = tried is not None and tried[0] == name
        form = tried[1] if mine and tried else _form(name, issue, request.actor)
        opened = mine or request.GET.get("do") == name
        acts.append(Act(name, title, label, clause, form, _refusal(name, issue, request.actor), opened))
    runs = TestRun.objects.visible_to(request.actor).filter(pk__in=issue.run_links.values("run_id"))
    context = {
        "title": f"{issue.reference} {issue.title}",
        "issue": issue,
        "scope": issue.scope,
        "release": issue.scope.release,
        "is_open": issue.state not in policies.CLOSED_STATES,
        "acts": acts,
        "history": _history(issue),
        "exclusions": ExclusionProposal.objects.visible_to(request.actor)
        .filter(issue=issue)
        .select_related("matter", "scope"),
        "disputes": SeverityDispute.objects.visible_to(request.actor)
        .filter(issue=issue)
        .select_related("matter", "raised_by"),
        "questions": CountingQuestion.objects.visible_to(request.actor)
        .filter(issue=issue)
        .select_related("matter", "scope"),
        "runs": runs.select_related("planned_test__definition", "planned_test__dmc", "version_set").order_by(
            "-occurred_at"
        ),
        "links": link_lines(issue, request.actor, said or {}),
        "disagreements": disagreements_of(issue, actor=request.actor),
        "sees_dmc": bool(issue.dmc) and (request.actor.may("see_all_phases") or request.actor.may("see_own_phases")),
        "sees_tests": TestScope.objects.visible_to(request.actor).filter(pk=issue.scope_id).exists(),
        "synthetic": issue.is_synthetic,
        **said_context(issue, request.actor, said or {}),
    }
    return render(request, "issues/issue.html", context, status=400 if tried or said else 200)


def _history(issue: TestingIssue) -> list[HistoryLine]:
    """Return everything recorded about the issue, the newest first."""
    moves = (
        HistoryLine(
            what=IssueState(change.to_state).label,
            recorded_at=change.recorded_at,
            holds_from=change.occurred_at,
            by=change.recorded_by,
            reasons=change.reasons,
        )
        for change in issue.state_changes.order_by("-pk")
    )
    gradings = (
        HistoryLine(
            what=f"Severity {row.severity}{f', priority {row.priority}' if row.priority else ''}, by {row.body}",
            recorded_at=row.recorded_at,
            holds_from=row.effective_at,
            by=row.recorded_by,
            reasons=row.reasons,
            matter=row.decision.matter if row.decision else None,
        )
        for row in issue.severities.select_related("decision__matter").order_by("-pk")
    )
    attributions = (
        HistoryLine(
            what=f"Cause: {held.get_cause_display()}{f'; {held.provider} answers for it' if held.provider else ''}",
            recorded_at=held.recorded_at,
            holds_from=held.effective_at,
            by=held.recorded_by,
            reasons=held.reasons,
        )
        for held in issue.attributions.select_related("provider").order_by("-pk")
    )
    lines = [*moves, *attributions, *gradings]
    # What was recorded in one go is listed as it came about: raised, graded, attributed, moved.
    return sorted(lines, key=lambda line: (line.recorded_at, line.what != IssueState.RAISED.label), reverse=True)
