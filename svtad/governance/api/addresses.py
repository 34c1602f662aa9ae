"""REST: the e-mail addresses of those who are told by clause and are outside the product."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from svtad.governance import actions
from svtad.governance.policies import check_can_see_outbox, check_can_set_notice_address
from svtad.governance.queries.notices import addressable, addresses
from svtad.lib.errors import InvalidInput
from svtad.lib.rest import StrictSerializer, answers, checked
from svtad.parties.api import ApiView


class NoticeAddressSerializer(serializers.Serializer[Any]):
    """Somebody outside the product for whom an address may be set. Without one, notices to them go by hand."""

    recipient = serializers.CharField(help_text="By which key the others name it: SOS, or one that waits for it.")
    name = serializers.CharField()
    email = serializers.CharField(allow_null=True)
    source = serializers.CharField(  # type: ignore[assignment]
        help_text="Who gave the address, and when; empty where none is set."
    )
    valid_from = serializers.DateTimeField(allow_null=True)
    recorded_by = serializers.CharField()


class NoticeAddressIn(StrictSerializer):
    """An address as it is to hold from now on, and where it comes from."""

    recipient = serializers.CharField(max_length=40)
    email = serializers.CharField(max_length=254)
    source = serializers.CharField(max_length=200)  # type: ignore[assignment]


class NoticeAddressEndIn(StrictSerializer):
    """Whose address ends, and who said so."""

    recipient = serializers.CharField(max_length=40)
    source = serializers.CharField(max_length=200)  # type: ignore[assignment]


class NoticeAddresses(ApiView):
    """Addresses outside the product."""

    @extend_schema(
        operation_id="notice_addresses_list",
        tags=["notices"],
        responses=answers({200: NoticeAddressSerializer(many=True)}),
    )
    def get(self, request: Request) -> Response:
        """List those for whom an address may be set, with the one that holds. For those who look after the outbox."""
        check_can_see_outbox(self.actor)
        return Response([_show(each, name) for each, name in addressable().items()])

    @extend_schema(
        operation_id="notice_addresses_set",
        tags=["notices"],
        request=NoticeAddressIn,
        responses=answers({201: NoticeAddressSerializer}, 400, 413, 415),
    )
    def post(self, request: Request) -> Response:
        """Set an address from now on, in place of the one that held; what waits goes to it. For administrators."""
        check_can_set_notice_address(self.actor)
        given = checked(NoticeAddressIn, request.data)
        actions.set_notice_address(**given, by=self.actor)
        return Response(_show(given["recipient"], addressable()[given["recipient"]]), status=201)


class NoticeAddressEnd(ApiView):
    """That an address ends."""

    @extend_schema(
        operation_id="notice_addresses_end",
        tags=["notices"],
        request=NoticeAddressEndIn,
        responses=answers({201: NoticeAddressSerializer}, 400, 413, 415),
    )
    def post(self, request: Request) -> Response:
        """Take an address away: from now on notices to them go by hand. For administrators."""
        check_can_set_notice_address(self.actor)
        given = checked(NoticeAddressEndIn, request.data)
        if given["recipient"] not in addresses():
            raise InvalidInput.one("recipient", "No address is set for this recipient.")
        name = addressable()[given["recipient"]]
        actions.set_notice_address(**given, email="", by=self.actor)
        return Response(_show(given["recipient"], name), status=201)


def _show(recipient: str, name: str) -> dict[str, Any]:
    held = addresses().get(recipient)
    return {
        "recipient": recipient,
        "name": name,
        "email": held.email if held else None,
        "source": held.source if held else "",
        "valid_from": held.valid_from if held else None,
        "recorded_by": held.recorded_by if held else "",
    }


urlpatterns = [
    path("notice-addresses", NoticeAddresses.as_view(), name="api-notice-addresses"),
    path("notice-addresses/end", NoticeAddressEnd.as_view(), name="api-notice-address-end"),
]
