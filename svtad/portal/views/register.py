"""The registrar's form: put something before a body. Its subject is chosen first, then the subject's form follows."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from issues.models import TestingIssue
from svtad.gates.policies import paper_audience
from svtad.governance.actions import open_matter
from svtad.governance.policies import check_can_open_matter
from svtad.governance.registry import RECORD_ONLY
from svtad.lib.errors import InvalidInput
from svtad.parties.actors import Actor
from svtad.parties.policies import allowed
from svtad.parties.views.pages import PageRequest, carried_out, done, page
from svtad.portal.forms import OpenForm
from svtad.rulebook.procedures import PROCEDURES, Procedure
from testphases.queries import scopes_for

#: Where the form of a procedure stands: the page of what it is about, and the act that is opened there.
ISSUE_ACTS = {"EXCLUSION": "exclude", "SEVERITY_DISPUTE": "dispute", "SCT_COUNT": "count"}
PHASE_PAGES = {
    "DESCOPE_PIT": "testphases:tests",
    "DESCOPE_SIT": "testphases:tests",
    "ASSURANCE_REPORT": "gates:evidence",
    "TEST_COMPLETION_CERTIFICATE": "gates:papers",
    "WORK_OFF_PLAN": "gates:papers",
    "APPROVAL_TO_PROCEED": "gates:papers",
}


@dataclass(frozen=True)
class Row:
    """One procedure, how it is opened, and why this person may not open it, if so."""

    rules: Procedure
    refused: str

    @property
    def subject(self) -> str:
        """Return what is chosen first: a Testing Issue, or a phase."""
        return "issue" if self.rules.key in ISSUE_ACTS else "phase"


@page("GET")
def register(request: PageRequest) -> HttpResponseBase:
    """List the procedures, who proposes and who decides, and where each is opened."""
    rows = [
        Row(rules, allowed(check_can_open_matter, request.actor, rules)[1])
        for rules in sorted(PROCEDURES.values(), key=lambda each: each.title)
    ]
    return render(request, "portal/register.html", {"title": "Open a matter", "rows": rows})


@page("GET", "POST")
def open_(request: PageRequest, procedure: str) -> HttpResponseBase:
    """Choose what the matter is about, and go to its form; open it here where it is only recorded."""
    rules = PROCEDURES.get(procedure)
    if rules is None:
        raise Http404
    check_can_open_matter(request.actor, rules)
    scopes = scopes_for(request.actor)
    if rules.phase_kinds:
        scopes = scopes.filter(kind__in=rules.phase_kinds)
    about_issue = procedure in ISSUE_ACTS
    here = procedure not in ISSUE_ACTS and procedure not in PHASE_PAGES
    data = request.POST if request.method == "POST" else None
    form = OpenForm(
        data, scopes=scopes, about_issue=about_issue, full=here, initial={"scope": request.GET.get("scope")}
    )
    if data is not None:
        address = carried_out(form, lambda: _address(request.actor, rules, form, here=here))
        if address is not None:
            return done(request, "The matter is open.", address) if here else redirect(address)
    context = {
        "title": f"Open a matter: {rules.title}",
        "rules": rules,
        "form": form,
        "here": here,
        "record_only": procedure in RECORD_ONLY,
    }
    return render(request, "portal/open.html", context, status=400 if form.errors else 200)


def _address(actor: Actor, rules: Procedure, form: OpenForm, *, here: bool) -> str:
    given = form.cleaned_data
    if rules.key in ISSUE_ACTS:
        issue = TestingIssue.objects.visible_to(actor).filter(reference__iexact=given["issue"].strip()).first()
        if issue is None:
            raise InvalidInput.one("issue", "There is no such Testing Issue among those you may see.")
        return f"{reverse('issues:issue', args=[issue.public_id])}?do={ISSUE_ACTS[rules.key]}#acts"
    scope = given["scope"]
    if not here:
        return reverse(PHASE_PAGES[rules.key], args=[scope.public_id])
    matter = open_matter(
        procedure=rules.key,
        document=rules.document,
        version=rules.version,
        title=given["title"] or f"{rules.title}: {scope.name}",
        rationale=given["rationale"],
        scope_id=scope.public_id,
        audience=paper_audience(),
        is_synthetic=scope.is_synthetic,
        by=actor,
    )
    return reverse("governance:matter", args=[matter.public_id])
