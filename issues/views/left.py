"""What left the count as rejected or as not DCC-caused: for TAB and TAG to see, with the reasons (rule 4)."""

from __future__ import annotations

from collections import Counter

from django.http import HttpResponseBase
from django.shortcuts import render

from issues.queries import filter_choices
from issues.queries.viewed import left_rows
from issues.rendering import LEFT_HEADER, left_cells, left_xlsx
from issues.views.log import params_of, scope_asked
from svtad.lib.xlsxout import MEDIA_TYPE as XLSX
from svtad.parties.views.lists import csv_response, download, paged
from svtad.parties.views.pages import PageRequest, moment_of, page
from testphases.queries import scopes_for


@page("GET")
def left(request: PageRequest) -> HttpResponseBase:
    """List the issues that left the count by a determination; `?as_at=` as it stood, `?as=csv` and `xlsx` the same."""
    moment = moment_of(request)
    rows = left_rows(params_of(request), actor=request.actor, moment=moment)
    stamp = f"-{moment:%Y%m%dT%H%MZ}" if moment else ""
    if request.GET.get("as") == "csv":
        return csv_response(f"issues-out-of-the-count{stamp}.csv", LEFT_HEADER, map(left_cells, rows))
    if request.GET.get("as") == "xlsx":
        return download(left_xlsx(rows), name=f"issues-out-of-the-count{stamp}.xlsx", media_type=XLSX)
    scope = scope_asked(request)
    names = ("q", "scope", "left", "provider", "severity")
    context = {
        "title": "Testing Issues out of the count",
        "rows": paged(request, rows),
        "ways": sorted(Counter(row.left_as for row in rows).items()),
        "scope": scope,
        "release": scope.release if scope else None,
        "scopes": scopes_for(request.actor),
        "choices": filter_choices(actor=request.actor, scope_id=scope.pk if scope else None),
        "chosen": {name: request.GET.get(name, "") for name in names},
        "chips": any(request.GET.get(name) for name in names if name != "scope"),
        "as_at": moment,
        "can_look_back": True,
        "synthetic": bool(scope and scope.is_synthetic),
    }
    return render(request, "issues/left.html", context)
