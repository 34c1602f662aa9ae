"""The issue log: one address is the view; its CSV is the same view."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from issues.actions import produce_issue_log, raise_issue
from issues.forms import LogForm, RaiseForm
from issues.models import Cause, ExclusionProposal, IssueState, SeverityDispute, TestingIssue
from issues.policies import check_can_produce_log
from issues.queries import IssueAt, counts_by_provider_and_severity, filter_choices, issue_list, issue_rows
from issues.queries.lists import SORTS
from svtad.parties.actors import Actor
from svtad.parties.policies import allowed, require
from svtad.parties.views.lists import Sort, csv_response, paged
from svtad.parties.views.pages import PageRequest, carried_out, done, moment_of, page, safe_back
from testphases.models import PlannedTest, TestScope
from testphases.queries import scopes_for

#: Filters of the log that the page offers; each is a name in the address.
FILTERS = (
    "q",
    "scope",
    "state",
    "open",
    "severity",
    "cause",
    "provider",
    "raised_by",
    "dmc",
    "functional_group",
    "excluded",
    "disputed",
    "raised_from",
    "raised_to",
)
HEADER = (
    "Reference",
    "External id",
    "Title",
    "Severity",
    "Priority",
    "State",
    "Cause",
    "Who answers for it",
    "DMC",
    "Functional group",
    "Phase",
    "Release",
    "Raised by",
    "Found",
    "Recorded",
    "Before a board",
)


@dataclass(frozen=True)
class LogRow:
    """One line of the log, of now or of a past moment."""

    public_id: str
    reference: str
    external_id: str
    title: str
    severity: str
    priority: str
    state: str
    state_label: str
    cause: str
    provider: str
    dmc: str
    functional_group: str
    phase: str
    release: str
    raised_by: str
    occurred_at: dt.datetime
    recorded_at: dt.datetime
    boards: tuple[tuple[str, str, str], ...] = ()

    @property
    def is_open(self) -> bool:
        """Return whether the issue is not finally closed."""
        return self.state not in (IssueState.CLOSED, IssueState.REJECTED)


@page("GET")
def log(request: PageRequest) -> HttpResponseBase:
    """List Testing Issues that the person may see, as the address asks; `?as_at=` shows a past moment."""
    moment = moment_of(request)
    params = _params(request)
    found: QuerySet[TestingIssue] = issue_list(params, actor=request.actor)
    sort = _sort(params)
    past = _past_rows(params, request.actor, moment, sort) if moment else None
    if request.GET.get("as") == "csv":
        rows = past if past is not None else _rows(_with_boards(found, request.actor).iterator(chunk_size=500))
        return csv_response("testing-issues.csv", HEADER, map(_csv_line, rows))
    listed = paged(request, past if past is not None else _with_boards(found, request.actor))
    if past is None:
        listed.object_list = list(_rows(listed.object_list))
    scope = _scope_asked(request)
    may_log, log_refused = allowed(check_can_produce_log, request.actor)
    context = {
        "title": "Testing Issues",
        "rows": listed,
        "sort": sort,
        "scope": scope,
        "release": scope.release if scope else None,
        "choices": filter_choices(actor=request.actor, scope_id=scope.pk if scope else None),
        "scopes": scopes_for(request.actor),
        "states": IssueState.choices,
        "causes": [(each.value, each.label) for each in Cause if each.value],
        "chosen": {name: request.GET.get(name, "") for name in FILTERS},
        "chips": any(request.GET.get(name) for name in FILTERS if name != "scope"),
        "counts": None if moment else _table(counts_by_provider_and_severity(found)),
        "as_at": moment,
        "can_look_back": True,
        "may_raise": request.actor.may("raise_issue"),
        "may_log": may_log,
        "log_refused": log_refused,
        "synthetic": bool(scope and scope.is_synthetic),
    }
    return render(request, "issues/log.html", context)


@page("GET", "POST")
def raise_(request: PageRequest) -> HttpResponseBase:
    """Raise a Testing Issue by hand."""
    require(request.actor, "raise_issue", clause="SVTAD 14.1", what="raise a Testing Issue")
    scopes = _raisable(request.actor)
    form = RaiseForm(
        request.POST or None, scopes=scopes, actor=request.actor, initial={"scope": request.GET.get("scope")}
    )
    if request.method == "POST":
        made = carried_out(form, lambda: raise_issue(**form.cleaned_data, by=request.actor))
        if made is not None:
            return done(request, f"{made.reference} is raised.", "issues:issue", made.public_id)
    context = {"title": "Raise a Testing Issue", "form": form}
    return render(request, "issues/raise.html", context, status=400 if form.errors else 200)


@page("POST")
def produce_log(request: PageRequest) -> HttpResponseBase:
    """Produce the Testing Issue log of a phase and keep it as evidence (9.2, 12.6(e))."""
    form = LogForm(request.POST, scopes=scopes_for(request.actor))
    made = carried_out(form, lambda: produce_issue_log(scope=form.cleaned_data["scope"], by=request.actor))
    if made is None:
        return render(request, "issues/produce_log.html", {"title": "Testing Issue log", "form": form}, status=400)
    said = f"The log of {made.issue_count} Testing Issues is produced and kept."
    return done(request, said, safe_back(request, f"{reverse('issues:log')}?scope={made.scope.public_id}"))


@page("GET")
def of_test(request: PageRequest, public_id: str) -> HttpResponseBase:
    """List the issues that showed in the runs of a planned test; a part of a page for htmx, a page without."""
    test = get_object_or_404(
        PlannedTest.objects.visible_to(request.actor).select_related("scope__release", "definition", "dmc"),
        public_id=public_id,
    )
    found = (
        TestingIssue.objects.visible_to(request.actor)
        .filter(run_links__run__planned_test=test)
        .distinct()
        .order_by("reference")
    )
    context = {"title": f"Testing Issues of {test}", "test": test, "issues": found}
    return render(request, "issues/of_test_part.html" if request.htmx else "issues/of_test.html", context)


def _raisable(actor: Actor) -> QuerySet[Any]:
    """Return the phases in which `actor` may raise an issue: a participant that sees none may raise in any of H14's."""
    seen = scopes_for(actor)
    if actor.may("see_all_phases") or actor.may("see_own_phases"):
        return seen
    every = TestScope.objects.exclude(kind="PIT").select_related("release__programme")
    return every.order_by("release__position", "pk")


def _params(request: PageRequest) -> dict[str, list[str]]:
    """Return the address's parameters; the header's release narrows to its phases where no phase is named."""
    params = {name: list(values) for name, values in request.GET.lists()}
    release = params.pop("release", [""])[0]
    if release and not any(params.get("scope", [])):
        phases = TestScope.objects.filter(release__public_id=release).values_list("public_id", flat=True)
        params["scope"] = list(phases) or [release]
    return params


def _sort(params: Mapping[str, list[str]]) -> Sort:
    asked = next(iter(params.get("sort", [])), "") or "reference"
    key = asked.removeprefix("-")
    return Sort(key, asked.startswith("-"), (SORTS.get(key, "reference"),))


def _scope_asked(request: PageRequest) -> TestScope | None:
    asked = request.GET.getlist("scope")
    if len(asked) != 1 or not asked[0]:
        return None
    found: TestScope | None = scopes_for(request.actor).filter(public_id=asked[0]).first()
    return found


def _with_boards(found: QuerySet[TestingIssue], actor: Actor) -> QuerySet[TestingIssue]:
    return found.prefetch_related(
        Prefetch("exclusions", ExclusionProposal.objects.visible_to(actor).select_related("matter")),
        Prefetch("disputes", SeverityDispute.objects.visible_to(actor).select_related("matter")),
    )


def _rows(issues: Iterable[TestingIssue]) -> Iterator[LogRow]:
    causes = dict(Cause.choices)
    for issue in issues:
        boards = [("Exclusion", each.matter.state, each.matter.public_id) for each in issue.exclusions.all()]
        boards += [("Dispute", each.matter.state, each.matter.public_id) for each in issue.disputes.all()]
        yield LogRow(
            public_id=issue.public_id,
            reference=issue.reference,
            external_id=issue.external_id,
            title=issue.title,
            severity=issue.severity,
            priority=issue.priority,
            state=issue.state,
            state_label=issue.get_state_display(),
            cause=causes.get(issue.cause, issue.cause),
            provider=issue.provider.name if issue.provider else "",
            dmc=issue.dmc.reference if issue.dmc else "",
            functional_group=issue.functional_group,
            phase=issue.scope.name,
            release=issue.scope.release.code,
            raised_by=issue.raised_by.name,
            occurred_at=issue.occurred_at,
            recorded_at=issue.recorded_at,
            boards=tuple(boards),
        )


#: Filters whose answer changes with time: at a past moment they are asked of the past, not of the current columns.
_OF_THE_MOMENT = ("state", "open", "severity", "cause", "provider", "excluded", "disputed")


def _past_rows(params: Mapping[str, list[str]], actor: Actor, moment: dt.datetime, sort: Sort) -> list[LogRow]:
    steady = {name: values for name, values in params.items() if name not in _OF_THE_MOMENT}
    issues = issue_list(steady, actor=actor).filter(recorded_at__lte=moment)
    rows = [_past_row(each) for each in issue_rows(issues, moment) if _fits(each, params)]
    if sort.key in _PAST_SORTS:
        rows.sort(key=lambda row: (str(getattr(row, _PAST_SORTS[sort.key])), row.reference), reverse=sort.backwards)
    return rows


_PAST_SORTS = {
    "reference": "reference",
    "title": "title",
    "severity": "severity",
    "priority": "priority",
    "state": "state",
    "provider": "provider",
    "cause": "cause",
    "raised_by": "raised_by",
    "raised": "occurred_at",
    "recorded": "recorded_at",
    "dmc": "dmc",
    "phase": "phase",
}


def _fits(issue: IssueAt, params: Mapping[str, list[str]]) -> bool:
    def asked(name: str) -> list[str]:
        return [value for value in params.get(name, []) if value]

    return (
        (not asked("state") or issue.state in asked("state"))
        and (not asked("open") or issue.is_open == (asked("open")[0] == "yes"))
        and (not asked("severity") or (issue.severity or "none") in asked("severity"))
        and (not asked("cause") or (issue.cause or "none") in asked("cause"))
        and (not asked("provider") or (issue.provider_public_id or "none") in asked("provider"))
    )


def _past_row(issue: IssueAt) -> LogRow:
    return LogRow(
        public_id=issue.public_id,
        reference=issue.reference,
        external_id="",
        title=issue.title,
        severity=issue.severity,
        priority=issue.priority,
        state=issue.state,
        state_label=IssueState(issue.state).label,
        cause=dict(Cause.choices).get(issue.cause, issue.cause),
        provider=issue.provider_name,
        dmc=issue.dmc_reference,
        functional_group=issue.functional_group,
        phase=issue.phase_kind,
        release=issue.release,
        raised_by=issue.raised_by_name,
        occurred_at=issue.occurred_at,
        recorded_at=issue.recorded_at,
    )


def _csv_line(row: LogRow) -> tuple[object, ...]:
    boards = "; ".join(f"{what} {state}" for what, state, _ in row.boards)
    return (
        row.reference,
        row.external_id,
        row.title,
        row.severity,
        row.priority,
        row.state_label,
        row.cause,
        row.provider,
        row.dmc,
        row.functional_group,
        row.phase,
        row.release,
        row.raised_by,
        row.occurred_at,
        row.recorded_at,
        boards,
    )


def _table(counts: Iterable[Any]) -> dict[str, Any]:
    """Return the counts as a table: severities across, providers down, open ones only."""
    rows = list(counts)
    severities = sorted({row.severity for row in rows})
    providers: dict[str, dict[str, int]] = {}
    for row in rows:
        providers.setdefault(row.provider_name or "Not attributed", {})[row.severity] = row.open
    return {
        "severities": [(each, each or "none yet") for each in severities],
        "rows": [(name, [held.get(each, 0) for each in severities]) for name, held in sorted(providers.items())],
        "open": sum(row.open for row in rows),
        "closed": sum(row.closed for row in rows),
    }
