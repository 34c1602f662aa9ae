"""Governing documents, and what they leave open."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.forms import Form
from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404, render

from svtad.governance.models import Matter
from svtad.governing.actions import (
    clear_parameter,
    ensure_document_version,
    enter_criterion,
    record_standing,
    set_parameter,
    withdraw_criterion,
    withdraw_standing,
)
from svtad.governing.forms import ApproachForm, ClearForm, CriterionForm, EnterForm, ParameterForm, StandingForm
from svtad.governing.models import DocumentVersion, EnteredCriterion, Parameter, VersionStanding
from svtad.governing.policies import check_can_record_standing, check_can_set_parameter
from svtad.governing.queries import (
    criteria_at,
    documents_without_rules,
    kinds_of,
    parameters_at,
    version_in_force,
)
from svtad.parties.actors import Actor
from svtad.parties.policies import allowed
from svtad.parties.views.lists import csv_response
from svtad.parties.views.pages import PageRequest, carried_out, done, moment_of, page
from svtad.rulebook.edition import Edition, ParameterSpec
from svtad.rulebook.editions import EDITIONS, edition_of
from svtad.rulebook.facts import FactsError


@dataclass(frozen=True)
class ParameterRow:
    """One parameter of an edition: what holds, and the forms to change it."""

    spec: ParameterSpec
    held: dict[str, Any] | None
    set_form: Form
    clear_form: Form
    open: bool
    history: tuple[Parameter, ...]

    @property
    def in_force(self) -> str:
        """Return what is judged with: the value set, the default reading, or nothing."""
        if self.held is not None:
            return str(self.held["value"])
        return self.spec.default or ""


@page("GET", "POST")
def documents(request: PageRequest) -> HttpResponseBase:
    """List the versions of governing documents that are held, and how much of each is set; enter one."""
    open_ = _not_entered()
    form = EnterForm(request.POST if request.method == "POST" else None, editions=open_)
    if request.method == "POST":
        made = carried_out(form, lambda: _enter(form, open_, request.actor))
        if made is not None:
            return done(request, f"{made} is entered. What it leaves open is set on its page.", "governing:documents")
    return _documents_page(request, form)


@page("POST")
def enter_approach(request: PageRequest) -> HttpResponseBase:
    """Enter a version of an approach document, whose criteria are then entered on its page (12.3)."""
    named = documents_without_rules()
    form = ApproachForm(request.POST, documents=named)

    def act() -> DocumentVersion:
        given = form.cleaned_data
        title = f"Testing Approach Document: {named[given['code']]}"[:200]
        return ensure_document_version(**given, title=title, by=request.actor)

    made = carried_out(form, act)
    if made is None:
        open_ = _not_entered()
        return _documents_page(request, EnterForm(editions=open_), approach=form)
    return done(request, f"{made} is entered. Say how it came into force.", "governing:version", made.public_id)


def _documents_page(request: PageRequest, form: EnterForm, *, approach: Form | None = None) -> HttpResponseBase:
    may, refused = allowed(check_can_set_parameter, request.actor)
    open_ = _not_entered()
    versions = list(DocumentVersion.objects.select_related("document").order_by("document__code", "version"))
    entered = Counter(EnteredCriterion.objects.current().values_list("version_id", flat=True))
    standing = {row.version_id: row for row in VersionStanding.objects.current().filter(version__in=versions)}
    rows = []
    for version in versions:
        rules = rules_of(version)
        held = parameters_at(version)
        empty = [spec for spec in rules.parameters if not spec.is_reading and spec.key not in held] if rules else []
        rows.append((version, rules, len(held), empty, standing.get(version.pk), entered[version.pk]))
    context = {
        "title": "Documents and parameters",
        "rows": rows,
        "form": form if open_ else None,
        "approach_form": approach or ApproachForm(documents=documents_without_rules()),
        "may": may,
        "refused": refused,
    }
    return render(request, "governing/documents.html", context, status=400 if form.errors or approach else 200)


def _not_entered() -> list[Edition]:
    """Return the editions that the rulebook holds and nobody has entered yet."""
    entered = set(DocumentVersion.objects.values_list("document__code", "version"))
    return [edition for edition in EDITIONS if (edition.document, edition.version) not in entered]


def _enter(form: EnterForm, editions: list[Edition], actor: Actor) -> DocumentVersion:
    given = form.cleaned_data
    chosen = next(each for each in editions if f"{each.document} {each.version}" == given["edition"])
    return ensure_document_version(
        code=chosen.document,
        title=chosen.title.partition(", version")[0],
        version=chosen.version,
        edition=f"{chosen.document}_{chosen.version}".replace(".", "_").lower(),
        effective_from=given["effective_from"],
        note=given["note"],
        by=actor,
    )


@page("GET")
def version(request: PageRequest, public_id: str) -> HttpResponseBase:
    """One version: each parameter with its value, source, approver and date, or "not set"."""
    found = get_object_or_404(DocumentVersion.objects.select_related("document"), public_id=public_id)
    return _version_page(request, found)


@page("POST")
def set_value(request: PageRequest, public_id: str, key: str) -> HttpResponseBase:
    """Set a parameter."""
    found = get_object_or_404(DocumentVersion.objects.select_related("document"), public_id=public_id)
    form = ParameterForm(request.POST, spec=_spec(found, key), prefix=key)
    made = carried_out(form, lambda: set_parameter(version=found, key=key, **form.cleaned_data, by=request.actor))
    if made is None:
        return _version_page(request, found, tried={key: form})
    return done(request, f"{key} is set.", "governing:version", public_id)


@page("POST")
def clear_value(request: PageRequest, public_id: str, key: str) -> HttpResponseBase:
    """Empty a parameter: what hangs on it cannot be evaluated any more."""
    found = get_object_or_404(DocumentVersion.objects.select_related("document"), public_id=public_id)
    form = ClearForm(request.POST, prefix=f"clear-{key}")

    def act() -> bool:
        clear_parameter(version=found, key=key, **form.cleaned_data, by=request.actor)
        return True

    if carried_out(form, act) is None:
        return _version_page(request, found, cleared={key: form})
    return done(request, f"{key} is empty now.", "governing:version", public_id)


@page("POST")
def record_in_force(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Record how a version came into force."""
    found = _found(public_id)
    form = StandingForm(request.POST, prefix="standing")
    made = carried_out(form, lambda: record_standing(version=found, **form.cleaned_data, by=request.actor))
    if made is None:
        return _version_page(request, found, standing_form=form)
    return done(request, f"{made}: recorded.", "governing:version", public_id)


@page("POST")
def withdraw_in_force(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Take back what was recorded of how a version came into force."""
    found = _found(public_id)
    form = ClearForm(request.POST, prefix="standing-withdraw")

    def act() -> bool:
        withdraw_standing(version=found, **form.cleaned_data, by=request.actor)
        return True

    if carried_out(form, act) is None:
        return _version_page(request, found, withdraw_form=form)
    return done(request, f"{found}: taken back.", "governing:version", public_id)


@page("POST")
def add_criterion(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Enter a criterion of an approach document."""
    found = _found(public_id)
    form = CriterionForm(request.POST, prefix="criterion", kinds=kinds_of(found.document.code))
    made = carried_out(form, lambda: enter_criterion(version=found, **form.cleaned_data, by=request.actor))
    if made is None:
        return _version_page(request, found, criterion_form=form)
    return done(request, f"{made.clause} is entered.", "governing:version", public_id)


@page("POST")
def drop_criterion(request: PageRequest, public_id: str, criterion_id: str) -> HttpResponseBase:
    """Withdraw a criterion of an approach document."""
    found = _found(public_id)
    criterion = get_object_or_404(EnteredCriterion, version=found, public_id=criterion_id)
    form = ClearForm(request.POST, prefix="criterion-withdraw")

    def act() -> bool:
        withdraw_criterion(criterion=criterion, **form.cleaned_data, by=request.actor)
        return True

    if carried_out(form, act) is None:
        return _version_page(request, found, drop=(criterion_id, form))
    return done(request, f"{criterion.clause} is withdrawn.", "governing:version", public_id)


def _found(public_id: str) -> DocumentVersion:
    found: DocumentVersion = get_object_or_404(DocumentVersion.objects.select_related("document"), public_id=public_id)
    return found


def rules_of(version: DocumentVersion) -> Edition | None:
    """Return the rulebook's edition of a document version, or None where none is held."""
    try:
        return edition_of(version.document.code, version.version)
    except FactsError:
        return None


def _spec(version: DocumentVersion, key: str) -> ParameterSpec:
    rules = rules_of(version)
    for spec in rules.parameters if rules else ():
        if spec.key == key:
            return spec
    raise Http404


def _version_page(
    request: PageRequest,
    version: DocumentVersion,
    *,
    tried: dict[str, Form] | None = None,
    cleared: dict[str, Form] | None = None,
    standing_form: Form | None = None,
    withdraw_form: Form | None = None,
    criterion_form: Form | None = None,
    drop: tuple[str, Form] | None = None,
) -> HttpResponseBase:
    moment = moment_of(request) if request.method == "GET" else None
    rules = rules_of(version)
    held = parameters_at(version, moment)
    may, refused = allowed(check_can_set_parameter, request.actor)
    if request.GET.get("as") == "csv":
        return csv_response(
            f"parameters-{version.document.code}-{version.version}.csv",
            ("Parameter", "Clause", "Value", "Set", "Source", "Approved by", "In effect from"),
            (
                (spec.key, spec.clause, *_set_or_not(spec, held.get(spec.key)))
                for spec in (rules.parameters if rules else ())
            ),
        )
    past: dict[str, list[Parameter]] = {}
    for parameter in Parameter.objects.filter(version=version).order_by("-valid_from", "-pk"):
        past.setdefault(parameter.key, []).append(parameter)
    rows = [
        ParameterRow(
            spec=spec,
            held=held.get(spec.key),
            set_form=(tried or {}).get(spec.key) or ParameterForm(spec=spec, prefix=spec.key),
            clear_form=(cleared or {}).get(spec.key) or ClearForm(prefix=f"clear-{spec.key}"),
            open=spec.key in (tried or {}) or spec.key in (cleared or {}),
            history=tuple(past.get(spec.key, ())),
        )
        for spec in (rules.parameters if rules else ())
    ]
    context = {
        "title": f"{version}: parameters",
        "version": version,
        "rules": rules,
        "numbers": [row for row in rows if not row.spec.is_reading],
        "readings": [row for row in rows if row.spec.is_reading],
        "empty": sum(1 for row in rows if not row.spec.is_reading and row.held is None),
        "may": may,
        "refused": refused,
        "as_at": moment,
        "can_look_back": True,
        **_in_force_and_criteria(request, version, moment),
        "standing_form": standing_form or StandingForm(prefix="standing"),
        "standing_open": standing_form is not None,
        "withdraw_form": withdraw_form or ClearForm(prefix="standing-withdraw"),
        "withdraw_open": withdraw_form is not None,
        "criterion_form": criterion_form or CriterionForm(prefix="criterion", kinds=kinds_of(version.document.code)),
        "criterion_open": criterion_form is not None,
        "drop_id": drop[0] if drop else "",
        "drop_form": drop[1] if drop else ClearForm(prefix="criterion-withdraw"),
    }
    wrong = tried or cleared or standing_form or withdraw_form or criterion_form or drop
    return render(request, "governing/version.html", context, status=400 if wrong else 200)


def _in_force_and_criteria(
    request: PageRequest, version: DocumentVersion, moment: dt.datetime | None
) -> dict[str, Any]:
    """Return how the version came into force, and the criteria entered of it, as they stood."""
    may_record, record_refused = allowed(check_can_record_standing, request.actor)
    standing = VersionStanding.objects.held_at(moment).filter(version=version).select_related("matter").first()
    in_force = version_in_force(version.document.code, moment)
    matter = standing.matter if standing else None
    seen = matter is not None and Matter.objects.visible_to(request.actor).filter(pk=matter.pk).exists()
    return {
        "standing": standing,
        "standing_matter": matter if seen else None,
        "past_standings": VersionStanding.objects.filter(version=version).order_by("-valid_from", "-pk"),
        "is_in_force": in_force is not None and in_force.version_id == version.pk,
        "in_force": in_force,
        "may_record": may_record,
        "record_refused": record_refused,
        "takes_criteria": rules_of(version) is None and bool(kinds_of(version.document.code)),
        "criteria": criteria_at(version, moment),
        "kinds": kinds_of(version.document.code),
    }


def _set_or_not(spec: ParameterSpec, held: dict[str, Any] | None) -> tuple[object, ...]:
    if held is None:
        return (spec.default or "", "default reading" if spec.is_reading else "not set", "", "", "")
    return (held["value"], "set", held["source"], held["approver"], held["effective_from"])
