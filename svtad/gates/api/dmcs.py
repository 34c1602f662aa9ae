"""REST: the DMCs of a phase, and proposing that one be de-selected (13.5)."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from issues.models import TestingIssue
from svtad.devices.models import DeviceModelCombination
from svtad.gates import actions
from svtad.gates.queries.deselections import Standing, standing_of
from svtad.governance.models import Matter
from svtad.governance.serializers import MatterDetailSerializer, show_matter_whole
from svtad.lib.clock import now
from svtad.lib.errors import InvalidInput
from svtad.lib.rest import PublicIdField, StrictSerializer, answers, checked, find
from svtad.parties.api import ApiView
from svtad.parties.policies import require
from svtad.rulebook.vocabulary import DmcState
from testphases.models import PlannedTest
from testphases.queries import scopes_for


class PhaseDmcSerializer(serializers.Serializer[Any]):
    """A DMC on which tests of the phase are planned, and how it stands by its last de-selection."""

    id = serializers.CharField()
    reference = serializers.CharField()
    state = serializers.ChoiceField(choices=[state.value for state in DmcState])
    referral_open = serializers.BooleanField(help_text="A Supplier Party referred it to the Secretary of State (13.7).")
    sos_says_stop = serializers.BooleanField()
    counts = serializers.BooleanField(help_text="Whether its planned tests are in the criteria.")
    matter = serializers.CharField(allow_null=True, help_text="The last de-selection's, where the caller may see it.")


class DeselectIn(StrictSerializer):
    """A DMC to de-select: for a Testing Issue (13.5(a)), or, without one, as it cannot be obtained (13.5(b))."""

    dmc = serializers.CharField(max_length=40, help_text="The reference of the DMC.")
    issue = PublicIdField(required=False, allow_null=True, default=None)
    rationale = serializers.CharField(required=False, default="", allow_blank=True, max_length=20_000)


class PhaseDmcs(ApiView):
    """The DMCs of a phase."""

    @extend_schema(
        operation_id="phases_dmcs", tags=["phases"], responses=answers({200: PhaseDmcSerializer(many=True)}, 404)
    )
    def get(self, request: Request, public_id: str) -> Response:
        """List the DMCs on which tests of the phase are planned. For those who see the whole phase."""
        scope = find(scopes_for(self.actor), public_id)
        require(self.actor, "see_all_phases", what="see which DMCs of a phase are de-selected")
        standing = standing_of(scope, moment=now())
        planned = PlannedTest.objects.filter(scope=scope, dmc__isnull=False)
        rows = DeviceModelCombination.objects.filter(pk__in=planned.values("dmc")).order_by("reference")
        matters = [each.deselection.matter_id for each in standing.values()]
        seen = set(Matter.objects.visible_to(self.actor).filter(pk__in=matters).values_list("pk", flat=True))
        return Response([_show(row, standing.get(row.pk), seen) for row in rows])


class Deselections(ApiView):
    """De-selections of a phase's DMCs."""

    @extend_schema(
        operation_id="deselections_propose",
        tags=["decisions"],
        request=DeselectIn,
        responses=answers({201: MatterDetailSerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Propose that a DMC be de-selected: opens the matter of 13.5."""
        scope = find(scopes_for(self.actor), public_id)
        given = checked(DeselectIn, request.data)
        dmc = DeviceModelCombination.objects.visible_to(self.actor).filter(reference=given["dmc"]).first()
        if dmc is None:
            raise InvalidInput.one("dmc", "There is no such DMC among those you may see.")
        issue: TestingIssue | None = None
        if given["issue"]:
            issue = TestingIssue.objects.visible_to(self.actor).filter(public_id=given["issue"]).first()
            if issue is None:
                raise InvalidInput.one("issue", "There is no such Testing Issue among those you may see.")
        made = actions.propose_deselection(
            scope=scope, dmc=dmc, issue=issue, rationale=given["rationale"], by=self.actor
        )
        return Response(show_matter_whole(made.matter, self.actor), status=201)


def _show(dmc: DeviceModelCombination, standing: Standing | None, seen: set[int]) -> dict[str, Any]:
    matter = standing.deselection.matter if standing and standing.deselection.matter_id in seen else None
    return {
        "id": dmc.public_id,
        "reference": dmc.reference,
        "state": standing.state if standing else DmcState.SELECTED,
        "referral_open": standing is not None and standing.referral_open,
        "sos_says_stop": standing is not None and standing.sos_says_stop,
        "counts": standing is None or standing.counts,
        "matter": matter.public_id if matter else None,
    }


urlpatterns = [
    path("phases/<str:public_id>/dmcs", PhaseDmcs.as_view(), name="api-phase-dmcs"),
    path("phases/<str:public_id>/deselections", Deselections.as_view(), name="api-deselections"),
]
