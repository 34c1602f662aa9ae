"""People, their roles and tokens, and the organisations they act for."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.forms import Form
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from knox.models import AuthToken

from svtad.lib import clock
from svtad.parties import actions
from svtad.parties.forms import (
    DisableForm,
    FirstPasswordForm,
    MembershipForm,
    OrganisationForm,
    PersonForm,
    ReasonForm,
    SigningForm,
    TokenForm,
)
from svtad.parties.models import Membership, Organisation, OrganisationKind, Person
from svtad.parties.policies import check_can_let_sign, check_can_manage_people
from svtad.parties.queries import factors_of, second_factor_roles, tokens_that_sign
from svtad.parties.roles import ROLES
from svtad.parties.views.lists import csv_response, paged
from svtad.parties.views.pages import PageRequest, carried_out, done, page
from svtad.parties.views.reentry import require_recent_credentials


@page("GET", "POST")
def people(request: PageRequest) -> HttpResponseBase:
    """List people with the roles they hold; take in a new one. For administrators."""
    check_can_manage_people(request.actor)
    form = PersonForm(request.POST or None)
    if request.method == "POST":
        made = carried_out(
            form,
            lambda: actions.create_person(
                **{**form.cleaned_data, "password": form.cleaned_data["password"] or None}, by=request.actor
            ),
        )
        if made is not None:
            return done(request, f"{made.name} entered. Now give them a role.", "parties:person", made.public_id)
    rows = Person.objects.order_by("name", "email").prefetch_related("memberships__organisation")
    text, role = request.GET.get("q", "").strip(), request.GET.get("role", "")
    if text:
        rows = rows.filter(Q(name__icontains=text) | Q(email__icontains=text))
    if role in ROLES:
        rows = rows.filter(memberships__in=Membership.objects.filter(role=role).held_on(_today())).distinct()
    if request.GET.get("as") == "csv":
        return csv_response(
            "people.csv",
            ("Name", "E-mail address", "Active", "Service account", "Roles"),
            (
                (
                    person.name,
                    person.email,
                    person.is_active,
                    person.is_service_account,
                    "; ".join(f"{title} ({organisation})" for title, organisation in _roles_held(person)),
                )
                for person in rows
            ),
        )
    found = paged(request, rows)
    for person in found.object_list:
        person.roles_held = _roles_held(person)
    context = {
        "title": "People",
        "people": found,
        "form": form,
        "roles": list(ROLES.values()),
        "chosen": {"q": text, "role": role},
        "tab": "people",
    }
    return render(request, "parties/people.html", context, status=400 if form.errors else 200)


@page("GET", "POST")
def organisations(request: PageRequest) -> HttpResponseBase:
    """List organisations; take in a new one. For administrators."""
    check_can_manage_people(request.actor)
    form = OrganisationForm(request.POST or None)
    if request.method == "POST":
        made = carried_out(form, lambda: actions.create_organisation(**form.cleaned_data, by=request.actor))
        if made is not None:
            return done(request, f"{made.name} entered.", "parties:organisations")
    context = {
        "title": "Organisations",
        "organisations": paged(request, Organisation.objects.order_by("kind", "name")),
        "kinds": dict(OrganisationKind.choices),
        "form": form,
        "tab": "organisations",
    }
    return render(request, "parties/organisations.html", context, status=400 if form.errors else 200)


@page("GET")
def person(request: PageRequest, public_id: str) -> HttpResponseBase:
    """One person: roles now and before, tokens, and what may be done. For administrators."""
    check_can_manage_people(request.actor)
    return _person_page(request, get_object_or_404(Person, public_id=public_id))


@page("POST")
def add_membership(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Give a person a role."""
    found = get_object_or_404(Person, public_id=public_id)
    form = MembershipForm(request.POST)
    made = carried_out(form, lambda: actions.add_membership(person=found, **form.cleaned_data, by=request.actor))
    if made is None:
        return _person_page(request, found, membership=form)
    return done(request, f"{found.name} holds the role now.", "parties:person", public_id)


@page("POST")
def end_membership(request: PageRequest, public_id: str) -> HttpResponseBase:
    """End a role at once."""
    found = get_object_or_404(Membership.objects.select_related("person"), public_id=public_id)
    actions.end_membership(membership=found, by=request.actor)
    return done(request, "The role has ended.", "parties:person", found.person.public_id)


@page("POST")
def disable(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Shut a person out, with a reason."""
    found = get_object_or_404(Person, public_id=public_id)
    form = DisableForm(request.POST)
    if carried_out(form, lambda: actions.disable_person(person=found, **form.cleaned_data, by=request.actor)) is None:
        return _person_page(request, found, disable=form)
    return done(request, f"{found.name} is shut out: sessions and tokens have ended.", "parties:person", public_id)


@page("POST")
def enable(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Let a person sign in again."""
    found = get_object_or_404(Person, public_id=public_id)
    actions.enable_person(person=found, by=request.actor)
    return done(request, f"{found.name} can sign in again.", "parties:person", public_id)


@page("POST")
def set_password(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Set a password for somebody who has none, or forgot it."""
    found = get_object_or_404(Person, public_id=public_id)
    check_can_manage_people(request.actor)
    form = FirstPasswordForm(request.POST)

    def act() -> bool:
        actions.set_password(person=found, **form.cleaned_data, by=request.actor)
        return True

    if not carried_out(form, act):
        return _person_page(request, found, password=form)
    return done(request, f"{found.name} has a new password; the sessions have ended.", "parties:person", public_id)


@page("POST")
def reset_factors(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Take away the second factors of somebody who lost them."""
    found = get_object_or_404(Person, public_id=public_id)
    check_can_manage_people(request.actor)
    if (asked := require_recent_credentials(request, what="take away somebody's second factors")) is not None:
        return asked
    form = ReasonForm(request.POST, auto_id="factors_%s")

    def act() -> bool:
        actions.reset_factors(person=found, **form.cleaned_data, by=request.actor)
        return True

    if not carried_out(form, act):
        return _person_page(request, found, factors=form)
    return done(request, f"{found.name} has no second factor now, and sets up another.", "parties:person", public_id)


@page("POST")
def end_sessions(request: PageRequest, public_id: str) -> HttpResponseBase:
    """End every session of somebody, everywhere."""
    found = get_object_or_404(Person, public_id=public_id)
    actions.end_sessions(person=found, by=request.actor)
    return done(request, f"Every session of {found.name} has ended.", "parties:person", public_id)


@page("POST")
def issue_token(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Issue a token and show it, this once."""
    found = get_object_or_404(Person, public_id=public_id)
    if (asked := require_recent_credentials(request, what="issue a token")) is not None:
        return asked
    form = TokenForm(request.POST)
    issued = carried_out(form, lambda: actions.issue_token(person=found, lifetime=form.lifetime, by=request.actor))
    mine = request.user.pk == found.pk
    if issued is None and mine:
        messages.error(request, "A token lives between 1 and 365 days.")
        return redirect("portal:account")
    if issued is None:
        return _person_page(request, found, token=form)
    return render(request, "parties/token.html", {"title": "Token", "person": found, "token": issued[1], "mine": mine})


@page("POST")
def let_token_sign(request: PageRequest, public_id: str, token_key: str) -> HttpResponseBase:
    """Let a token record decisions."""
    token = get_object_or_404(AuthToken.objects.select_related("user"), user__public_id=public_id, token_key=token_key)
    check_can_let_sign(request.actor, token.user)
    if (asked := require_recent_credentials(request, what="let a token record decisions")) is not None:
        return asked
    form = SigningForm(request.POST, auto_id=f"{token_key}_%s")
    if carried_out(form, lambda: actions.let_token_sign(token=token, **form.cleaned_data, by=request.actor)) is None:
        return _person_page(request, token.user, signing=form)
    return done(request, "The token may record decisions from now on.", "parties:person", public_id)


@page("POST")
def revoke_token(request: PageRequest, public_id: str, token_key: str) -> HttpResponseBase:
    """End a token at once."""
    token = get_object_or_404(AuthToken, user__public_id=public_id, token_key=token_key)
    actions.revoke_token(token=token, by=request.actor)
    mine = request.user.public_id == public_id
    return done(request, "The token has ended.", *(("portal:account",) if mine else ("parties:person", public_id)))


def _person_page(request: PageRequest, person: Person, **tried: Form) -> HttpResponseBase:
    check_can_manage_people(request.actor)
    today = _today()
    memberships = list(person.memberships.select_related("organisation").order_by("-starts_on"))
    held = set(Membership.objects.filter(person=person).held_on(today).values_list("pk", flat=True))
    wanted = second_factor_roles()
    context: dict[str, Any] = {
        "title": person.name,
        "person": person,
        "memberships": [(each, ROLES.get(each.role), each.pk in held) for each in memberships],
        "tokens": _tokens(person, tried.get("signing")),
        "factors": factors_of(person),
        "wanting": sorted(ROLES[each.role].title for each in memberships if each.pk in held and each.role in wanted),
        "password_form": tried.get("password") or FirstPasswordForm(),
        "factors_form": tried.get("factors") or ReasonForm(auto_id="factors_%s"),
        "membership_form": tried.get("membership") or MembershipForm(),
        "disable_form": tried.get("disable") or DisableForm(),
        "token_form": tried.get("token") or TokenForm(),
        "tried": next(iter(tried), ""),
        "is_self": person.pk == request.actor.person_pk,
    }
    return render(request, "parties/person.html", context, status=400 if tried else 200)


def _tokens(person: Person, tried: Form | None) -> list[tuple[AuthToken, bool, Form]]:
    """Return the person's tokens, whether each may sign, and the form that lets it."""
    signing = tokens_that_sign(person)
    found = []
    for token in AuthToken.objects.filter(user=person).order_by("-created"):
        ids = f"{token.token_key}_%s"
        form = tried if tried is not None and tried.auto_id == ids else SigningForm(auto_id=ids)
        found.append((token, token.digest in signing, form))
    return found


def _roles_held(person: Person) -> list[tuple[str, str]]:
    """Return (role, organisation) held today, from memberships that were fetched before."""
    today = _today()
    return [
        (ROLES[each.role].title if each.role in ROLES else each.role, each.organisation.name)
        for each in person.memberships.all()
        if each.starts_on <= today and (each.ends_on is None or each.ends_on >= today) and each.ended_at is None
    ]


def _today() -> Any:
    return clock.london_date(clock.now())
