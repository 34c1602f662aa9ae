"""People and organisations as REST shows them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from svtad.parties.models import OrganisationKind


class OrganisationSerializer(serializers.Serializer[Any]):
    """An organisation. Other resources name it by its code."""

    id = serializers.CharField(source="public_id")
    code = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=OrganisationKind.choices)
    synthetic = serializers.BooleanField(source="is_synthetic")


class MembershipSerializer(serializers.Serializer[Any]):
    """A role that the caller holds in an organisation."""

    organisation = serializers.CharField(source="organisation.code")
    role = serializers.CharField()
    ends_on = serializers.DateField(allow_null=True)


class MeSerializer(serializers.Serializer[Any]):
    """Whom the token or session stands for, and what they may do now."""

    id = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=["PERSON", "API_CLIENT"])
    permissions = serializers.ListField(child=serializers.CharField())
    memberships = MembershipSerializer(many=True)
