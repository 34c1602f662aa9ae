"""The DMCs of a phase: which are tested, which were de-selected and came back, and proposing that one be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Count, QuerySet
from django.http import HttpResponseBase
from django.shortcuts import render

from issues.models import TestingIssue
from svtad.devices.models import DeviceModelCombination
from svtad.gates import actions
from svtad.gates.policies import check_can_propose
from svtad.gates.queries.deselections import Standing, standing_for
from svtad.gates.views.phase import visible_scope
from svtad.governance.models import Matter
from svtad.lib.clock import now
from svtad.lib.errors import InvalidInput
from svtad.parties.policies import allowed, require
from svtad.parties.views.lists import csv_response
from svtad.parties.views.pages import PageRequest, carried_out, done, moment_of, page
from svtad.rulebook.procedures.wording import outcome_words
from svtad.rulebook.vocabulary import DmcState
from testphases.models import PlannedTest, TestScope


class DeselectForm(forms.Form):
    """Which DMC, on which ground of 13.5."""

    dmc = forms.ModelChoiceField(
        DeviceModelCombination.objects.none(), label="DMC", to_field_name="public_id", empty_label="Choose"
    )
    issue = forms.CharField(
        label="Testing Issue",
        max_length=40,
        required=False,
        help_text="Whose resolution requires action in respect of the DMC (13.5(a)). Empty: it cannot be obtained "
        "(13.5(b)).",
    )
    rationale = forms.CharField(
        label="Reasons",
        widget=forms.Textarea,
        required=False,
        help_text="TAG reads what you redact for it when it is consulted, and not this.",
    )

    def __init__(self, *args: Any, dmcs: QuerySet[DeviceModelCombination], **kwargs: Any) -> None:
        """Offer the DMCs on which tests of the phase are planned."""
        super().__init__(*args, **kwargs)
        field = self.fields["dmc"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = dmcs


@dataclass(frozen=True)
class Row:
    """A DMC of the phase, the tests planned on it, and how it stands."""

    dmc: DeviceModelCombination
    planned: int
    standing: Standing | None
    matter: Matter | None

    @property
    def words(self) -> str:
        """Say how it stands."""
        if self.standing is None or (self.standing.state is DmcState.SELECTED and not self.standing.is_open):
            return "Selected"
        if self.standing.referral_open:
            return (
                "Referred: out while the Secretary of State says to stop" if self.out else "Referred: counts meanwhile"
            )
        if self.standing.is_open:
            return f"Selected; {outcome_words(self.standing.matter_state)}"
        return {DmcState.DESELECTED: "De-selected", DmcState.REINSTATED: "Reinstated"}[self.standing.state]

    @property
    def out(self) -> bool:
        """Whether its tests are out of the criteria."""
        return self.standing is not None and not self.standing.counts


@page("GET", "POST")
def dmcs(request: PageRequest, public_id: str) -> HttpResponseBase:
    """List the DMCs of a phase, now or as at a past moment; propose to de-select one; `?as=csv` sends the list."""
    require(request.actor, "see_all_phases", what="see which DMCs of a phase are de-selected")
    scope = visible_scope(request, public_id)
    moment = moment_of(request) if request.method == "GET" else None
    offered = _tested(scope)
    form = DeselectForm(request.POST if request.method == "POST" else None, dmcs=offered)
    if request.method == "POST":
        made = carried_out(
            form,
            lambda: actions.propose_deselection(
                scope=scope,
                dmc=form.cleaned_data["dmc"],
                issue=_issue(request, form.cleaned_data["issue"]),
                rationale=form.cleaned_data["rationale"],
                by=request.actor,
            ),
        )
        if made is not None:
            return done(request, f"{made.matter.reference} is open.", "governance:matter", made.matter.public_id)
    standing = standing_for(request.actor, scope, moment=moment or now())
    seen = {
        matter.pk: matter
        for matter in Matter.objects.visible_to(request.actor).filter(
            pk__in=[each.deselection.matter_id for each in standing.values()]
        )
    }
    planned = dict(
        PlannedTest.objects.filter(scope=scope, dmc__isnull=False)
        .order_by()
        .values_list("dmc")
        .annotate(count=Count("pk"))
        .values_list("dmc", "count")
    )
    rows = [_row(each, planned.get(each.pk, 0), standing.get(each.pk), seen) for each in offered]
    if request.GET.get("as") == "csv":
        head = ("DMC", "Name", "Planned tests", "Stands", "In the criteria", "Matter")
        return csv_response(
            "dmcs-of-the-phase.csv",
            head,
            (
                (
                    row.dmc.reference,
                    row.dmc.name,
                    row.planned,
                    row.words,
                    not row.out,
                    row.matter.reference if row.matter else "",
                )
                for row in rows
            ),
        )
    may, refused = allowed(
        check_can_propose, request.actor, scope, clause="SVTAD 13.5", what="propose to de-select a DMC"
    )
    context = {
        "title": f"{scope.name}: DMCs",
        "scope": scope,
        "release": scope.release,
        "rows": rows,
        "out": sum(row.out for row in rows),
        "form": form,
        "may_propose": may and scope.kind == "SIT" and moment is None,
        "refused": refused,
        "as_at": moment,
        "can_look_back": True,
        "synthetic": scope.is_synthetic,
    }
    return render(request, "gates/dmcs.html", context, status=400 if form.errors else 200)


def _tested(scope: TestScope) -> QuerySet[DeviceModelCombination]:
    """Return the DMCs on which tests of the phase are planned."""
    planned = PlannedTest.objects.filter(scope=scope, dmc__isnull=False)
    found: QuerySet[DeviceModelCombination] = DeviceModelCombination.objects.filter(pk__in=planned.values("dmc"))
    return found.order_by("reference")


def _row(dmc: DeviceModelCombination, planned: int, standing: Standing | None, seen: dict[int, Matter]) -> Row:
    return Row(dmc, planned, standing, seen.get(standing.deselection.matter_id) if standing else None)


def _issue(request: PageRequest, reference: str) -> TestingIssue | None:
    if not reference.strip():
        return None
    seen = TestingIssue.objects.visible_to(request.actor)
    found: TestingIssue | None = seen.filter(reference__iexact=reference.strip()).first()
    if found is None:
        raise InvalidInput.one("issue", "There is no such Testing Issue among those you may see.")
    return found
