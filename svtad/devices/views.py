"""Device Model Combinations and their Device Models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Q
from django.forms import Form
from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404, render

from svtad.devices.actions import create_device_model, create_dmc
from svtad.devices.forms import CombinationForm, DeviceModelForm
from svtad.devices.models import DeviceModel, DeviceModelCombination
from svtad.devices.policies import check_can_manage_devices
from svtad.devices.queries import near_duplicates
from svtad.lib.errors import ActionDenied
from svtad.parties.actors import Actor
from svtad.parties.policies import allowed
from svtad.parties.views.lists import csv_response, paged
from svtad.parties.views.pages import PageRequest, carried_out, done, page


def check_can_see_dmcs(request: PageRequest) -> None:
    """Raise ActionDenied for those who see no phase: a DMC in testing tells one Supplier of another's devices."""
    if not (request.actor.may("see_all_phases") or request.actor.may("see_own_phases")):
        raise ActionDenied("", "Device Model Combinations in testing are shown to those who govern or test.")


@page("GET")
def dmcs(request: PageRequest) -> HttpResponseBase:
    """List the DMCs; `?q=` narrows the list, `?as=csv` sends the same as CSV."""
    check_can_see_dmcs(request)
    rows = DeviceModelCombination.objects.order_by("reference").prefetch_related("device_models")
    text = request.GET.get("q", "").strip()
    if text:
        rows = rows.filter(
            Q(reference__icontains=text)
            | Q(name__icontains=text)
            | Q(device_models__manufacturer__icontains=text)
            | Q(device_models__model__icontains=text)
        ).distinct()
    if request.GET.get("as") == "csv":
        return csv_response(
            "dmcs.csv",
            ("DMC", "Name", "CSP region", "Device Models"),
            (
                (each.reference, each.name, each.csp_region, "; ".join(map(str, each.device_models.all())))
                for each in rows
            ),
        )
    context = {
        "title": "Device Model Combinations",
        "dmcs": paged(request, rows),
        "text": text,
        "may_record": allowed(check_can_manage_devices, request.actor)[0],
    }
    return render(request, "devices/dmcs.html", context)


@page("GET")
def dmc(request: PageRequest, public_id: str) -> HttpResponseBase:
    """One DMC: what it is made of, and where it is tested."""
    check_can_see_dmcs(request)
    found = get_object_or_404(DeviceModelCombination, public_id=public_id)
    context = {
        "title": found.reference,
        "dmc": found,
        "models": found.device_models.order_by("kind", "manufacturer", "model"),
        "synthetic": found.is_synthetic,
    }
    return render(request, "devices/dmc.html", context)


@page("GET")
def record(request: PageRequest) -> HttpResponseBase:
    """Offer the forms of a Device Model and of a combination."""
    return _record_page(request)


@page("POST")
def create(request: PageRequest, what: str) -> HttpResponseBase:
    """Record a Device Model or a DMC; show the page again where its form lacks something."""
    if what not in _FORMS:
        raise Http404
    form = _FORMS[what](request.POST, prefix=what)
    said = carried_out(form, lambda: _ACTS[what](form, request.actor))
    if said is None:
        return _record_page(request, tried=(what, form))
    return done(request, said, "devices:record")


def _create_model(form: Form, by: Actor) -> str:
    given = form.cleaned_data
    names = ("kind", "manufacturer", "model", "firmware_version")
    near = [str(each) for each in near_duplicates(**{name: given[name] for name in names})]
    made = create_device_model(**given, by=by)
    warning = f" Its firmware may be another spelling of {', '.join(near)}: both are kept." if near else ""
    return f"{made} is recorded.{warning}"


def _create_dmc(form: Form, by: Actor) -> str:
    made = create_dmc(**form.cleaned_data, by=by)
    return f"{made.reference} is recorded."


_FORMS: dict[str, type[Form]] = {"model": DeviceModelForm, "dmc": CombinationForm}
_ACTS: dict[str, Callable[[Form, Actor], str]] = {"model": _create_model, "dmc": _create_dmc}


def _record_page(request: PageRequest, *, tried: tuple[str, Form] | None = None) -> HttpResponseBase:
    may, refused = allowed(check_can_manage_devices, request.actor)
    context: dict[str, Any] = {
        "title": "Record Device Models and DMCs",
        "refused": "" if may else refused,
        "forms": {what: tried[1] if tried and tried[0] == what else form(prefix=what) for what, form in _FORMS.items()},
        "tried": tried[0] if tried else "",
        "models": DeviceModel.objects.visible_to(request.actor).count(),
    }
    return render(request, "devices/record.html", context, status=400 if tried else 200)
