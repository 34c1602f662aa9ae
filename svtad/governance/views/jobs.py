"""Jobs: what runs, how far it is, what came of it."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from svtad.governance.actions import cancel_job
from svtad.governance.models import Job, JobState
from svtad.parties.views.lists import paged
from svtad.parties.views.pages import PageRequest, done, page

#: Where a job leads when it is done: a key of its result or its parameters, and the route that takes its value.
LEADS_TO = (("file", "governance:file"), ("batch", "portal:import"), ("scope", "gates:phase"))


@page("GET")
def jobs(request: PageRequest) -> HttpResponseBase:
    """List the jobs that the person may see, the newest first; `?state=` and `?kind=` narrow it."""
    rows = Job.objects.visible_to(request.actor).select_related("requested_by")
    state, kind = request.GET.get("state", ""), request.GET.get("kind", "")
    if state in JobState.values:
        rows = rows.filter(state=state)
    kinds = list(rows.order_by("kind").values_list("kind", flat=True).distinct())
    if kind:
        rows = rows.filter(kind=kind)
    context = {
        "title": "Jobs",
        "jobs": paged(request, rows),
        "states": JobState.choices,
        "kinds": kinds,
        "state": state,
        "kind": kind,
    }
    return render(request, "governance/jobs.html", context)


@page("GET")
def job(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Show one job. Asked by htmx, only its progress; the whole page when it has come to its end."""
    found = get_object_or_404(Job.objects.visible_to(request.actor), public_id=public_id)
    running = found.state in (JobState.QUEUED, JobState.RUNNING)
    context = {
        "title": found.title,
        "job": found,
        "running": running,
        "leads_to": "" if running else result_address(found),
        "may_cancel": found.state == JobState.QUEUED and found.requested_by_id == request.actor.person_pk,
    }
    template = "governance/job_progress.html" if request.htmx else "governance/job.html"
    return render(request, template, context)


@page("POST")
def cancel(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Take back a job that still waits."""
    found = get_object_or_404(Job.objects.visible_to(request.actor), public_id=public_id)
    cancel_job(job=found, by=request.actor)
    return done(request, f"{found.title}: taken back.", "governance:job", found.public_id)


def result_address(job: Job) -> str:
    """Return the address of what came of a job that is done, or "" where it has no page of its own."""
    if job.state != JobState.DONE:
        return ""
    for key, route in LEADS_TO:
        value = (job.result or {}).get(key) or job.params.get(key)
        if isinstance(value, str) and value:
            return reverse(route, args=[value])
    return ""
