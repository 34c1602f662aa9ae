"""The issue log: one address is the view; its CSV is the same view."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from issues.actions import produce_issue_log, raise_issue
from issues.forms import LogForm, RaiseForm
from issues.models import Cause, IssueState, TestingIssue
from issues.policies import check_can_bulk_edit, check_can_produce_log, check_can_see_terms
from issues.queries import counts_by_provider_and_severity, filter_choices, issue_list
from issues.queries.lists import SORTS
from issues.queries.logs import complete_log
from issues.queries.viewed import issues_of_view, past_rows, rows_now, rows_of_view, with_boards
from issues.rendering import LOG_HEADER, VIEW_HEADER, log_rows, log_xlsx, view_cells, view_xlsx
from svtad.devices.models import DeviceModelCombination
from svtad.lib.errors import InvalidInput
from svtad.lib.xlsxout import MEDIA_TYPE as XLSX
from svtad.parties.actors import Actor
from svtad.parties.policies import allowed, require
from svtad.parties.views.lists import Sort, csv_response, download, paged
from svtad.parties.views.pages import PageRequest, carried_out, done, moment_of, page, safe_back
from testphases.models import PlannedTest, TestScope
from testphases.queries import scopes_for

#: So many issues are listed on the page of a test or a DMC; the log has them all.
SHOWN = 50
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
    "environment",
    "requirement",
    "left",
)
#: Filters without a control of their own on the page: it says that they are on, and carries them.
HIDDEN_FILTERS = ("raised_by", "functional_group", "requirement")


@page("GET")
def log(request: PageRequest) -> HttpResponseBase:
    """List Testing Issues that the person may see, as the address asks; `?as_at=` shows a past moment."""
    moment = moment_of(request)
    params = params_of(request)
    found: QuerySet[TestingIssue] = issue_list(params, actor=request.actor)
    sort = _sort(params)
    if request.GET.get("as"):
        return _export(request, params, moment)
    past = past_rows(params, actor=request.actor, moment=moment) if moment else None
    listed = paged(request, past if past is not None else with_boards(found, request.actor))
    if past is None:
        listed.object_list = list(rows_now(listed.object_list))
    scope = scope_asked(request)
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
        "narrowed": [name for name in HIDDEN_FILTERS if request.GET.get(name)],
        "sees_terms": allowed(check_can_see_terms, request.actor)[0],
        "may_change": not moment and allowed(check_can_bulk_edit, request.actor)[0],
        "pdf_query": request.GET.urlencode(),
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


def _export(request: PageRequest, params: dict[str, list[str]], moment: dt.datetime | None) -> HttpResponseBase:
    """Send the view as `?as=` asks: `csv` and `xlsx` its columns, `log-csv` and `log-xlsx` the complete log of it."""
    kind = request.GET["as"]
    stamp = f"-{moment:%Y%m%dT%H%MZ}" if moment else ""
    if kind in ("log-csv", "log-xlsx"):
        issues = issues_of_view(params, actor=request.actor, moment=moment)
        contents = complete_log(issues, moment, actor=request.actor)
        if kind == "log-csv":
            return csv_response(f"testing-issue-log{stamp}.csv", LOG_HEADER, log_rows(contents))
        return download(log_xlsx(contents), name=f"testing-issue-log{stamp}.xlsx", media_type=XLSX)
    rows = rows_of_view(params, actor=request.actor, moment=moment)
    if kind == "xlsx":
        return download(view_xlsx(rows), name=f"testing-issues{stamp}.xlsx", media_type=XLSX)
    if kind != "csv":
        raise InvalidInput.one("as", "is one of csv, xlsx, log-csv, log-xlsx")
    return csv_response(f"testing-issues{stamp}.csv", VIEW_HEADER, map(view_cells, rows))


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
    seen = TestingIssue.objects.visible_to(request.actor)
    found = seen.filter(run_links__run__planned_test=test).distinct().order_by("reference")
    requirements = [each for each in test.versions.current().values_list("requirement", flat=True) if each]
    alike = seen.filter(requirement__in=requirements).exclude(pk__in=found.values("pk")).order_by("reference")
    context = {
        "title": f"Testing Issues of {test}",
        "test": test,
        "issues": found,
        "requirements": requirements,
        "alike": alike[:SHOWN],
    }
    return render(request, "issues/of_test_part.html" if request.htmx else "issues/of_test.html", context)


@page("GET")
def of_dmc(request: PageRequest, public_id: str) -> HttpResponseBase:
    """List the issues that concern a DMC, or showed in its runs; a part of a page for htmx, a page without."""
    dmc = get_object_or_404(DeviceModelCombination.objects.visible_to(request.actor), public_id=public_id)
    seen = TestingIssue.objects.visible_to(request.actor)
    concerned = Q(dmc=dmc) | Q(run_links__run__planned_test__dmc=dmc)
    found = seen.filter(pk__in=seen.filter(concerned).values("pk")).select_related("scope").order_by("reference")
    context = {"title": f"Testing Issues of {dmc}", "dmc": dmc, "issues": found[:SHOWN], "more": found.count() - SHOWN}
    return render(request, "issues/of_dmc_part.html" if request.htmx else "issues/of_dmc.html", context)


def _raisable(actor: Actor) -> QuerySet[Any]:
    """Return the phases in which `actor` may raise an issue: a participant that sees none may raise in any of H14's."""
    seen = scopes_for(actor)
    if actor.may("see_all_phases") or actor.may("see_own_phases"):
        return seen
    every = TestScope.objects.exclude(kind="PIT").select_related("release__programme")
    return every.order_by("release__position", "pk")


def params_of(request: PageRequest) -> dict[str, list[str]]:
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


def scope_asked(request: PageRequest) -> TestScope | None:
    """Return the one phase that the address names, of those the person may see."""
    asked = request.GET.getlist("scope")
    if len(asked) != 1 or not asked[0]:
        return None
    found: TestScope | None = scopes_for(request.actor).filter(public_id=asked[0]).first()
    return found


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
