"""Device Model Combinations and their Device Models."""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, render

from svtad.devices.models import DeviceModelCombination
from svtad.lib.errors import ActionDenied
from svtad.parties.views.lists import csv_response, paged
from svtad.parties.views.pages import PageRequest, page


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
    context = {"title": "Device Model Combinations", "dmcs": paged(request, rows), "text": text}
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
