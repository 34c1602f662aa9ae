"""The page that lays two moments of a phase side by side."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpResponseBase
from django.shortcuts import render

from svtad.gates.gathering.comparing import Comparison, compare
from svtad.gates.policies import check_can_ask
from svtad.gates.queries import shown_overall
from svtad.gates.views.checklist import STEP_TITLES
from svtad.gates.views.phase import exit_steps, visible_scope
from svtad.governance.forms import MomentInput
from svtad.lib.clock import now
from svtad.lib.errors import Refused
from svtad.parties.views.lists import csv_response
from svtad.parties.views.pages import PageRequest, page
from svtad.rulebook.vocabulary import Step

#: How many rows of one kind a page shows; all of them are a CSV away.
SHOWN = 100


class CompareForm(forms.Form):
    """Two moments, and the step at which both are judged."""

    first = forms.DateTimeField(label="From", widget=MomentInput(), help_text="London time.")
    second = forms.DateTimeField(label="To", widget=MomentInput(), required=False, help_text="When empty: now.")
    step = forms.ChoiceField(label="Judged at", required=False)

    def __init__(self, *args: Any, steps: tuple[Step, ...], **kwargs: Any) -> None:
        """Offer the steps of the phase."""
        super().__init__(*args, **kwargs)
        choices = [(step.value, STEP_TITLES[step]) for step in steps]
        self.fields["step"] = forms.ChoiceField(
            label="Judged at", choices=choices, required=False, initial=choices[-1][0] if choices else None
        )

    def clean(self) -> dict[str, object]:
        """Refuse a moment that has not come, and a first one that is not the first."""
        given: dict[str, dt.datetime | None] = super().clean() or {}
        first, second = given.get("first"), given.get("second")
        for name, moment in (("first", first), ("second", second)):
            if moment is not None and moment > now():
                self.add_error(name, ValidationError("This moment has not come yet."))
        if first is not None and second is not None and second <= first:
            self.add_error("second", ValidationError("This is not later than the first."))
        return dict(given)


@page("GET")
def comparison(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Show what differs between `?first=` and `?second=`; `?as=csv` sends the rows."""
    scope = visible_scope(request, public_id)
    check_can_ask(request.actor)
    steps = (Step.ENTRY, *exit_steps(scope))
    asked = request.GET.copy()
    asked.setdefault("step", steps[-1].value)
    form = CompareForm(asked if "first" in asked else None, steps=steps)
    made: Comparison | None = None
    refusal = ""
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        step = Step(given["step"]) if given["step"] else steps[-1]
        try:
            made = compare(scope, first=given["first"], second=given["second"], step=step)
        except Refused as refused:
            refusal = str(refused)
    if made is not None and request.GET.get("as") == "csv":
        head = ("What", "Which", "Change", "Field", "Before", "After")
        rows = (
            (title, row.reference, row.change, *((each.name, each.before, each.after) if each else ("", "", "")))
            for title, found in made.groups
            for row in found
            for each in (row.altered or (None,))
        )
        return csv_response(f"compared-{scope.kind}.csv".lower(), head, rows)
    context = {
        "title": f"{scope.name}: two moments",
        "scope": scope,
        "release": scope.release,
        "tab": "history",
        "form": form,
        "made": made,
        "refusal": refusal,
        "shown": (shown_overall(made.before.findings), shown_overall(made.after.findings)) if made else None,
        "groups": [(title, rows[:SHOWN], max(0, len(rows) - SHOWN)) for title, rows in made.groups] if made else [],
        "synthetic": scope.is_synthetic,
    }
    return render(request, "gates/compare.html", context, status=400 if form.errors or refusal else 200)
