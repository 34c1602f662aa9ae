"""Deputies: named for a role, confirmed, ended; and acting as one."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, render

from svtad.lib import clock
from svtad.lib.errors import ActionDenied
from svtad.parties import actions, sessions
from svtad.parties.actors import actor_for
from svtad.parties.forms import AnswerForm, DeputyForm
from svtad.parties.models import Deputyship, Membership
from svtad.parties.policies import allowed, check_can_answer_deputyship, check_can_end_deputyship, check_can_name_deputy
from svtad.parties.queries import deputyships_for
from svtad.parties.roles import ROLES
from svtad.parties.views.lists import paged
from svtad.parties.views.pages import PageRequest, carried_out, done, page


@page("GET")
def deputies(request: PageRequest) -> HttpResponseBase:
    """List the deputyships that one is part of, or confirms; an administrator sees all."""
    return _list(request)


@page("GET", "POST")
def name(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Name a deputy for one membership: one's own, or (administrators) anybody's."""
    rows = Membership.objects.select_related("person", "organisation")
    membership = get_object_or_404(rows, public_id=public_id)
    check_can_name_deputy(request.actor, membership)
    form = DeputyForm(request.POST or None)
    if request.method == "POST":
        made = carried_out(
            form, lambda: actions.name_deputy(membership=membership, **form.cleaned_data, by=request.actor)
        )
        if made is not None:
            return done(request, f"{made.deputy} is named. Somebody else confirms it.", "parties:deputies")
    context = {
        "title": f"A deputy for {membership.person}",
        "membership": membership,
        "role": ROLES.get(membership.role),
        "form": form,
    }
    return render(request, "parties/deputy.html", context, status=400 if form.errors else 200)


@page("POST")
def answer(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Confirm a deputy, or refuse with a reason."""
    found = get_object_or_404(_known(request), public_id=public_id)
    form = AnswerForm(request.POST, prefix=found.public_id)
    made = carried_out(form, lambda: actions.answer_deputyship(deputyship=found, **form.cleaned_data, by=request.actor))
    if made is None:
        return _list(request, tried=form)
    return done(request, f"{found.deputy} for {found.membership.person}: {made.step.lower()}.", "parties:deputies")


@page("POST")
def end(request: PageRequest, public_id: str) -> HttpResponseBase:
    """End a deputyship at once, or take it back."""
    found = get_object_or_404(_known(request), public_id=public_id)
    actions.end_deputyship(deputyship=found, by=request.actor)
    return done(request, f"{found.deputy} is no deputy for {found.membership.person} any more.", "parties:deputies")


@page("POST", weak=True)
def act(request: PageRequest) -> HttpResponseBase:
    """Act as somebody's deputy from now on, or as oneself again; what is recorded says which."""
    chosen = request.POST.get("deputyship", "")
    if not chosen:
        sessions.act_in(request, "")
        return done(request, f"You act as yourself, {request.user.name}.", "portal:home")
    try:
        actor = actor_for(request.user, at=clock.now(), deputyship=chosen)
    except ActionDenied:
        sessions.act_in(request, "")
        raise
    sessions.act_in(request, chosen)
    return done(request, f"You act as {actor.label}. What you do is recorded so.", "portal:home")


def _known(request: PageRequest) -> QuerySet[Deputyship]:
    return deputyships_for(request.actor, at=clock.now())


def _list(request: PageRequest, *, tried: AnswerForm | None = None) -> HttpResponseBase:
    now = clock.now()
    found = paged(request, _known(request))
    holding = set(Deputyship.objects.held_at(now).values_list("pk", flat=True))
    for each in found.object_list:
        each.role = ROLES.get(each.membership.role)
        each.holds = each.pk in holding
        each.taken = list(each.steps.all())
        each.mine = each.deputy_id == request.user.pk
        each.over = each.ends_on < clock.london_date(now) or any(step.step != "CONFIRMED" for step in each.taken)
        may_answer, each.why_no_answer = allowed(check_can_answer_deputyship, request.actor, each, now=now)
        each.may_end, _ = allowed(check_can_end_deputyship, request.actor, each, now=now)
        if may_answer and not each.taken and not each.over:
            mine = tried is not None and tried.prefix == each.public_id
            each.form = tried if mine else AnswerForm(prefix=each.public_id)
    context = {
        "title": "Deputies",
        "deputyships": found,
        "tab": "deputies",
        "administers": request.actor.may("manage_people"),
    }
    return render(request, "parties/deputies.html", context, status=400 if tried else 200)
