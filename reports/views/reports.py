"""Reports: having one made, watching it, and those that are filed."""

from __future__ import annotations

from django.db.models import Prefetch
from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render

from reports.actions import request_certificate_paper, request_completion_report, request_issue_log, request_pack
from reports.policies import check_can_request_report
from reports.rendering.packs import VERIFY
from svtad.gates.models import Assessment, FiledReport, SealedPack, TestCompletionCertificate
from svtad.gates.queries import is_stale, latest_assessment, steps_for
from svtad.gates.views.checklist import STEP_TITLES
from svtad.governance.models import Job, JobState, Matter, StoredFile
from svtad.lib.errors import ActionDenied
from svtad.parties.policies import allowed
from svtad.parties.views.lists import csv_response, paged
from svtad.parties.views.pages import PageRequest, moment_of, page
from svtad.rulebook.vocabulary import Step
from testphases.models import TestScope
from testphases.queries import scopes_for

KINDS = ("completion_report", "completion_report_annex", "certificate_paper", "sealed_pack")
TITLES = {"completion_report": "Completion Report", "completion_report_annex": "Completion Report, annex volume"}

#: The last packs are listed; REST has them all.
PACKS_SHOWN = 50


@page("GET")
def reports(request: PageRequest) -> HttpResponseBase:
    """List the reports that are filed, also as CSV; for one phase (`?scope=`) offer to have one made."""
    if not request.actor.may("see_reports"):
        raise ActionDenied("SVTAD 9.7", "Reports are for those who govern the phases.")
    scopes = list(scopes_for(request.actor))
    scope = next((each for each in scopes if each.public_id == request.GET.get("scope")), None)
    rows = (
        FiledReport.objects.filter(
            scope__in=scopes if scope is None else [scope], file__in=StoredFile.objects.visible_to(request.actor)
        )
        .select_related("scope__release", "file")
        .prefetch_related(Prefetch("assessment", Assessment.objects.defer("facts")))
        .order_by("-pk")
    )
    if release := request.GET.get("release"):
        rows = rows.filter(scope__release__public_id=release) if scope is None else rows
    if request.GET.get("as") == "csv":
        return csv_response(
            "reports.csv",
            ("Report", "Phase", "Made", "By", "Step", "Verdict", "As at", "Pages", "File", "SHA-256", "Facts SHA-256"),
            (
                (
                    TITLES.get(each.kind, each.kind),
                    each.scope.name,
                    each.recorded_at,
                    each.recorded_by,
                    each.assessment.step,
                    each.assessment.verdict,
                    each.assessment.as_at,
                    each.pages,
                    each.file.name,
                    each.file.sha256,
                    each.assessment.facts_sha256,
                )
                for each in rows
            ),
        )
    under_way = (
        Job.objects.visible_to(request.actor)
        .filter(kind__in=KINDS, state__in=(JobState.QUEUED, JobState.RUNNING))
        .order_by("-pk")
    )
    may, refused = allowed(check_can_request_report, request.actor, scope) if scope else (False, "")
    context = {
        "title": f"{scope.name}: reports" if scope else "Reports",
        "scope": scope,
        "scopes": scopes,
        "release": scope.release if scope else None,
        "reports": paged(request, rows, size=50),
        "titles": TITLES,
        "step_titles": STEP_TITLES,
        "jobs": under_way,
        "packs": SealedPack.objects.visible_to(request.actor)
        .filter(scope__in=scopes if scope is None else [scope])
        .select_related("scope", "assessment", "matter", "file", "signature", "signer")
        .defer("assessment__facts")[:PACKS_SHOWN],
        "verify": VERIFY,
        "choices": _choices(scope) if scope else [],
        "may": may,
        "refused": refused,
        "reportable": scope is not None and scope.kind != "PIT",
        "synthetic": bool(scope and scope.is_synthetic),
    }
    return render(request, "portal/reports.html", context)


@page("POST")
def request_report(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Have a Completion Report made of a kept judgement, or of the latest of the phase; show the job."""
    scope = get_object_or_404(scopes_for(request.actor), public_id=public_id)
    chosen = request.POST.get("assessment")
    if chosen:
        assessment = get_object_or_404(
            Assessment.objects.visible_to(request.actor).select_related("scope"), public_id=chosen, scope=scope
        )
        job = request_completion_report(assessment=assessment, by=request.actor)
    else:
        job = request_completion_report(scope=scope, by=request.actor)
    return redirect("governance:job", job.public_id)


@page("POST")
def request_log(request: PageRequest) -> HttpResponseBase:
    """Have the Testing Issue log made as a PDF, with the query of the page that asked; show the job."""
    asked = QueryDict(request.POST.get("query", ""))
    params = {name: list(values) for name, values in asked.lists() if name not in ("as", "as_at", "page")}
    request.GET = asked
    job = request_issue_log(params=params, moment=moment_of(request), by=request.actor)
    return redirect("governance:job", job.public_id)


@page("POST")
def request_sealed_pack(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Have a sealed decision pack made of a kept judgement, or of a matter of the phase; show the job."""
    scope = get_object_or_404(scopes_for(request.actor), public_id=public_id)
    if request.POST.get("matter"):
        seen = Matter.objects.visible_to(request.actor).filter(scope_id=scope.public_id)
        job = request_pack(
            matter=get_object_or_404(seen, public_id=request.POST["matter"]),
            by=request.actor,
        )
    else:
        kept = Assessment.objects.visible_to(request.actor).select_related("scope").filter(scope=scope)
        job = request_pack(
            assessment=get_object_or_404(kept, public_id=request.POST.get("assessment", "")), by=request.actor
        )
    return redirect("governance:job", job.public_id)


@page("GET")
def signer_of_pack(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Send the certificate that a pack was sealed with, as `signer.pem`."""
    pack = get_object_or_404(SealedPack.objects.visible_to(request.actor).select_related("signer"), public_id=public_id)
    return HttpResponse(
        pack.signer.pem,
        content_type="application/x-pem-file",
        headers={"Content-Disposition": 'attachment; filename="signer.pem"'},
    )


@page("POST")
def request_paper(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Have the paper of an issued certificate made, or signed where it is not; show the job."""
    seen = TestCompletionCertificate.objects.filter(
        scope__in=scopes_for(request.actor).order_by().values("pk"),
        matter__in=Matter.objects.visible_to(request.actor).order_by().values("pk"),
    ).select_related("scope", "matter__audience", "assessment")
    certificate = get_object_or_404(seen, public_id=public_id)
    job = request_certificate_paper(certificate=certificate, by=request.actor)
    return redirect("governance:job", job.public_id)


def _choices(scope: TestScope) -> list[tuple[Assessment, bool]]:
    """Return the latest judgement at each exit step, the last step first, and whether it is stale."""
    found = [latest_assessment(scope, step) for step in reversed(steps_for(scope)) if step is not Step.ENTRY]
    return [(each, is_stale(each)) for each in found if each is not None]
