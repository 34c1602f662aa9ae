"""Evidence of a phase: attached, answered, presented to TAB, withdrawn."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.forms import Form
from django.http import FileResponse, Http404, HttpResponseBase
from django.shortcuts import get_object_or_404, render

from issues.policies import check_can_produce_log
from issues.queries import issue_log_at, last_issue_change_at
from svtad.gates import actions
from svtad.gates.actions.evidence import REVIEWS
from svtad.gates.forms import KIND_TITLES, EvidenceForm, ReviewForm, WithdrawForm
from svtad.gates.models import EvidenceItem
from svtad.gates.policies import (
    CLAUSE_OF,
    check_can_attach,
    check_can_open_evidence,
    check_can_review,
    check_can_withdraw,
    evidence_audience,
)
from svtad.gates.queries import edition_for
from svtad.gates.queries.evidence import standing_evidence
from svtad.gates.views.phase import visible_scope
from svtad.governance.actions import keep_upload
from svtad.governance.files import open_file
from svtad.governance.models import Matter
from svtad.governance.queries import states_at
from svtad.lib.clock import now
from svtad.lib.errors import ActionDenied
from svtad.parties.models import Organisation
from svtad.parties.policies import allowed
from svtad.parties.views.pages import PageRequest, carried_out, done, moment_of, page
from svtad.parties.views.reentry import require_recent_credentials
from svtad.rulebook.vocabulary import EvidenceKind, EvidenceState
from testphases.models import TestScope
from testphases.queries import participants

#: What can be attached here: the Testing Issue log is produced from the issues, not attached.
ATTACHED = tuple(kind for kind in EvidenceKind if kind is not EvidenceKind.ISSUE_LOG)


@page("GET", "POST")
def evidence(request: PageRequest, public_id: str) -> HttpResponseBase:
    """List what is attached to a phase; `?kind=` opens the form for a kind, which is posted back here."""
    scope = visible_scope(request, public_id)
    kind = request.GET.get("kind", "")
    form = _form(request, scope, kind) if kind in ATTACHED else None
    if form is not None and request.method == "POST":
        made = carried_out(form, lambda: _attach(request, scope, form))
        if made is not None:
            return done(request, f"{KIND_TITLES[kind]} attached.", "gates:evidence", public_id)
    return _evidence_page(request, scope, form=form)


@page("POST")
def review(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Sign off, accept or return a piece of evidence."""
    item = _visible_item(request, public_id)
    form = ReviewForm(request.POST, prefix=f"review-{item.pk}", answers=_answers(item))
    return _act(request, item, form, lambda: actions.review_evidence(item=item, **form.cleaned_data, by=request.actor))


@page("POST")
def present(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Present an assurance report to TAB (9.6): a step of its matter, and signed as every step is."""
    item = _visible_item(request, public_id)
    if (asked := require_recent_credentials(request, what="present this report to TAB")) is not None:
        return asked
    matter = actions.present_assurance_report(item=item, by=request.actor)
    return done(request, f"{matter.reference} is before TAB.", "governance:matter", matter.public_id)


@page("POST")
def withdraw(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Withdraw a piece of evidence, with a reason."""
    item = _visible_item(request, public_id)
    form = WithdrawForm(request.POST, prefix=f"withdraw-{item.pk}")
    return _act(
        request, item, form, lambda: actions.withdraw_evidence(item=item, **form.cleaned_data, by=request.actor)
    )


@page("GET")
def evidence_file(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Send the file of a piece of evidence: TAG reads an assurance report here once TAB has approved it (9.6)."""
    item = get_object_or_404(EvidenceItem.objects.select_related("file"), public_id=public_id)
    try:
        check_can_open_evidence(request.actor, item)
        content = open_file(item.file)
    except (ActionDenied, FileNotFoundError) as refused:
        raise Http404 from refused
    response = FileResponse(content, as_attachment=True, filename=item.file.name, content_type=item.file.media_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def _form(request: PageRequest, scope: TestScope, kind: str) -> EvidenceForm:
    data = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    return EvidenceForm(*data, kind=kind, providers=_providers(request, scope), edition=edition_for(scope))


def _providers(request: PageRequest, scope: TestScope) -> Any:
    taking_part = participants(scope).order_by("name")
    if request.actor.may("attach_evidence"):
        return taking_part
    return taking_part.filter(pk__in=request.actor.organisation_pks)


@transaction.atomic
def _attach(request: PageRequest, scope: TestScope, form: EvidenceForm) -> EvidenceItem:
    given = form.cleaned_data
    provider: Organisation | None = given.get("provider")
    check_can_attach(request.actor, scope, kind=form.kind, provider=provider)
    stored = keep_upload(
        given["file"],
        purpose="evidence",
        audience=evidence_audience(kind=form.kind, provider=provider),
        by=request.actor,
        is_synthetic=scope.is_synthetic,
    )
    return actions.attach_evidence(
        scope=scope,
        kind=form.kind,
        file=stored,
        provider=provider,
        state=given.get("state", ""),
        statements=form.statements,
        note=given["note"],
        occurred_at=given["occurred_at"],
        by=request.actor,
    )


def _visible_item(request: PageRequest, public_id: str) -> EvidenceItem:
    seen = EvidenceItem.objects.visible_to(request.actor).select_related(
        "scope__release__programme", "scope__governed_by__document", "provider", "file", "matter__audience"
    )
    found: EvidenceItem = get_object_or_404(seen, public_id=public_id)
    return found


def _answers(item: EvidenceItem) -> tuple[EvidenceState, ...]:
    return REVIEWS.get(EvidenceKind(item.kind), (EvidenceState.ACCEPTED, EvidenceState.RETURNED))


def _act(request: PageRequest, item: EvidenceItem, form: Form, act: Callable[[], object]) -> HttpResponseBase:
    if carried_out(form, act) is None:
        return _evidence_page(request, item.scope, tried=(item.pk, form))
    return done(request, "Recorded.", "gates:evidence", item.scope.public_id)


def _evidence_page(
    request: PageRequest,
    scope: TestScope,
    *,
    form: EvidenceForm | None = None,
    tried: tuple[int, Form] | None = None,
) -> HttpResponseBase:
    moment = moment_of(request) if request.method == "GET" else None
    rows = _past_rows(request, scope, moment) if moment else _rows(request, scope, tried)
    own = Organisation.objects.filter(pk__in=request.actor.organisation_pks).first()
    kinds = [(kind, KIND_TITLES[kind], _refusal(request, scope, kind, own)) for kind in ATTACHED]
    refusals = [refused for _, _, refused in kinds if refused]
    log = issue_log_at(scope, moment)
    changed = last_issue_change_at(scope, moment)
    context = {
        "title": f"{scope.name}: evidence",
        "scope": scope,
        "release": scope.release,
        "rows": rows,
        "kinds": kinds,
        "attach_refused": refusals[0] if refusals else "",
        "nothing_attachable": len(refusals) == len(kinds),
        "log_refused": allowed(check_can_produce_log, request.actor)[1],
        "form": form,
        "form_title": KIND_TITLES[form.kind] if form else "",
        "form_clause": CLAUSE_OF[form.kind] if form else "",
        "log": log if request.actor.may("see_all_phases") else None,
        "log_is_old": bool(log and changed and changed > log.covers_to),
        "sees_log": request.actor.may("see_all_phases"),
        "as_at": moment,
        "can_look_back": True,
        "synthetic": scope.is_synthetic,
    }
    wrong = tried is not None or (form is not None and bool(form.errors))
    return render(request, "gates/evidence.html", context, status=400 if wrong else 200)


def _seen(request: PageRequest, scope: TestScope) -> QuerySet[EvidenceItem]:
    rows: QuerySet[EvidenceItem] = (
        EvidenceItem.objects.visible_to(request.actor)
        .filter(scope=scope)
        .select_related("provider", "file", "matter", "withdrawal", "scope")
        .prefetch_related("reviews")
        .order_by("kind", "-pk")
    )
    return rows


def _rows(request: PageRequest, scope: TestScope, tried: tuple[int, Form] | None) -> list[dict[str, Any]]:
    standing = {item.pk for item in standing_evidence(scope, now())}
    return [_row(request, item, item.pk in standing, tried) for item in _seen(request, scope)]


def _past_rows(request: PageRequest, scope: TestScope, moment: dt.datetime) -> list[dict[str, Any]]:
    """Return what was attached by `moment`, as far as it had come by then; nothing can be done to the past."""
    items = list(_seen(request, scope).filter(recorded_at__lte=moment))
    standing = {item.pk for item in standing_evidence(scope, moment)}
    decided = states_at(Matter.objects.filter(pk__in=[item.matter_id for item in items if item.matter_id]), moment)
    rows = []
    for item in items:
        reviews = sorted((each for each in item.reviews.all() if each.recorded_at <= moment), key=lambda each: each.pk)
        withdrawal = getattr(item, "withdrawal", None)
        if withdrawal is not None and withdrawal.recorded_at > moment:
            withdrawal = None
        reviewed = reviews[-1].state if reviews else item.state
        rows.append(
            {
                "item": item,
                "title": KIND_TITLES.get(item.kind, item.kind),
                "state": decided.get(item.matter_id or 0, reviewed),
                "stands": item.pk in standing,
                "withdrawal": withdrawal,
                "reviews": reviews,
            }
        )
    return rows


def _refusal(request: PageRequest, scope: TestScope, kind: EvidenceKind, own: Organisation | None) -> str:
    """Return why the person may not attach this kind (for an organisation of its own, where it acts for one), or ""."""
    if request.actor.may("attach_evidence"):
        return ""
    return allowed(check_can_attach, request.actor, scope, kind=kind, provider=own)[1]


def _row(request: PageRequest, item: EvidenceItem, stands: bool, tried: tuple[int, Form] | None) -> dict[str, Any]:
    withdrawal = getattr(item, "withdrawal", None)
    reviews = sorted(item.reviews.all(), key=lambda each: each.pk)
    state = item.matter.state if item.matter else (reviews[-1].state if reviews else item.state)
    form = tried[1] if tried and tried[0] == item.pk else None
    # Who may attach any evidence may answer and withdraw it: no policy is asked for each row of a long list.
    dcc = request.actor.may("attach_evidence")
    may_review = dcc or allowed(check_can_review, request.actor, item)[0]
    return {
        "item": item,
        "title": KIND_TITLES.get(item.kind, item.kind),
        "state": state,
        "stands": stands and withdrawal is None,
        "withdrawal": withdrawal,
        "reviews": reviews,
        "review_form": _review_form(item, form) if may_review and _awaits(item, state, stands) else None,
        "withdraw_form": _withdraw_form(item, form)
        if withdrawal is None and (dcc or allowed(check_can_withdraw, request.actor, item)[0])
        else None,
        "may_present": item.matter is not None and state == EvidenceState.DRAFT and request.actor.may("propose"),
        "open": form is not None,
    }


def _awaits(item: EvidenceItem, state: str, stands: bool) -> bool:
    return stands and item.matter is None and state == EvidenceState.SUBMITTED


def _review_form(item: EvidenceItem, tried: Form | None) -> Form:
    if isinstance(tried, ReviewForm):
        return tried
    return ReviewForm(prefix=f"review-{item.pk}", answers=_answers(item))


def _withdraw_form(item: EvidenceItem, tried: Form | None) -> Form:
    return tried if isinstance(tried, WithdrawForm) else WithdrawForm(prefix=f"withdraw-{item.pk}")
