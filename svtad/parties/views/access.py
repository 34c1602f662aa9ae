"""The rules of access that administrators set, and the page that says who may do what, and why one may not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.http import HttpResponseBase
from django.shortcuts import render

from svtad.lib import clock
from svtad.parties import actions
from svtad.parties.forms import RuleForm
from svtad.parties.models import AccessRule, Person, RuleKind
from svtad.parties.policies import check_can_manage_people
from svtad.parties.queries import (
    latest_rules,
    own_decisions,
    second_factor_roles,
)
from svtad.parties.roles import PERMISSIONS, ROLES
from svtad.parties.views.lists import csv_response
from svtad.parties.views.pages import PageRequest, carried_out, done, page
from svtad.parties.views.reentry import require_recent_credentials
from svtad.parties.who import Act, act_of, holders, may_now, members_words, reasons, step_of
from svtad.rulebook.procedures import PROCEDURES
from svtad.rulebook.vocabulary import Body


@dataclass(frozen=True)
class RuleRow:
    """A rule as the page shows it: what it is about, what holds, since when and why."""

    kind: str
    key: str
    title: str
    value: bool
    set_by: AccessRule | None
    form: RuleForm


@page("GET", "POST")
def rules(request: PageRequest) -> HttpResponseBase:
    """Which roles need a second factor, and where one may decide what one put forward. For administrators."""
    check_can_manage_people(request.actor)
    tried: RuleForm | None = None
    if request.method == "POST":
        if (asked := require_recent_credentials(request, what="change a rule of access")) is not None:
            return asked
        tried = RuleForm(request.POST)
        made = carried_out(tried, lambda: actions.set_access_rule(**tried.cleaned_data, by=request.actor))
        if made is not None:
            return done(request, "The rule holds from now on.", "parties:rules")
    factor_roles, own = second_factor_roles(), own_decisions()
    context = {
        "title": "Rules of access",
        "tab": "rules",
        "factor_roles": len(factor_roles),
        "roles": len(ROLES),
        "own": len(own),
        "second_factor": _rows(
            RuleKind.SECOND_FACTOR, {key: (role.title, key in factor_roles) for key, role in ROLES.items()}, tried
        ),
        "own_decision": _rows(
            RuleKind.OWN_DECISION,
            {key: (f"{each.title} ({each.clause})", key in own) for key, each in PROCEDURES.items()},
            tried,
        ),
        "tried": tried,
    }
    return render(request, "parties/rules.html", context, status=400 if tried else 200)


def _rows(kind: RuleKind, known: dict[str, tuple[str, bool]], tried: RuleForm | None) -> list[RuleRow]:
    chosen = latest_rules(kind)
    given = tried.data if tried is not None else {}
    rows = []
    for key, (title, value) in known.items():
        mine = tried is not None and (given.get("kind"), given.get("key")) == (kind, key)
        form = tried if mine else None
        if form is None:
            initial = {"kind": kind.value, "key": key, "value": "no" if value else "yes"}
            form = RuleForm(initial=initial, auto_id=f"{kind.value}-{key}-%s")
        rows.append(RuleRow(kind.value, key, title, value, chosen.get(key), form))
    return rows


@page("GET")
def who(request: PageRequest) -> HttpResponseBase:
    """Who may do a thing, through which role, where, from when to when; and why one may not.

    `?permission=` names it, or `?body=` a step of a body, of a `procedure` (and its `outcome`). Administrators ask
    about anybody (`?person=`, an address or a name); everyone else about themselves.
    """
    now = clock.now()
    asked = {name: request.GET.get(name, "") for name in ("permission", "body", "procedure", "outcome", "person")}
    act, thing, clause = _thing(asked)
    context: dict[str, Any] = {
        "title": "Who may do this",
        "permissions": sorted(PERMISSIONS.items(), key=lambda each: each[1]),
        "bodies": list(Body),
        "procedures": sorted(PROCEDURES.values(), key=lambda each: each.title),
        "chosen": asked,
        "thing": thing,
        "clause": clause,
        "through": [PERMISSIONS[key] for key in act.permissions] if act else [],
        "members": members_words(act),
        "administers": request.actor.may("manage_people"),
    }
    if act is not None:
        found = holders(act, reader=request.actor, at=now)
        if request.GET.get("as") == "csv":
            return csv_response(
                "who-may.csv",
                ("Person", "Role", "Organisation", "From", "Until", "Deputy for", "Waits"),
                (
                    (row.name, row.role, row.organisation, row.starts_on, row.ends_on, row.deputy_for, row.waits)
                    for row in found
                ),
            )
        about, nobody = _about(request, asked["person"])
        asked["person"] = about.name if about is not None and asked["person"] else asked["person"]
        may, told = reasons(about, act, at=now) if about else (False, [])
        context |= {"holders": found, "about": about, "nobody": nobody, "may": may, "reasons": told}
        context["is_self"] = about is not None and about.pk == request.user.pk
        context["acting"] = request.actor.acting_for and may_now(act, request.actor)
    return render(request, "parties/who.html", context)


def _thing(asked: dict[str, str]) -> tuple[Act | None, str, str]:
    """Return (the act, the act in words, its clause) that the address asks about; None where it asks about none."""
    rules_ = PROCEDURES.get(asked["procedure"])
    if asked["body"] in Body.__members__:
        step = next(
            (
                each
                for each in (rules_.transitions if rules_ else ())
                if (each.body, each.outcome) == (asked["body"], asked["outcome"])
            ),
            None,
        )
        words = [f"record a step of {asked['body']}"]
        if step is not None:
            words = [f"record {step.body}: {step.outcome.replace('_', ' ').lower()}"]
        if rules_ is not None:
            words.append(f"in: {rules_.title}")
        clause = step.clause if step else rules_.clause if rules_ else ""
        key = rules_.key if rules_ is not None else ""
        return step_of(asked["body"], procedure=key, outcome=asked["outcome"]), ", ".join(words), clause
    if asked["permission"] in PERMISSIONS:
        return act_of(asked["permission"]), PERMISSIONS[asked["permission"]], ""
    return None, "", ""


def _about(request: PageRequest, text: str) -> tuple[Person | None, str]:
    """Return (whom the question is about, what to say where nobody was found)."""
    text = text.strip()
    if not text or not request.actor.may("manage_people"):
        return request.user, ""
    rows = Person.objects.filter(Q(public_id=text) | Q(email__iexact=text) | Q(name__iexact=text)).order_by("id")
    found = rows.first()
    return found, "" if found else f"Nobody is called “{text}”, and nobody has that address."
