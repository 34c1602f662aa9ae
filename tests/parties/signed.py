"""The product's addresses and two more: a form that is signed, with a file, and a page that is."""

from __future__ import annotations

import datetime as dt

from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.urls import path

from svtad.config.urls import urlpatterns as product
from svtad.parties.views.pages import PageRequest, page
from svtad.parties.views.reentry import require_recent_credentials

#: How often the form's act was done.
done: list[str] = []


@page("POST")
def signed(request: PageRequest) -> HttpResponseBase:
    """Say what arrived, once credentials were entered."""
    if (asked := require_recent_credentials(request, what="record this decision")) is not None:
        return asked
    done.append(request.POST.get("rationale", ""))
    files = {
        field: [(each.name, each.content_type, each.size, each.read().decode()) for each in uploads]
        for field, uploads in request.FILES.lists()
    }
    return JsonResponse({"fields": dict(request.POST.lists()), "files": files, "query": request.GET.dict()})


@page("GET", "POST")
def shown(request: PageRequest) -> HttpResponseBase:
    """Show a page, once credentials were entered within a minute."""
    if (asked := require_recent_credentials(request, dt.timedelta(minutes=1), what="look at this")) is not None:
        return asked
    return HttpResponse("shown")


urlpatterns = [path("signed/", signed), path("shown/", shown), *product]
