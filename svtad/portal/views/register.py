"""The registrar's form: put something before a body. Its subject is chosen first, then the subject's form follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from issues.models import TestingIssue
from svtad.gates.policies import paper_audience
from svtad.gates.queries import phase_kind_for
from svtad.governance.actions import keep_upload, open_matter
from svtad.governance.models import Matter
from svtad.governance.policies import check_can_open_recorded
from svtad.governance.registry import OWNERS, RECORD_ONLY, WITHOUT_PHASE
from svtad.governance.views.matter import severities_of
from svtad.lib.errors import InvalidInput
from svtad.parties.actors import Actor
from svtad.parties.models import Organisation
from svtad.parties.policies import allowed
from svtad.parties.views.pages import PageRequest, carried_out, done, page
from svtad.portal.forms import OpenForm
from svtad.rulebook.edition import PhaseKind
from svtad.rulebook.procedures import PROCEDURES, Procedure
from svtad.rulebook.procedures.listing import grouped
from svtad.rulebook.procedures.wording import GROUPS
from svtad.rulebook.vocabulary import Step
from testphases.models import TestScope
from testphases.models.scopes import ScopeState
from testphases.queries import scopes_for

#: Where the form of a procedure stands: the page of what it is about, and the act that is opened there.
ISSUE_ACTS = {"EXCLUSION": "exclude", "SEVERITY_DISPUTE": "dispute", "SCT_COUNT": "count", "INTERFACE_COUNT": "count"}
PHASE_PAGES = {
    "DESCOPE_PIT": "testphases:tests",
    "DESCOPE_SIT": "testphases:tests",
    "ASSURANCE_REPORT": "gates:evidence",
    "DMC_DESELECTION": "gates:dmcs",
    "TEST_COMPLETION_CERTIFICATE": "gates:papers",
    "WORK_OFF_PLAN": "gates:papers",
    "CORRECTION_PLAN": "gates:papers",
    "APPROVAL_TO_PROCEED": "gates:papers",
    "REDACTED_COPIES": "reports:copies",
}
#: Opened on the page of the Capability Release that they are about.
RELEASE_ACTS = frozenset({"INTERFACE_REPEAT", "CODE_PROMOTION"})
#: What is done on that page, for whoever comes there by this way.
HINTS = {
    "DESCOPE_PIT": "The phase's planned tests follow: choose those concerned, then propose to de-scope them.",
    "DESCOPE_SIT": "The phase's planned tests follow: choose those concerned, then propose to de-scope them.",
    "ASSURANCE_REPORT": "The form to attach the report follows. It is then presented to TAB from its row.",
    "TEST_COMPLETION_CERTIFICATE": "A certificate is drafted there for one DCC Service Provider at a time.",
    "CORRECTION_PLAN": "It is presented from the page of its Work Off Plan, which is listed there.",
    "WORK_OFF_PLAN": "A plan is drawn up there from the open Testing Issues that are in none yet.",
    "APPROVAL_TO_PROCEED": "It is drafted there, once 12.5(a) to (d) are met.",
    "REDACTED_COPIES": "What would be redacted of the package of 13.15(b) is proposed there.",
}
#: Phases for which these are over and done with.
_NOT_WHEN_COMPLETE = frozenset(
    {"DESCOPE_PIT", "DESCOPE_SIT", "DMC_DESELECTION", "OVERLAP", "SIT_COMPLETION", "TAD_APPROVAL"}
)


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
    groups = [
        (GROUPS[group], [Row(rules, allowed(check_can_open_recorded, request.actor, rules)[1]) for rules in held])
        for group, held in grouped(PROCEDURES.values())
    ]
    return render(request, "portal/register.html", {"title": "Open a matter", "groups": groups})


@page("GET", "POST")
def open_(request: PageRequest, procedure: str) -> HttpResponseBase:
    """Choose what the matter is about, and go to its form; open it here where it is only recorded."""
    rules = PROCEDURES.get(procedure)
    if rules is None:
        raise Http404
    check_can_open_recorded(request.actor, rules)
    if procedure in RELEASE_ACTS:
        return redirect("gates:releases")
    about_issue = procedure in ISSUE_ACTS
    here = procedure not in ISSUE_ACTS and procedure not in PHASE_PAGES
    without_phase = rules.key in RECORD_ONLY and rules.subject in WITHOUT_PHASE
    scopes = [] if about_issue or without_phase else _scopes(request.actor, rules)
    data = request.POST if request.method == "POST" else None
    form = OpenForm(
        data,
        request.FILES or None,
        scopes=TestScope.objects.filter(pk__in=[scope.pk for scope in scopes]).order_by("pk"),
        about_issue=about_issue,
        full=here,
        without_phase=without_phase,
        needs_title=rules.key in RECORD_ONLY,
        wanted=rules.opens_with,
        within=rules.opens_within,
        severities=severities_of(rules),
        owners=Organisation.objects.filter(kind__in=OWNERS[rules.proposer]).order_by("name")
        if here and rules.proposer in OWNERS
        else None,
        initial={"scope": request.GET.get("scope")},
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
        "hint": HINTS.get(procedure, ""),
        "nowhere": "" if about_issue or without_phase or scopes else _nowhere(rules),
        "record_only": procedure in RECORD_ONLY,
    }
    return render(request, "portal/open.html", context, status=400 if form.errors else 200)


def _scopes(actor: Actor, rules: Procedure) -> list[TestScope]:
    """Return the phases that such a matter can be about, in the order of releases."""
    seen = scopes_for(actor)
    if rules.phase_kinds:
        seen = seen.filter(kind__in=rules.phase_kinds)
    if rules.key in _NOT_WHEN_COMPLETE:
        seen = seen.exclude(state=ScopeState.COMPLETE)
    return [scope for scope in seen if _has_such(rules, phase_kind_for(scope))]


def _has_such(rules: Procedure, kind: PhaseKind | None) -> bool:
    """Return whether phases of that kind have what the procedure is about at all."""
    if rules.key == "TEST_COMPLETION_CERTIFICATE":
        return kind is None or Step.CERTIFICATES in kind.steps
    if rules.key == "TAD_APPROVAL":
        return kind is not None and kind.entry_document is not None
    return True


def _nowhere(rules: Procedure) -> str:
    """Return why there is no phase to open such a matter about."""
    if rules.key == "TAD_APPROVAL":
        return "No phase is set up that needs an approved Testing Approach Document to start (12.3)."
    return "No phase that you may see, and that is not complete, has such a matter."


def _address(actor: Actor, rules: Procedure, form: OpenForm, *, here: bool) -> str:
    given = form.cleaned_data
    if rules.key in ISSUE_ACTS:
        issue = (
            TestingIssue.objects.visible_to(actor)
            .filter(reference__iexact=given["issue"].strip())
            .select_related("scope__release")
            .first()
        )
        if issue is None:
            raise InvalidInput.one("issue", "There is no such Testing Issue among those you may see.")
        if rules.key == "SCT_COUNT" and issue.scope.kind != "SCT":
            message = f"{issue.reference} was raised in {issue.scope}: 13.22 is about Testing Issues of SCT."
            raise InvalidInput.one("issue", message)
        return f"{reverse('issues:issue', args=[issue.public_id])}?do={ISSUE_ACTS[rules.key]}#acts"
    scope: TestScope | None = given.get("scope")
    if scope is None:
        return _opened(actor, rules, form)
    if not here:
        kind = "?kind=ASSURANCE_REPORT" if rules.key == "ASSURANCE_REPORT" else ""
        return reverse(PHASE_PAGES[rules.key], args=[scope.public_id]) + kind
    held = (
        Matter.objects.visible_to(actor).filter(procedure=rules.key, scope_id=scope.public_id).order_by("-pk").first()
    )
    if held is not None and rules.key not in RECORD_ONLY and not rules.is_final(held.state):
        raise InvalidInput.one(
            "scope", f"{held.reference} is open already for {scope.name}: its steps are recorded there."
        )
    return _opened(actor, rules, form, scope=scope)


@transaction.atomic
def _opened(actor: Actor, rules: Procedure, form: OpenForm, *, scope: TestScope | None = None) -> str:
    """Open the matter, its document kept for those who may see it, and return its address."""
    given = form.cleaned_data
    owner: Organisation | None = given.get("organisation")
    audience = paper_audience(provider=owner)
    synthetic = scope is not None and scope.is_synthetic
    upload = given.get("attachment")
    kept: Any = {"audience": audience, "by": actor, "is_synthetic": synthetic}
    attachment = keep_upload(upload, purpose="matter", **kept) if upload else None
    matter = open_matter(
        procedure=rules.key,
        document=rules.document,
        version=rules.version,
        title=given["title"] or f"{rules.title}: {scope.name if scope else rules.citation}",
        rationale=given["rationale"],
        data=form.said,
        attachment=attachment,
        received_on=given.get("received_on"),
        scope_id=scope.public_id if scope else "",
        audience=audience,
        proposer=rules.proposer,
        raised_by=owner.code if owner else "",
        is_synthetic=synthetic,
        by=actor,
    )
    return reverse("governance:matter", args=[matter.public_id])
