"""REST: the Device Model Combinations that results and planned tests name."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from svtad.devices.models import DeviceModelCombination
from svtad.devices.queries import dmcs_for
from svtad.devices.serializers import DmcSerializer
from svtad.lib.rest import PAGE_PARAMETERS, answers, page_of
from svtad.parties.api import ApiView


class Dmcs(ApiView):
    """Device Model Combinations."""

    @extend_schema(
        operation_id="dmcs_list",
        tags=["devices"],
        parameters=PAGE_PARAMETERS,
        responses=answers({200: page_of(DmcSerializer)}, 404),
    )
    def get(self, request: Request) -> Response:
        """List the DMCs that the caller may see, by reference."""
        return self.pages(dmcs_for(self.actor).order_by("reference"), _show)


def _show(dmc: DeviceModelCombination) -> dict[str, Any]:
    return {
        "id": dmc.public_id,
        "reference": dmc.reference,
        "name": dmc.name,
        "csp_region": dmc.csp_region,
        "synthetic": dmc.is_synthetic,
        "device_models": [
            {
                "id": model.public_id,
                "kind": model.kind,
                "manufacturer": model.manufacturer,
                "model": model.model,
                "hardware_version": model.hardware_version,
                "firmware_version": model.firmware_version,
            }
            for model in dmc.device_models.all()
        ],
    }


urlpatterns = [path("dmcs", Dmcs.as_view(), name="api-dmcs")]
